//! Kinds of jobs by what may run them: any tool, or a certain one. Each kind has a lane and the set of its slots.

use super::PushError;
use super::lane::Lane;
use crate::bits::Bits;
use pool_core::message::SlotId;
use std::sync::Arc;
use std::time::Instant;

/// The kind of jobs that any tool may run.
pub(super) const ANY: usize = 0;

/// Jobs without a slot of their own that need the same tool, or none.
#[derive(Debug)]
pub(super) struct Kind<J> {
    /// The tool; empty for [`ANY`].
    pub(super) tool: Arc<str>,
    pub(super) lane: Lane<J>,
    /// The slots that run it and have not gone for ever.
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
    /// No slot of this tool has been heard of; its jobs are refused then.
    Until(Instant),
    /// All its slots have gone for ever.
    Failed(Arc<str>),
}

/// All kinds; [`ANY`] is always there.
#[derive(Debug)]
pub(super) struct Kinds<J>(Vec<Kind<J>>);

impl<J> Default for Kinds<J> {
    fn default() -> Self {
        Self(vec![Kind::new("".into(), Prospect::Good)])
    }
}

impl<J> Kind<J> {
    fn new(tool: Arc<str>, prospect: Prospect) -> Self {
        Self {
            tool,
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
        self.slots.is_empty() && self.lane.is_empty() && !matches!(self.prospect, Prospect::Failed(_))
    }
}

impl<J> Kinds<J> {
    /// The kind of jobs for `tool`. An unknown one is taken in and has until `until` to appear.
    pub(super) fn of_job(&mut self, tool: Option<&str>, until: Instant) -> Result<usize, PushError> {
        let Some(tool) = tool else {
            return self.hopeful(ANY);
        };
        if let Some(kind) = self.find(tool) {
            if self.0[kind].is_vacant() {
                self.0[kind].prospect = Prospect::Until(until);
            }
            return self.hopeful(kind);
        }
        Ok(self.insert(Kind::new(tool.into(), Prospect::Until(until))))
    }

    /// The kind of jobs for a tool that exists.
    pub(super) fn of_slot(&mut self, tool: &Arc<str>) -> usize {
        let kind = self.find(tool).unwrap_or_else(|| self.insert(Kind::new(tool.clone(), Prospect::Good)));
        self.0[kind].prospect = Prospect::Good;
        self.0[ANY].prospect = Prospect::Good;
        kind
    }

    pub(super) fn find(&self, tool: &str) -> Option<usize> {
        let known = self.0.iter().skip(1).position(|kind| &*kind.tool == tool)?;
        Some(known + 1)
    }

    /// Notes whether `slot` exists, may take general jobs, and can take one now, for its tool and for [`ANY`]. True if
    /// it was a candidate before.
    pub(super) fn note(
        &mut self,
        slot: SlotId,
        kind: usize,
        exists: bool,
        general: bool,
        open: bool,
    ) -> bool {
        let mut was_open = false;
        for kind in [ANY, kind] {
            let kind = &mut self.0[kind];
            kind.slots.set(slot.index(), exists);
            kind.general.set(slot.index(), general);
            was_open = kind.open.set(slot.index(), open) != open;
        }
        was_open
    }

    /// The tools that have slots, for people.
    pub(super) fn present(&self) -> String {
        let present = self.0.iter().skip(1).filter(|kind| !kind.slots.is_empty());
        let names: Vec<_> = present.map(|kind| &*kind.tool).collect();
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
                Err(PushError::Failed { tool: self.0[kind].tool.clone(), reason: reason.clone() })
            }
            Prospect::Good | Prospect::Until(_) => Ok(kind),
        }
    }

    /// Puts it where one of an unknown tool has been given up, so that misspelt names do not pile up.
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
