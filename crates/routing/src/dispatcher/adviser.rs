//! The strategy behind a wall: whatever it does, the dispatcher goes on.

use super::{Considered, Why};
use crate::strategy::{Candidates, JobView, Misbehaviour, RoundRobin, Strategy};
use pool_core::message::SlotId;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Asks a strategy. One that panics is dismissed, since nobody knows what it left behind, and the rest goes in turn.
pub(super) struct Adviser {
    name: String,
    /// Absent once dismissed.
    strategy: Option<Box<dyn Strategy>>,
    in_turn: RoundRobin,
}

impl Adviser {
    pub(super) fn new(strategy: Box<dyn Strategy>) -> Self {
        Self { name: strategy.name().to_owned(), strategy: Some(strategy), in_turn: RoundRobin::default() }
    }

    /// The name of the strategy, also when it has been dismissed.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// One of the candidates, of which there is at least one.
    pub(super) fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<(SlotId, Why)> {
        let wrong = match self.tell(|strategy| strategy.choose(job, candidates)) {
            Some(Some(slot)) if candidates.contains(slot) => return Some((slot, Why::Chosen)),
            Some(Some(slot)) => Misbehaviour::ChoseNoCandidate(slot),
            Some(None) => Misbehaviour::ChoseNobody,
            None => {
                let slot = self.in_turn.choose(job, candidates)?;
                return Some((slot, Why::Fallback(Misbehaviour::Panicked)));
            }
        };
        let first = candidates.first_from(SlotId(0))?;
        Some((first, Why::Fallback(wrong)))
    }

    /// What it thinks of each candidate. Asked before the choice, which may change its mind.
    pub(super) fn scores(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Vec<Considered> {
        let score = |strategy: &mut dyn Strategy| {
            let scored = candidates
                .iter()
                .map(|candidate| Considered { slot: candidate.slot, score: strategy.score(job, &candidate) });
            scored.collect()
        };
        self.tell(score).unwrap_or_default()
    }

    /// Calls the strategy, if it has not been dismissed. The answer is absent if it panics.
    pub(super) fn tell<T>(&mut self, call: impl FnOnce(&mut dyn Strategy) -> T) -> Option<T> {
        let strategy = self.strategy.as_deref_mut()?;
        if let Ok(answer) = catch_unwind(AssertUnwindSafe(|| call(strategy))) {
            return Some(answer);
        }
        let dismissed = self.strategy.take();
        // Dropping what is broken may panic once more, and is no reason to stop either.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(dismissed)));
        None
    }
}
