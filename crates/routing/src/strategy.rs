//! A strategy picks the slot; the dispatcher picks the job.
//!
//! A [`Strategy`] is asked once for each job that any of several instances could take, and answers with one of the
//! [`Candidates`]. It is synchronous and knows no actor: it can be tested with a [`Table`]. To choose without building a
//! list it keeps an index of its own, fed by the `on_…` hooks; one that needs none leaves them out:
//!
//! ```
//! use pool_core::message::SlotId;
//! use routing::strategy::{Candidates, JobView, Strategy};
//!
//! /// Fills the pool from the top: low slots stay cold.
//! struct Highest;
//!
//! impl Strategy for Highest {
//!     fn name(&self) -> &str {
//!         "highest"
//!     }
//!
//!     fn choose(&mut self, _job: &JobView, candidates: &Candidates) -> Option<SlotId> {
//!         candidates.iter().last().map(|candidate| candidate.slot)
//!     }
//! }
//! ```

mod fastest;
mod least_busy;
mod ranking;
mod round_robin;
mod sticky;
mod table;
#[cfg(test)]
mod testing;
mod tournament;
mod weighted;

pub use fastest::Fastest;
pub use least_busy::LeastBusy;
pub use round_robin::RoundRobin;
pub use sticky::Sticky;
pub use table::Table;
pub use weighted::Weighted;

use crate::bits::Bits;
use crate::metrics::Metrics;
use pool_core::message::{JobId, Needs, Offer, Report, SessionKey, SlotId};
use std::sync::Arc;
use std::time::Duration;

/// Chooses which instance gets a job.
///
/// The dispatcher calls [`choose`](Self::choose) only if there is a candidate, and takes the answer at once. An answer
/// that is not a candidate, or none, loses nothing: the first candidate gets the job, and the [`Misbehaviour`] is
/// counted and shown. A strategy that panics, in any of its methods, is dismissed: from then on jobs go out in turn.
///
/// Of the hooks, `on_added` and `on_removed` bracket a slot's being known, `on_ready` and `on_withdrawn` its being a
/// candidate; the others tell what happens. Work that goes to a certain slot because its session lives there is not
/// asked for, but told.
pub trait Strategy: Send {
    /// The name that snapshots show.
    fn name(&self) -> &str;

    /// Picks one of the candidates for `job`.
    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId>;

    /// Why this candidate is worth what it is, in the strategy's own words; asked before the choice, and only when
    /// placements are being explained.
    fn score(&self, job: &JobView<'_>, slot: &Candidate<'_>) -> String {
        let _ = job;
        format!("{} in flight, {} served", slot.in_flight, slot.served)
    }

    /// A slot exists. It can take no job yet.
    fn on_added(&mut self, slot: &Candidate<'_>) {
        let _ = slot;
    }

    /// A slot has become a candidate, or is one still and its figures have changed.
    fn on_ready(&mut self, slot: &Candidate<'_>) {
        let _ = slot;
    }

    /// A slot is no candidate any more: it was taken, its credit was revoked, its life ended, or a session reserves it.
    fn on_withdrawn(&mut self, slot: SlotId) {
        let _ = slot;
    }

    /// A job has been placed on a slot, by choice or because its session lives there.
    fn on_taken(&mut self, slot: SlotId, job: &JobView<'_>) {
        let _ = (slot, job);
    }

    /// A job on a slot has ended.
    fn on_finished(&mut self, slot: SlotId, report: &Report) {
        let _ = (slot, report);
    }

    /// A life of a slot has ended; another one may follow.
    fn on_gone(&mut self, slot: SlotId) {
        let _ = slot;
    }

    /// A slot has gone for ever, unless it is added again.
    fn on_removed(&mut self, slot: SlotId) {
        let _ = slot;
    }
}

/// The strategies that come with the crate, by the names that they go by.
pub const NAMES: [&str; 5] = ["round_robin", "least_busy", "sticky", "weighted", "fastest"];

