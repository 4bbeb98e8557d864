//! A tool that grows without end is replaced between two jobs, before the system has to choose whom to kill.

use super::{Action, Conversation};
use crate::machine::dialect::Dialect;
use crate::message::Event;
use crate::process::look::Seen;
use std::time::{Duration, Instant};

/// To look at a whole tree is to read the process table: not more often than this, however short the jobs are.
const EVERY: Duration = Duration::from_secs(1);

impl<D: Dialect> Conversation<D> {
    /// A job has ended: its tool is looked at, if its memory has a limit. The next job does not wait for that.
    pub(super) fn weigh(&mut self, now: Instant) {
        let is_due = self.weighed.is_none_or(|last| now.saturating_duration_since(last) >= EVERY);
        if self.spec.limits.max_memory.is_some() && is_due && !self.draining {
            self.weighed = Some(now);
            self.actions.push_back(Action::Weigh);
        }
    }

    /// What a look at the tool and all that it started has seen; empty if nothing can be seen.
    pub fn weighed(&mut self, seen: &[Seen]) {
        let memory = seen.iter().map(|process| process.memory).sum();
        let is_too_much = self.spec.limits.max_memory.is_some_and(|limit| memory > limit);
        if is_too_much && !self.is_gone() {
            let (slot, generation) = (self.me.slot, self.me.generation);
            self.tell(Event::Outgrown { slot, generation, memory });
        }
    }
}
