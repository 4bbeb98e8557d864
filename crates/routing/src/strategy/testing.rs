//! A [`Table`] in few words, for the tests of this crate's strategies: slots are plain numbers.

use super::{JobView, Strategy, Table};
use pool_core::message::{Offer, SlotId};
use std::time::Duration;

/// A job that anybody may take.
pub(super) const fn job() -> JobView<'static> {
    JobView::plain()
}

/// Slots, all of them free at first.
pub(super) struct Bench(Table);

impl Bench {
    pub(super) fn of(tools: &[&str]) -> Self {
        Self(Table::of(tools))
    }

    pub(super) fn add(&mut self, offer: Offer) {
        self.0.add(offer);
    }

    pub(super) fn open(&mut self, slot: u32) {
        self.0.open(SlotId(slot));
    }

    pub(super) fn shut(&mut self, slot: u32) {
        self.0.shut(SlotId(slot));
    }

    /// A job that stays on the slot.
    pub(super) fn place(&mut self, slot: u32) {
        self.0.placed(SlotId(slot));
    }

    /// A job that has ended.
    pub(super) fn work(&mut self, slot: u32, millis: u64) {
        self.0.finished(SlotId(slot), Duration::from_millis(millis));
    }

    /// Tells the strategy about every slot, as the dispatcher would.
    pub(super) fn tell(&self, strategy: &mut dyn Strategy) {
        self.0.tell(strategy);
    }

    /// Tells the strategy about every free slot.
    pub(super) fn ready(&self, strategy: &mut dyn Strategy) {
        self.0.candidates().iter().for_each(|slot| strategy.on_ready(&slot));
    }

    /// Tells the strategy that a slot is free.
    pub(super) fn ready_one(&self, strategy: &mut dyn Strategy, slot: u32) {
        strategy.on_ready(&self.0.candidate(SlotId(slot)).unwrap());
    }

    /// Tells the strategy that a slot exists.
    pub(super) fn announce(&self, strategy: &mut dyn Strategy, slot: u32) {
        strategy.on_added(&self.0.candidate(SlotId(slot)).unwrap());
    }

    /// What the strategy answers.
    pub(super) fn pick(&self, strategy: &mut dyn Strategy, job: &JobView<'_>) -> Option<u32> {
        let slot = self.0.pick(strategy, job)?;
        assert!(self.0.candidates().contains(slot), "slot {slot} is no candidate");
        Some(slot.0)
    }
}
