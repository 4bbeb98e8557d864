//! Jobs go out: which is next, and where to.

use super::lane::{Entry, Order};
use super::sessions::{Context, Sid};
use super::slots::{Leftover, Run};
use super::{Considered, Decision, Dispatcher, Explanation, Placement, Queued, Token, Why};
use crate::strategy::Candidates;
use pool_core::message::{Generation, SlotId};
use std::time::Instant;

/// Where a job is to go.
pub(super) struct Choice {
    slot: SlotId,
    why: Why,
    /// How many slots there were to choose from.
    among: usize,
    /// Filled while placements are being explained.
    considered: Vec<Considered>,
}

impl<J: Queued, C: Token> Dispatcher<J, C> {
    /// The next job that can be placed, with its credit; `None` until something else happens. Cancelled jobs that are
    /// met are dropped.
    pub fn poll(&mut self, now: Instant) -> Option<Placement<J, C>> {
        self.poll_session(now).or_else(|| self.poll_general(now))
    }

    /// Those whose session lives on a slot first. They take nothing from the others: nobody else may go there.
    fn poll_session(&mut self, now: Instant) -> Option<Placement<J, C>> {
        while let Some(slot) = self.ripe.pop_front() {
            let Some(known) = self.slots.get_mut(slot) else { continue };
            known.ripe = false;
            while let Some(entry) = self.slots.get_mut(slot)?.pop_payable() {
                if entry.job.is_cancelled() {
                    self.discard(entry, now);
                } else if let Some(credit) = self.slots.get_mut(slot)?.take_credit() {
                    return Some(self.place(entry, credit, Why::Session, 1, now));
                }
            }
        }
        None
    }

    fn poll_general(&mut self, now: Instant) -> Option<Placement<J, C>> {
        loop {
            let (kind, order) = self.kinds.soonest(self.spec.patience, now)?;
            if self.kinds[kind].lane.get(order)?.job.is_cancelled() {
                let entry = self.kinds[kind].lane.take(order)?;
                self.discard_opener(entry, now);
                continue;
            }
            let Choice { slot, why, among, considered } = self.choose_elsewhere(kind, order, now)?;
            let credit = self.slots.get_mut(slot)?.take_credit()?;
            let entry = self.kinds[kind].lane.take(order)?;
            let mut placement = self.place(entry, credit, why, among, now);
            if let Some(explanation) = &mut placement.explanation {
                explanation.considered = considered;
            }
            return Some(placement);
        }
    }

    /// Asks the strategy where a job is to go.
    pub(super) fn choose(&mut self, kind: usize, order: Order, now: Instant) -> Option<Choice> {
        let kind = &self.kinds[kind];
        let view = kind.lane.get(order)?.job.view(now);
        let candidates = Candidates::new(&kind.open, &self.metrics);
        let considered = if self.explaining { self.adviser.scores(&view, &candidates) } else { Vec::new() };
        let (slot, why) = self.adviser.choose(&view, &candidates)?;
        if let Why::Fallback(misbehaviour) = why {
            self.metrics.misbehaved(misbehaviour);
        }
        Some(Choice { slot, why, among: kind.open.len(), considered })
    }

    fn place(
        &mut self,
        entry: Entry<J>,
        credit: C,
        why: Why,
        candidates: usize,
        now: Instant,
    ) -> Placement<J, C> {
        let (slot, generation) = (credit.slot(), credit.generation());
        let view = entry.job.view(now);
        let (job, waited) = (view.id, view.waited);
        self.adviser.tell(|strategy| strategy.on_taken(slot, &view));
        self.metrics.placed(slot, waited);
        self.queued -= 1;
        let session = entry.session.map(|sid| (sid, self.converse(sid, slot, generation, now)));
        let before = session.map_or(Context::Fresh, |(_, before)| before);
        let reset_first =
            before != Context::Lives(generation) && self.has_strangers_words(slot, entry.session);
        if let Some(known) = self.slots.get_mut(slot) {
            if reset_first {
                known.leftover = Leftover::None;
            }
            known.running.push(Run { job, generation, session, reset_first });
        }
        self.refresh(slot);
        self.ripen(slot);
        let decision = Decision { job, slot, generation, why, candidates, waited };
        Placement {
            job: entry.job,
            credit,
            decision,
            explanation: self.explaining.then(|| {
                let strategy = self.adviser.name().to_owned();
                Box::new(Explanation { decision, strategy, considered: Vec::new() })
            }),
            context_lost: before.is_lost_in(generation),
            reset_first,
        }
    }

    /// Whether an ended conversation is still in the tool, and none that another session goes on with.
    fn has_strangers_words(&self, slot: SlotId, session: Option<Sid>) -> bool {
        let Some(known) = self.slots.get(slot) else { return false };
        let mut others = known.sessions.iter().filter(|&&sid| Some(sid) != session);
        let goes_on = |&sid: &Sid| {
            self.sessions.get(sid).is_some_and(|other| other.context == Context::Lives(known.generation))
        };
        known.leftover == Leftover::Conversation && !others.any(goes_on)
    }

    /// The session has a job on this life of the slot; the answer is what was left of its conversation before.
    fn converse(&mut self, sid: Sid, slot: SlotId, generation: Generation, now: Instant) -> Context {
        let Some(session) = self.sessions.get_mut(sid) else { return Context::Fresh };
        let before = std::mem::replace(&mut session.context, Context::Lives(generation));
        if session.slot.is_none() {
            self.settle(sid, slot, now);
        }
        before
    }
}