/// The strategy of this name, if it is one of [`NAMES`].
#[must_use]
pub fn by_name(name: &str) -> Option<Box<dyn Strategy>> {
    match name {
        "round_robin" => Some(Box::new(RoundRobin::default())),
        "least_busy" => Some(Box::new(LeastBusy::default())),
        "sticky" => Some(Box::new(Sticky::default())),
        "weighted" => Some(Box::new(Weighted::default())),
        "fastest" => Some(Box::new(Fastest::default())),
        _ => None,
    }
}

/// A job as a strategy sees it.
#[derive(Debug, Clone, Copy)]
pub struct JobView<'a> {
    /// The attempt.
    pub id: JobId,
    /// Equal keys tend to the same slot, under `sticky`.
    pub key: Option<&'a str>,
    /// The conversation it belongs to. If there is one, this is the job that opens it: later ones go where it lives.
    pub session: Option<&'a SessionKey>,
    /// What it needs. The candidates fit already.
    pub needs: &'a Needs,
    /// Higher goes first.
    pub priority: u8,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Since it was submitted.
    pub waited: Duration,
}

/// A slot that could take the job now.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The slot.
    pub slot: SlotId,
    /// Its tool, and what that is able to do.
    pub offer: &'a Arc<Offer>,
    /// Jobs that it has now.
    pub in_flight: u32,
    /// Jobs placed there so far.
    pub served: u64,
    /// Time spent on jobs that have ended, over all its lives.
    pub busy: Duration,
}

/// The slots that could take a job now: they hold a credit, meet the job's needs, and no session reserves them. Never
/// empty when a strategy sees them.
#[derive(Debug, Clone, Copy)]
pub struct Candidates<'a> {
    open: &'a Bits,
    metrics: &'a Metrics,
}

impl<'a> Candidates<'a> {
    pub(crate) const fn new(open: &'a Bits, metrics: &'a Metrics) -> Self {
        Self { open, metrics }
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether `slot` is one of them.
    #[must_use]
    pub fn contains(&self, slot: SlotId) -> bool {
        self.open.contains(slot.index())
    }

    /// What is known about one of them.
    #[must_use]
    pub fn get(&self, slot: SlotId) -> Option<Candidate<'a>> {
        if self.contains(slot) { self.metrics.candidate(slot) } else { None }
    }

    /// The first one from `slot` on; after the last slot the search goes on from the first.
    #[must_use]
    pub fn first_from(&self, slot: SlotId) -> Option<SlotId> {
        self.open.first_from(slot.index()).or_else(|| self.open.first_from(0)).map(slot_at)
    }

    /// All of them, in slot order.
    pub fn iter(&self) -> impl Iterator<Item = Candidate<'a>> + use<'a> {
        let metrics = self.metrics;
        self.open.iter().filter_map(move |index| metrics.candidate(slot_at(index)))
    }
}

/// Members of the sets come from [`SlotId`]s, so they fit.
pub(crate) const fn slot_at(index: usize) -> SlotId {
    SlotId(index as u32)
}

impl Metrics {
    /// A slot as strategies see it.
    pub(crate) fn candidate(&self, slot: SlotId) -> Option<Candidate<'_>> {
        let (offer, figures) = self.known(slot)?;
        Some(Candidate {
            slot,
            offer,
            in_flight: figures.in_flight,
            served: figures.served,
            busy: figures.busy,
        })
    }
}

/// What a strategy did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misbehaviour {
    /// It answered `None` although there were candidates.
    #[error("the strategy chose nobody although instances were free")]
    ChoseNobody,
    /// It named a slot that could not take the job.
    #[error("the strategy chose slot {0}, which cannot take the job now")]
    ChoseNoCandidate(SlotId),
    /// It panicked, now or earlier, and is not asked any more.
    #[error("the strategy panicked and is not asked any more")]
    Panicked,
}
