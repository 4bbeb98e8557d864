//! What has happened so far, in bounded memory: a pure fold of what a router sees.
//!
//! [`Metrics`] is fed by the [`Dispatcher`](crate::Dispatcher), and just as well by a router of your own. It holds one
//! [`Figures`] a slot; totals are added up when somebody asks, in a [`Snapshot`], so that a job costs one update.

mod histogram;
mod snapshot;

pub use histogram::Histogram;
pub use snapshot::{FiguresView, SlotView, Snapshot, Times};

use crate::strategy::Misbehaviour;
use pool_core::message::{Offer, Outcome, Report, SlotId, Usage};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The figures of one slot, kept over all its lives.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Jobs that it has now.
    pub in_flight: u32,
    /// Jobs placed there; those that came back undelivered are not counted.
    pub served: u64,
    /// Time spent on jobs that have ended.
    pub busy: Duration,
    /// How many jobs ended in which way.
    pub outcomes: Vec<(Outcome, u64)>,
    /// Lives that have ended; all but the last were followed by a restart.
    pub lives: u64,
    /// Bytes written to the tool.
    pub sent: u64,
    /// Bytes read from the tool.
    pub received: u64,
    /// Tokens and money, as far as its tool has measured them.
    pub usage: Option<Usage>,
    /// From submission to placement.
    pub waits: Histogram,
    /// From the first byte written to the end of the job.
    pub turns: Histogram,
}

/// What became of the jobs. At any time
/// `submitted + returned = placed + queued + rejected + cancelled + failed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Counts {
    /// Handed in.
    pub submitted: u64,
    /// Placed on an instance.
    pub placed: u64,
    /// Came back from an instance undelivered, or turned away by a usage limit.
    pub returned: u64,
    /// Not taken: the queue was full, or no instance could ever take them.
    pub rejected: u64,
    /// Taken back by their callers while they waited.
    pub cancelled: u64,
    /// Waited, until it was clear that they could not run.
    pub failed: u64,
    /// Placed by the dispatcher because the strategy named no slot.
    pub chose_nobody: u64,
    /// Placed by the dispatcher because the strategy named a slot that could not take the job.
    pub chose_no_candidate: u64,
    /// Placed in turn by the dispatcher because the strategy had panicked.
    pub after_panic: u64,
}

/// All figures of a router.
#[derive(Debug, Default)]
pub struct Metrics {
    slots: Vec<Option<Known>>,
    pub(crate) counts: Counts,
}

#[derive(Debug)]
struct Known {
    offer: Arc<Offer>,
    figures: Figures,
}

impl Metrics {
    /// A slot exists. One that was known before keeps its figures.
    pub fn added(&mut self, slot: SlotId, offer: Arc<Offer>) {
        if slot.index() >= self.slots.len() {
            self.slots.resize_with(slot.index() + 1, || None);
        }
        let figures = self.slots[slot.index()].take().map(|known| known.figures).unwrap_or_default();
        self.slots[slot.index()] = Some(Known { offer, figures });
    }

    /// A job was placed on `slot` after it had `waited`.
    pub fn placed(&mut self, slot: SlotId, waited: Duration) {
        self.counts.placed += 1;
        if let Some(figures) = self.figures_mut(slot) {
            figures.in_flight += 1;
            figures.served += 1;
            figures.waits.record(waited);
        }
    }

    /// A job that was placed on `slot` came back undelivered.
    pub fn returned(&mut self, slot: SlotId) {
        self.left(slot);
        if let Some(figures) = self.figures_mut(slot) {
            figures.served = figures.served.saturating_sub(1);
        }
    }

    /// A job is no longer on `slot`, however it ended.
    pub fn left(&mut self, slot: SlotId) {
        if let Some(figures) = self.figures_mut(slot) {
            figures.in_flight = figures.in_flight.saturating_sub(1);
        }
    }

    /// How a job on `slot` ended.
    pub fn finished(&mut self, slot: SlotId, report: &Report) {
        let Some(figures) = self.figures_mut(slot) else { return };
        figures.busy = figures.busy.saturating_add(report.turn);
        figures.sent = figures.sent.saturating_add(report.sent);
        figures.received = figures.received.saturating_add(report.received);
        figures.turns.record(report.turn);
        figures.use_up(report.usage);
        figures.count(report.outcome, 1);
    }

    /// A life of `slot` has ended.
    pub fn gone(&mut self, slot: SlotId) {
        if let Some(figures) = self.figures_mut(slot) {
            figures.lives += 1;
        }
    }

