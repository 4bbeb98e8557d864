//! How often is too often, and how long to wait: OTP's intensity window and systemd's geometric back-off.

use crate::message::{JobId, SlotId};
use crate::spec::{Backoff, Intensity};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a restart costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Start again, after a pause.
    Restart,
    /// Too many within the window.
    GiveUp,
    /// The job that brought this slot down had brought down these others before: it is to blame, and none of them. What
    /// they were charged for it has been taken back; start them, and this one, at once.
    Refund(Vec<SlotId>),
}

/// What a restart is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A life that had been ready ended.
    Ended,
    /// A life that had been ready ended in the middle of this job. The id is the same for all attempts at it.
    Job(JobId),
    /// A life ended before it was ready.
    FailedStart,
}

/// How many crashes are remembered after they have left the window, in case that their job crashes another slot.
const REMEMBERED: usize = 1024;

/// Counts restarts in a sliding window. `supervisor:add_restart/3` of Erlang/OTP: keep those that are at most
/// `within` old, add this one, give up if there are then more than `max`.
///
/// A tool that takes longer to fail than the window is long would be started for ever; so more than `max` failed starts
/// in a row, with no instance ready in between, are too many as well.
///
/// A crash in the middle of a job is charged like any other, until the same job crashes a second slot: see
/// [`Verdict::Refund`].
#[derive(Debug)]
pub struct Window {
    intensity: Intensity,
    restarts: VecDeque<Entry>,
    failed_starts: u32,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    slot: SlotId,
    job: Option<JobId>,
}

impl Window {
    /// An empty window.
    #[must_use]
    pub const fn new(intensity: Intensity) -> Self {
        Self { intensity, restarts: VecDeque::new(), failed_starts: 0 }
    }

    /// An instance is ready.
    pub const fn ready(&mut self) {
        self.failed_starts = 0;
    }

    /// A restart of `slot` is wanted `now`.
    pub fn charge(&mut self, slot: SlotId, cause: Cause, now: Instant) -> Verdict {
        let job = match cause {
            Cause::Job(job) => Some(job),
            Cause::Ended | Cause::FailedStart => None,
        };
        if let Some(job) = job
            && self.restarts.iter().any(|entry| entry.job == Some(job) && entry.slot != slot)
        {
            return Verdict::Refund(self.refund(job, slot));
        }
        if cause == Cause::FailedStart {
            self.failed_starts = self.failed_starts.saturating_add(1);
        }
        self.restarts.push_back(Entry { at: now, slot, job });
        self.forget(now);
        let too_often = self.recent(now) > self.intensity.max as usize;
        if too_often || self.failed_starts > self.intensity.max { Verdict::GiveUp } else { Verdict::Restart }
    }

    /// How many restarts are in the window.
    fn recent(&self, now: Instant) -> usize {
        self.restarts.iter().filter(|entry| self.is_recent(entry, now)).count()
    }

    /// The edge belongs to the window.
    fn is_recent(&self, entry: &Entry, now: Instant) -> bool {
        now.saturating_duration_since(entry.at) <= self.intensity.within
    }

    /// Takes back what `job` was charged for, and names the slots other than `this`.
    fn refund(&mut self, job: JobId, this: SlotId) -> Vec<SlotId> {
        let all = std::mem::take(&mut self.restarts);
        let (charged, kept) = all.into_iter().partition::<VecDeque<_>, _>(|entry| entry.job == Some(job));
        self.restarts = kept;
        let mut slots: Vec<_> = charged.into_iter().map(|entry| entry.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots.retain(|slot| *slot != this);
        slots
    }

    /// Drops what can no longer matter.
    fn forget(&mut self, now: Instant) {
        let within = self.intensity.within;
        let is_recent = |entry: &Entry| now.saturating_duration_since(entry.at) <= within;
        self.restarts.retain(|entry| entry.job.is_some() || is_recent(entry));
        while self.restarts.len() > REMEMBERED && !self.restarts.front().is_none_or(is_recent) {
            self.restarts.pop_front();
        }
    }
}

/// How long a slot waits before its next life. The delays grow while lives fail, and start over after one that did some
/// work or lasted.
#[derive(Debug)]
pub struct Delays {
    backoff: Backoff,
    in_a_row: u32,
    quick: u32,
}

impl Delays {
    /// How often a start is tried again quickly, where a moment may be all that it takes.
    pub const QUICK_TRIES: u32 = 5;

    /// No failure yet.
    #[must_use]
    pub const fn new(backoff: Backoff) -> Self {
        Self { backoff, in_a_row: 0, quick: 0 }
    }

    /// The delay before the next life. `dice` as in [`Backoff::delay`].
    pub fn next(&mut self, dice: f64) -> Duration {
        let delay = self.backoff.delay(self.in_a_row, dice);
        self.in_a_row = self.in_a_row.saturating_add(1);
        delay
    }

    /// The delay before a quick try, from 10 to 100 ms; none if there have been enough of them.
    pub fn next_quick(&mut self) -> Option<Duration> {
        if self.quick >= Self::QUICK_TRIES {
            return None;
        }
        let delay = Duration::from_millis((10 << self.quick).min(100));
        self.quick += 1;
        Some(delay)
    }

    /// How long a life must have been ready for [`Delays::worked`].
    #[must_use]
    pub const fn stable(&self) -> Duration {
        self.backoff.stable
    }

    /// The process exists.
    pub const fn spawned(&mut self) {
        self.quick = 0;
    }

    /// This life did some work, or lasted.
    pub const fn worked(&mut self) {
        self.in_a_row = 0;
    }

    /// The last delay was for what somebody else did.
    pub const fn refund(&mut self) {
        self.in_a_row = self.in_a_row.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests;
