//! A strategy that looks over the router's shoulder: one credit carries one job.

use crate::trace::Trace;
use pool_core::message::{JobId, Report, SlotId};
use routing::strategy::{Candidate, Candidates, JobView, Strategy};
use std::collections::BTreeMap;

/// Asks another strategy, and counts.
pub(crate) struct Counted {
    pub(crate) inner: Box<dyn Strategy>,
    pub(crate) trace: Trace,
    pub(crate) running: BTreeMap<SlotId, JobId>,
}

impl Strategy for Counted {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        self.inner.choose(job, candidates)
    }

    fn on_added(&mut self, slot: &Candidate<'_>) {
        self.inner.on_added(slot);
    }

    fn on_ready(&mut self, slot: &Candidate<'_>) {
        self.inner.on_ready(slot);
    }

    fn on_withdrawn(&mut self, slot: SlotId) {
        self.inner.on_withdrawn(slot);
    }

    fn on_taken(&mut self, slot: SlotId, job: &JobView<'_>) {
        // One that has come back undelivered may be placed on the same slot again.
        self.running.retain(|_, other| *other != job.id);
        // One that came back undelivered waits, or was taken back since: no tool has heard of it.
        let first = self.running.insert(slot, job.id);
        if first.is_some_and(|first| self.trace.inner().is_heard(first)) {
            self.trace.violation(format!("slot {slot} got a second job while the first one runs"));
        }
        self.inner.on_taken(slot, job);
    }

    fn on_finished(&mut self, slot: SlotId, report: &Report) {
        if self.running.get(&slot) == Some(&report.job) {
            self.running.remove(&slot);
        }
        self.inner.on_finished(slot, report);
    }

    fn on_gone(&mut self, slot: SlotId) {
        self.running.remove(&slot);
        self.inner.on_gone(slot);
    }

    fn on_removed(&mut self, slot: SlotId) {
        self.running.remove(&slot);
        self.inner.on_removed(slot);
    }
}
