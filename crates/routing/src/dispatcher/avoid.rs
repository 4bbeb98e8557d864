//! A job whose last attempt failed on a slot goes to another one first.
//!
//! It waits for another one as long as [`RouterSpec::patience`](super::RouterSpec::patience), while those behind it take
//! the slot that it avoids; then any will do. If no other slot is there for jobs of its kind, it does not wait at all.

use super::kinds::{Kind, Kinds};
use super::lane::{Entry, Order};
use super::place::Choice;
use super::{Dispatcher, Queued, Token, later};
use pool_core::message::SlotId;
use std::time::{Duration, Instant};

impl<J: Queued> Kind<J> {
    /// Whether the job may go to one of the slots that are open now.
    fn suits(&self, entry: &Entry<J>, patience: Duration, now: Instant) -> bool {
        !self.is_held_back(entry) || later(entry.job.submitted(), patience) <= now
    }

    /// Whether the job could have the slot that it avoids, and no other one yet.
    fn is_held_back(&self, entry: &Entry<J>) -> bool {
        let avoids_all = |slot: SlotId| self.open.contains(slot.index()) && self.open.len() == 1;
        entry.job.avoids().is_some_and(avoids_all) && self.general.len() > 1
    }

    /// When a job that is held back here takes any slot.
    pub(super) fn patience_ends(&self, patience: Duration) -> Option<Instant> {
        let head = self.lane.head().filter(|head| self.is_held_back(head))?;
        Some(later(head.job.submitted(), patience))
    }
}

impl<J: Queued> Kinds<J> {
    /// The kind and the place of the job that is the soonest of all that could be placed now.
    pub(super) fn soonest(&self, patience: Duration, now: Instant) -> Option<(usize, Order)> {
        let open = self.iter().filter(|(_, kind)| !kind.open.is_empty());
        let heads = open.filter_map(|(at, kind)| {
            let first = kind.lane.first(|entry| kind.suits(entry, patience, now))?;
            Some((first.order, at))
        });
        heads.min_by_key(|&(order, _)| order).map(|(order, at)| (at, order))
    }
}

impl<J: Queued, C: Token> Dispatcher<J, C> {
    /// As [`Self::choose`], with the slot that the job avoids out of sight if there is another one.
    pub(super) fn choose_elsewhere(&mut self, kind: usize, order: Order, now: Instant) -> Option<Choice> {
        let open = &self.kinds[kind].open;
        let avoided = self.kinds[kind].lane.get(order)?.job.avoids();
        let avoided = avoided.filter(|slot| open.len() > 1 && open.contains(slot.index()));
        let Some(avoided) = avoided else { return self.choose(kind, order, now) };
        self.kinds[kind].open.set(avoided.index(), false);
        self.adviser.tell(|strategy| strategy.on_withdrawn(avoided));
        let chosen = self.choose(kind, order, now);
        self.kinds[kind].open.set(avoided.index(), true);
        if let Some(candidate) = self.metrics.candidate(avoided) {
            self.adviser.tell(|strategy| strategy.on_ready(&candidate));
        }
        chosen
    }
}
