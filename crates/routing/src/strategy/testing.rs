//! A table of slots to try strategies on.

use super::{Candidates, JobView, Strategy};
use crate::bits::Bits;
use crate::metrics::Metrics;
use pool_core::message::{JobId, Needs, Offer, Outcome, Report, SlotId};
use std::time::Duration;

/// A job that anybody may take.
pub(super) const fn job() -> JobView<'static> {
    JobView {
        id: JobId(1),
        key: None,
        session: None,
        needs: &Needs::Anything,
        priority: 0,
        attempt: 1,
        waited: Duration::ZERO,
    }
}

/// Slots, all of them free at first.
pub(super) struct Bench {
    pub(super) offers: Vec<Offer>,
    open: Bits,
    metrics: Metrics,
}

impl Bench {
    pub(super) fn of(tools: &[&'static str]) -> Self {
        let mut bench = Self { offers: Vec::new(), open: Bits::default(), metrics: Metrics::default() };
        tools.iter().for_each(|tool| bench.add(Offer::of(*tool)));
        bench
    }

    pub(super) fn add(&mut self, offer: Offer) {
        let slot = u32::try_from(self.offers.len()).unwrap();
        self.metrics.added(SlotId(slot), offer.clone().into());
        self.offers.push(offer);
        self.open(slot);
    }

    pub(super) fn open(&mut self, slot: u32) {
        self.open.set(slot as usize, true);
    }

    pub(super) fn shut(&mut self, slot: u32) {
        self.open.set(slot as usize, false);
    }

    /// A job that stays on the slot.
    pub(super) fn place(&mut self, slot: u32) {
        self.metrics.placed(SlotId(slot), Duration::ZERO);
    }

    /// A job that has ended.
    pub(super) fn work(&mut self, slot: u32, millis: u64) {
        let turn = Duration::from_millis(millis);
        let report = Report {
            job: JobId(1),
            work: JobId(1),
            outcome: Outcome::Ok,
            turn,
            sent: 0,
            received: 0,
            usage: None,
        };
        self.metrics.finished(SlotId(slot), &report);
    }

    /// Tells the strategy about every slot, as the dispatcher would.
    pub(super) fn tell(&self, strategy: &mut dyn Strategy) {
        for slot in self.metrics.slots() {
            let candidate = self.metrics.candidate(slot).unwrap();
            strategy.on_added(&candidate);
            if self.open.contains(slot.index()) {
                strategy.on_ready(&candidate);
            } else {
                strategy.on_withdrawn(slot);
            }
        }
    }

    /// Tells the strategy about every free slot.
    pub(super) fn ready(&self, strategy: &mut dyn Strategy) {
        self.open.iter().for_each(|slot| self.ready_one(strategy, u32::try_from(slot).unwrap()));
    }

    /// Tells the strategy that a slot is free.
    pub(super) fn ready_one(&self, strategy: &mut dyn Strategy, slot: u32) {
        strategy.on_ready(&self.metrics.candidate(SlotId(slot)).unwrap());
    }

    /// Tells the strategy that a slot exists.
    pub(super) fn announce(&self, strategy: &mut dyn Strategy, slot: u32) {
        strategy.on_added(&self.metrics.candidate(SlotId(slot)).unwrap());
    }

    /// What the strategy answers, among the free slots that meet the job's needs.
    pub(super) fn pick(&self, strategy: &mut dyn Strategy, job: &JobView<'_>) -> Option<u32> {
        let mut fit = Bits::default();
        for slot in self.open.iter().filter(|&slot| self.offers[slot].meets(job.needs)) {
            fit.set(slot, true);
        }
        let slot = strategy.choose(job, &Candidates::new(&fit, &self.metrics))?;
        assert!(fit.contains(slot.index()), "slot {slot} is no candidate");
        Some(slot.0)
    }
}
