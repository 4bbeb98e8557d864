//! The jobs of a batch that runs, for those who look at it from outside.

use super::protocol::Outcomes;
use crate::batch::ResultRecord;
use crate::batch::plan::JobInfo;
use pool_core::message::{Outcome, Remote, Stage};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The jobs that are with the pool, and how many have ended how. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Roster(Arc<Mutex<Listed>>);

#[derive(Debug, Default)]
struct Listed {
    /// By their place in the list.
    under_way: HashMap<u64, (String, Remote)>,
    ended: BTreeMap<Outcome, u64>,
}

impl Roster {
    /// A job goes to the pool.
    pub(crate) fn begin(&self, info: &JobInfo, remote: Remote) {
        self.listed().under_way.insert(info.index, (info.id.clone(), remote));
    }

    /// It has ended.
    pub(crate) fn end(&self, record: &ResultRecord) {
        let mut listed = self.listed();
        listed.under_way.remove(&record.index);
        *listed.ended.entry(record.outcome).or_default() += 1;
    }

    /// The way to a job that is with the pool: by its id in the list, or its number from 1.
    pub(super) fn find(&self, job: &str) -> Option<Remote> {
        let listed = self.listed();
        let by_id = listed.under_way.values().find(|(id, _)| id == job).map(|(_, remote)| remote.clone());
        by_id.or_else(|| {
            let place = job.parse::<u64>().ok()?.checked_sub(1)?;
            listed.under_way.get(&place).map(|(_, remote)| remote.clone())
        })
    }

    pub(super) fn counts(&self) -> Outcomes {
        let listed = self.listed();
        let queued = listed.under_way.values().filter(|(_, remote)| remote.stage() == Stage::Queued).count();
        let working = listed.under_way.len() - queued;
        Outcomes { queued: queued as u64, working: working as u64, ended: listed.ended.clone() }
    }

    /// The ids of the jobs that instances have.
    pub(super) fn names(&self) -> BTreeMap<u64, String> {
        let listed = self.listed();
        let placed = listed.under_way.values().filter(|(_, remote)| remote.place().is_some());
        placed.map(|(id, remote)| (remote.job().0, id.clone())).collect()
    }

    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
