//! A bounded queue, credits, sessions and a strategy in; placements out. Pure: the time goes in, the next deadline
//! comes out.
//!
//! *Jobs.* Each waits in one lane: that of a slot if its session lives there, else that of the tool or the capability
//! that it needs, else the one of jobs that any tool may run. Among the lanes that can move now, the most urgent head goes first, then the one
//! that arrived first; a job that cannot be placed yet delays nobody in another lane.
//!
//! *Sessions.* The first job of a session, its opener, waits like any other; where it is placed, the session lives, and
//! its later jobs go there and nowhere else. No other job goes there until the session is closed, idle for
//! [`RouterSpec::session_idle`], or ended because every slot that a job could use is reserved and that job has waited
//! [`RouterSpec::patience`]: then the session that has been idle longest goes.
//!
//! *Deadlines.* After any call, [`Dispatcher::poll_timeout`] may have changed. Calling
//! [`Dispatcher::handle_timeout`] too early is safe.

mod admit;
mod adviser;
mod avoid;
mod explain;
mod kinds;
mod lane;
mod news;
mod place;
mod sessions;
mod slots;
mod terms;
#[cfg(test)]
mod tests;
mod timeout;

pub use explain::{Considered, Explanation};
pub use terms::{Decision, Placement, PushError, Queued, RouterSpec, Token, Why};

use crate::metrics::{Figures, FiguresView, Metrics, SlotView, Snapshot};
use crate::strategy::Strategy;
use adviser::Adviser;
use kinds::Kinds;
use lane::Entry;
use pool_core::message::{SessionKey, SlotId};
use sessions::{Sessions, Sid};
use slots::{Slots, Standing};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Matches jobs with credits. `J` is what waits, `C` what pays; see the [module](self) for the rules.
///
/// Feed it, then call [`poll`](Self::poll) and [`poll_refused`](Self::poll_refused) until both have nothing, then wait
/// until [`poll_timeout`](Self::poll_timeout) or the next news. No job is lost: at any time, each that was pushed has
/// been placed, or refused, or was cancelled, or waits.
pub struct Dispatcher<J, C> {
    spec: RouterSpec,
    adviser: Adviser,
    explaining: bool,
    metrics: Metrics,
    slots: Slots<J, C>,
    kinds: Kinds<J>,
    sessions: Sessions<J>,
    /// Slots whose own lane may be able to move.
    ripe: VecDeque<SlotId>,
    /// Jobs that waited and can no longer run, until they are asked for.
    refused: VecDeque<(J, PushError)>,
    queued: usize,
    /// Counts arrivals up from 0, and returns down from there.
    next_arrival: i64,
    next_return: i64,
    /// Pushes since cancelled jobs were last looked for.
    unswept: usize,
    intake: Intake,
}

/// Whether jobs are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intake {
    Open,
    Closed,
}

impl<J: Queued, C: Token> Dispatcher<J, C> {
    /// An empty queue in front of a pool without slots.
    #[must_use]
    pub fn new(strategy: Box<dyn Strategy>, spec: RouterSpec) -> Self {
        Self {
            spec: RouterSpec { queue: spec.queue.max(1), ..spec },
            adviser: Adviser::new(strategy),
            explaining: false,
            metrics: Metrics::default(),
            slots: Slots::default(),
            kinds: Kinds::default(),
            sessions: Sessions::default(),
            ripe: VecDeque::new(),
            refused: VecDeque::new(),
            queued: 0,
            next_arrival: 0,
            next_return: -1,
            unswept: 0,
            intake: Intake::Open,
        }
    }

    /// The bounds it was made with.
    #[must_use]
    pub const fn spec(&self) -> &RouterSpec {
        &self.spec
    }

    /// From now on, each [`Placement`] explains itself at length, or no longer does. Explaining asks the strategy about
    /// every candidate, so it costs what a scan costs.
    pub const fn explain(&mut self, on: bool) {
        self.explaining = on;
    }

    /// How many jobs wait, those included that were cancelled and have not been met since.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.queued
    }

    /// What has happened so far.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Where a session lives: nowhere before its first job is placed, and after its end.
    #[must_use]
    pub fn session_slot(&self, key: &SessionKey) -> Option<SlotId> {
        self.sessions.get(self.sessions.find(key)?)?.slot
    }

    /// A job that waited and can no longer run, with the reason. The caller is to be told.
    pub fn poll_refused(&mut self) -> Option<(J, PushError)> {
        self.refused.pop_front()
    }

    /// Everything at this moment, for people and machines outside. Adds up all slots: not for every job.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut total = Figures::default();
        let slots = self.metrics.slots().filter_map(|slot| {
            let (offer, figures) = self.metrics.known(slot)?;
            let known = self.slots.get(slot)?;
            total.merge(figures);
            Some(SlotView {
                slot,
                tool: offer.tool.to_string(),
                capabilities: offer.capabilities.iter().map(ToString::to_string).collect(),
                generation: known.generation,
                credits: known.credits.len(),
                queued: known.lane.len(),
                sessions: known.sessions.len(),
                figures: FiguresView::from(figures),
            })
        });
        let slots = slots.collect();
        Snapshot {
            strategy: self.adviser.name().to_owned(),
            queued: self.queued,
            limit: self.spec.queue,
            sessions: self.sessions.len(),
            counts: *self.metrics.counts(),
            total: FiguresView::from(&total),
            slots,
        }
    }

    /// Brings the sets of candidates, and the strategy, up to date with a slot.
    fn refresh(&mut self, slot: SlotId) {
        let Some(known) = self.slots.get(slot) else { return };
        let general = known.is_general();
        let open = general && !known.credits.is_empty();
        let exists = known.standing == Standing::Present;
        let was_open = self.kinds.note(slot, &known.kinds, exists, general, open);
        if !open && was_open {
            self.adviser.tell(|strategy| strategy.on_withdrawn(slot));
        }
        if open && let Some(candidate) = self.metrics.candidate(slot) {
            self.adviser.tell(|strategy| strategy.on_ready(&candidate));
        }
    }

    /// Remembers a slot whose own lane can move.
    fn ripen(&mut self, slot: SlotId) {
        let Some(known) = self.slots.get_mut(slot) else { return };
        if !known.ripe && !known.credits.is_empty() && !known.lane.is_empty() {
            known.ripe = true;
            self.ripe.push_back(slot);
        }
    }

    /// A job that waited can no longer run.
    fn refuse(&mut self, entry: Entry<J>, error: PushError, now: Instant) {
        if entry.job.is_cancelled() {
            return self.discard(entry, now);
        }
        self.queued -= 1;
        self.metrics.counts.failed += 1;
        self.refused.push_back((entry.job, error));
        self.release(entry.session, now);
    }

    /// The caller of a job that waited has taken it back.
    fn discard(&mut self, entry: Entry<J>, now: Instant) {
        self.queued -= 1;
        self.metrics.counts.cancelled += 1;
        let Entry { session, job, .. } = entry;
        self.release(session, now);
        drop(job);
    }

    fn release(&mut self, session: Option<Sid>, now: Instant) {
        if let Some(sid) = session {
            self.sessions.release(sid, now);
        }
    }
}

/// `wait` after `from`; waits beyond what the clock can tell end in a century.
fn later(from: Instant, wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    from.checked_add(wait).unwrap_or_else(|| from + CENTURY)
}

impl<J, C> std::fmt::Debug for Dispatcher<J, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dispatcher({}, {} queued)", self.adviser.name(), self.queued)
    }
}
