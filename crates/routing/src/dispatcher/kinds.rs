//! Kinds of jobs by what may run them: any tool, a certain one, or those with a capability. Each kind has a lane and the
//! set of its slots; a slot belongs to several kinds.

use super::PushError;
use super::lane::Lane;
use crate::bits::Bits;
use pool_core::message::{Needs, Offer, SlotId};
use std::sync::Arc;
use std::time::Instant;

/// The kind of jobs that any tool may run.
pub(super) const ANY: usize = 0;

/// Jobs without a slot of their own that need the same.
#[derive(Debug)]
pub(super) struct Kind<J> {
    pub(super) needs: Needs,
    pub(super) lane: Lane<J>,
    /// The slots that meet it and have not gone for ever.
    pub(super) slots: Bits,
    /// Those of them that no session reserves.
    pub(super) general: Bits,
    /// Those of them that hold a credit: the candidates.
    pub(super) open: Bits,
    pub(super) prospect: Prospect,
}

/// Whether jobs of a kind can hope.
#[derive(Debug, Clone)]
pub(super) enum Prospect {
    /// There are slots, or none have been heard of yet.
    Good,
    /// No slot that meets it has been heard of; its jobs are refused then.
    Until(Instant),
    /// All its slots have gone for ever.
    Failed(Arc<str>),
}

/// All kinds; [`ANY`] is always there.
#[derive(Debug)]
pub(super) struct Kinds<J>(Vec<Kind<J>>);

impl<J> Default for Kinds<J> {
    fn default() -> Self {
        Self(vec![Kind::new(Needs::Anything, Prospect::Good)])
    }
}

impl<J> Kind<J> {
    fn new(needs: Needs, prospect: Prospect) -> Self {
        Self {
            needs,
            lane: Lane::default(),
            slots: Bits::default(),
            general: Bits::default(),
            open: Bits::default(),
            prospect,
        }
    }

    /// Whether its jobs wait although there are slots, because sessions reserve them all.
    pub(super) fn is_starved(&self) -> bool {
        self.general.is_empty() && !self.slots.is_empty() && !self.lane.is_empty()
    }

    /// Whether nothing would be lost with it.
    fn is_vacant(&self) -> bool {
        self.slots.is_empty() && self.lane.is_empty() && matches!(self.prospect, Prospect::Until(_))
    }
}

impl<J> Kinds<J> {
    /// The kind of jobs that need this. One that nobody meets is taken in and has until `until` to be met.
    pub(super) fn of_job(&mut self, needs: &Needs, until: Instant) -> Result<usize, PushError> {
        if let Some(kind) = self.find(needs) {
            if kind != ANY && self.0[kind].is_vacant() {
                self.0[kind].prospect = Prospect::Until(until);
            }
            return self.hopeful(kind);
        }
        Ok(self.find_or_add(needs, until))
    }

    /// The kinds of jobs that a slot can take, [`ANY`] first, then that of its tool.
    pub(super) fn of_slot(&mut self, offer: &Offer) -> Box<[usize]> {
        let mut kinds = vec![ANY];
        for needs in offer.met() {
            let known = self.find(&needs);
            let kind = known.unwrap_or_else(|| self.insert(Kind::new(needs, Prospect::Good)));
            // At once, or its place would be taken for a vacant one.
            self.0[kind].prospect = Prospect::Good;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        self.0[ANY].prospect = Prospect::Good;
        kinds.into()
    }

    /// The kind of jobs that need this; a new one has until `until` to be met.
    pub(super) fn find_or_add(&mut self, needs: &Needs, until: Instant) -> usize {
        let known = self.find(needs);
        known.unwrap_or_else(|| self.insert(Kind::new(needs.clone(), Prospect::Until(until))))
    }

    pub(super) fn find(&self, needs: &Needs) -> Option<usize> {
        self.0.iter().position(|kind| kind.needs == *needs)
    }

    /// Notes whether `slot`, which is of these kinds, exists, may take general jobs, and can take one now. True if it
    /// was a candidate before.
    pub(super) fn note(
        &mut self,
        slot: SlotId,
        kinds: &[usize],
        exists: bool,
        general: bool,
        open: bool,
    ) -> bool {
        let mut was_open = false;
        for &kind in kinds {
            let kind = &mut self.0[kind];
            kind.slots.set(slot.index(), exists);
            kind.general.set(slot.index(), general);
            was_open = kind.open.set(slot.index(), open) != open;
        }
        was_open
    }

    /// What could be had instead of what this kind needs: the tools that have slots, or the capabilities.
    pub(super) fn present(&self, kind: usize) -> String {
        let alike = std::mem::discriminant(&self.0[kind].needs);
        let present = self.0.iter().filter(|kind| !kind.slots.is_empty());
        let names = present.filter(|kind| std::mem::discriminant(&kind.needs) == alike);
        let names: Vec<_> = names.filter_map(|kind| name(&kind.needs)).map(|name| &**name).collect();
        names.join(", ")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Kind<J>)> {
        self.0.iter().enumerate()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Kind<J>> {
        self.0.iter_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn hopeful(&self, kind: usize) -> Result<usize, PushError> {
        match &self.0[kind].prospect {
            Prospect::Failed(reason) => {
                Err(PushError::Failed { needs: self.0[kind].needs.clone(), reason: reason.clone() })
            }
            Prospect::Good | Prospect::Until(_) => Ok(kind),
        }
    }

    /// Puts it where one that nobody met has been given up, so that misspelt names do not pile up.
    fn insert(&mut self, kind: Kind<J>) -> usize {
        let vacant = self.0.iter().skip(1).position(Kind::is_vacant).map(|at| at + 1);
        let at = vacant.unwrap_or(self.0.len());
        match self.0.get_mut(at) {
            Some(place) => *place = kind,
            None => self.0.push(kind),
        }
        at
    }
}

const fn name(needs: &Needs) -> Option<&Arc<str>> {
    match needs {
        Needs::Anything => None,
        Needs::Tool(name) | Needs::Capability(name) => Some(name),
    }
}

impl<J> std::ops::Index<usize> for Kinds<J> {
    type Output = Kind<J>;

    fn index(&self, kind: usize) -> &Kind<J> {
        &self.0[kind]
    }
}

impl<J> std::ops::IndexMut<usize> for Kinds<J> {
    fn index_mut(&mut self, kind: usize) -> &mut Kind<J> {
        &mut self.0[kind]
    }
}