    /// The strategy gave no usable answer.
    pub const fn misbehaved(&mut self, how: Misbehaviour) {
        match how {
            Misbehaviour::ChoseNobody => self.counts.chose_nobody += 1,
            Misbehaviour::ChoseNoCandidate(_) => self.counts.chose_no_candidate += 1,
            Misbehaviour::Panicked => self.counts.after_panic += 1,
        }
    }

    /// What became of the jobs.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The figures of one slot, if it is known.
    #[must_use]
    pub fn figures(&self, slot: SlotId) -> Option<&Figures> {
        Some(self.known(slot)?.1)
    }

    /// What a slot can be had for, and its figures.
    pub(crate) fn known(&self, slot: SlotId) -> Option<(&Arc<Offer>, &Figures)> {
        let known = self.slots.get(slot.index())?.as_ref()?;
        Some((&known.offer, &known.figures))
    }

    /// Every slot that was ever known, in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = SlotId> + '_ {
        let known = self.slots.iter().enumerate().filter(|(_, known)| known.is_some());
        known.filter_map(|(index, _)| u32::try_from(index).ok().map(SlotId))
    }

    fn figures_mut(&mut self, slot: SlotId) -> Option<&mut Figures> {
        Some(&mut self.slots.get_mut(slot.index())?.as_mut()?.figures)
    }
}

impl Figures {
    /// Adds what another slot has counted.
    pub fn merge(&mut self, other: &Self) {
        self.in_flight += other.in_flight;
        self.served += other.served;
        self.busy = self.busy.saturating_add(other.busy);
        self.lives += other.lives;
        self.sent = self.sent.saturating_add(other.sent);
        self.received = self.received.saturating_add(other.received);
        self.waits.merge(&other.waits);
        self.turns.merge(&other.turns);
        self.use_up(other.usage);
        for &(outcome, times) in &other.outcomes {
            self.count(outcome, times);
        }
    }

    fn use_up(&mut self, more: Option<Usage>) {
        self.usage = [self.usage, more].into_iter().flatten().reduce(Usage::plus);
    }

    /// A handful of outcomes at most: a search is quicker than a tree.
    fn count(&mut self, outcome: Outcome, times: u64) {
        match self.outcomes.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, count)) => *count += times,
            None => self.outcomes.push((outcome, times)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pool_core::message::JobId;

    fn report(outcome: Outcome, millis: u64) -> Report {
        Report {
            job: JobId(1),
            work: JobId(1),
            outcome,
            turn: Duration::from_millis(millis),
            sent: 10,
            received: 20,
            usage: None,
        }
    }

    #[test]
    fn a_slots_figures_survive_its_being_added_again() {
        let (mut metrics, slot) = (Metrics::default(), SlotId(2));
        metrics.added(slot, Offer::of("bash").into());
        metrics.placed(slot, Duration::from_millis(3));
        metrics.left(slot);
        metrics.finished(slot, &report(Outcome::Ok, 40));
        metrics.added(slot, Offer::of("bash").into());
        let figures = metrics.figures(slot).unwrap();
        assert_eq!((figures.served, figures.in_flight), (1, 0));
        assert_eq!(figures.busy, Duration::from_millis(40));
        assert_eq!(metrics.slots().collect::<Vec<_>>(), [slot]);
    }

    #[test]
    fn a_job_that_comes_back_was_not_served() {
        let (mut metrics, slot) = (Metrics::default(), SlotId(0));
        metrics.added(slot, Offer::of("bash").into());
        metrics.placed(slot, Duration::ZERO);
        metrics.returned(slot);
        let figures = metrics.figures(slot).unwrap();
        assert_eq!((figures.served, figures.in_flight), (0, 0));
    }

    #[test]
    fn totals_are_sums() {
        let mut metrics = Metrics::default();
        let mut total = Figures::default();
        for (slot, outcome) in [(0, Outcome::Ok), (1, Outcome::Crashed), (2, Outcome::Ok)] {
            metrics.added(SlotId(slot), Offer::of("bash").into());
            metrics.finished(SlotId(slot), &report(outcome, 5));
            total.merge(metrics.figures(SlotId(slot)).unwrap());
        }
        assert_eq!(total.outcomes, [(Outcome::Ok, 2), (Outcome::Crashed, 1)]);
        assert_eq!((total.sent, total.received, total.turns.count()), (30, 60, 3));
    }
}
