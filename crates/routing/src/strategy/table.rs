//! A table of slots to try a strategy on, without a queue, actors or a clock.

use super::{Candidate, Candidates, JobView, Strategy};
use crate::bits::Bits;
use crate::metrics::Metrics;
use pool_core::message::{JobId, Needs, Offer, Outcome, Report, SlotId};
use std::time::Duration;

/// Slots that a strategy can choose among: for tests and benchmarks of strategies of your own.
///
/// It keeps the figures that candidates show, and does nothing by itself: what a strategy is to know it is told by
/// [`Table::tell`], or by calling its hooks.
///
/// ```
/// use pool_core::message::SlotId;
/// use routing::strategy::{JobView, LeastBusy, Table};
/// use std::time::Duration;
///
/// let mut table = Table::of(&["bash", "bash", "bc"]);
/// table.finished(SlotId(0), Duration::from_millis(40));
/// let mut strategy = LeastBusy::default();
/// table.tell(&mut strategy);
/// assert_eq!(table.pick(&mut strategy, &JobView::plain()), Some(SlotId(1)));
/// ```
#[derive(Debug, Default)]
pub struct Table {
    offers: Vec<Offer>,
    open: Bits,
    metrics: Metrics,
}

impl Table {
    /// Slots of these tools, all of them free.
    #[must_use]
    pub fn of(tools: &[&str]) -> Self {
        let mut table = Self::default();
        for tool in tools {
            table.add(Offer::of(*tool));
        }
        table
    }

    /// One more slot; it is free.
    pub fn add(&mut self, offer: Offer) -> SlotId {
        let slot = super::slot_at(self.offers.len());
        self.metrics.added(slot, offer.clone().into());
        self.offers.push(offer);
        self.open(slot);
        slot
    }

    /// A slot is free.
    pub fn open(&mut self, slot: SlotId) {
        self.open.set(slot.index(), true);
    }

    /// A slot is not free.
    pub fn shut(&mut self, slot: SlotId) {
        self.open.set(slot.index(), false);
    }

    /// A job is on a slot from now on.
    pub fn placed(&mut self, slot: SlotId) {
        self.metrics.placed(slot, Duration::ZERO);
    }

    /// A job that took so long has ended on a slot; if it was [placed](Self::placed), it is in flight no longer.
    pub fn finished(&mut self, slot: SlotId, turn: Duration) {
        let (job, outcome) = (JobId(1), Outcome::Ok);
        self.metrics.left(slot);
        let report = Report { job, work: job, outcome, turn, sent: 0, received: 0, usage: None };
        self.metrics.finished(slot, &report);
    }

    /// What is known of a slot.
    #[must_use]
    pub fn candidate(&self, slot: SlotId) -> Option<Candidate<'_>> {
        self.metrics.candidate(slot)
    }

    /// All slots that are free.
    #[must_use]
    pub const fn candidates(&self) -> Candidates<'_> {
        Candidates::new(&self.open, &self.metrics)
    }

    /// Tells the strategy about every slot, as a dispatcher would.
    pub fn tell(&self, strategy: &mut dyn Strategy) {
        for candidate in self.metrics.slots().filter_map(|slot| self.candidate(slot)) {
            strategy.on_added(&candidate);
            if self.open.contains(candidate.slot.index()) {
                strategy.on_ready(&candidate);
            } else {
                strategy.on_withdrawn(candidate.slot);
            }
        }
    }

    /// What the strategy answers, among the free slots that meet the job's needs; nothing if there is none.
    pub fn pick(&self, strategy: &mut dyn Strategy, job: &JobView<'_>) -> Option<SlotId> {
        let mut fit = Bits::default();
        for slot in self.open.iter().filter(|&slot| self.offers[slot].meets(job.needs)) {
            fit.set(slot, true);
        }
        if fit.is_empty() { None } else { strategy.choose(job, &Candidates::new(&fit, &self.metrics)) }
    }
}

impl JobView<'static> {
    /// A first attempt at a job that anybody may take, without a key or a session.
    #[must_use]
    pub const fn plain() -> Self {
        let (id, needs, waited) = (JobId(1), &Needs::Anything, Duration::ZERO);
        Self { id, key: None, session: None, needs, priority: 0, attempt: 1, waited }
    }
}
