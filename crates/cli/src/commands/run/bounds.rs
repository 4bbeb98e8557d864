//! What ends a batch before its list does, besides signals and the pool's end.

use super::limits::Limits;
use crate::output::{jobs, sanitize};
use cluster::batch::ResultRecord;
use cluster::batch::run::{Counts, Ending};
use cluster::spec::Allow;
use cluster::{Fold, Outcome};
use std::time::Duration;
use tokio::time::Instant;

/// The bounds of a batch.
pub(crate) struct Bounds {
    pub(crate) limits: Limits,
    /// What the results come to, where they all answer one question.
    pub(crate) fold: Option<Fold>,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) budget: Option<Budget>,
    pub(crate) denial: Option<Denial>,
}

/// Whether the first answer is that the tool was not allowed what the job needed: the others would fare the same.
#[derive(Debug, Clone)]
pub(crate) enum Denial {
    /// No tool has answered yet; so much is allowed.
    Open(Allow),
    /// One has, and it had what it needed.
    No,
    /// One has: this was not allowed, by what is.
    Yes(String, Allow),
}

impl Denial {
    /// Of agents that may do so much; none where somebody is asked, for that is who has denied it.
    pub(super) fn of(allow: Allow) -> Option<Self> {
        (allow != Allow::Ask).then_some(Self::Open(allow))
    }

    /// A job has ended; true if that ends the batch.
    pub(super) fn decides(&mut self, record: &ResultRecord) -> bool {
        let Self::Open(allow) = *self else { return false };
        if !record.outcome.is_an_answer() {
            return false;
        }
        *self = match record.outcome {
            Outcome::Denied => Self::Yes(record.error.clone().unwrap_or_default(), allow),
            _ => Self::No,
        };
        matches!(self, Self::Yes(..))
    }

    /// Why the batch ended, if it ended because of this.
    pub(super) fn reason(&self) -> Option<String> {
        let Self::Yes(what, allow) = self else { return None };
        let way = match allow {
            Allow::Read | Allow::Ask => "--allow=edits or --allow=all would let it",
            Allow::Edits => "--allow=all would let it",
            Allow::All => "the tool's own settings forbid it",
        };
        let what = sanitize::line(what, 80);
        Some(format!("the first answer is that the tool may not do what it needs ({what}): {way}"))
    }
}

/// What the jobs may cost, in US dollars, as their tools tell it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    most: f64,
    spent: f64,
}

impl Budget {
    pub(super) const fn new(most: f64) -> Self {
        Self { most, spent: 0.0 }
    }

    /// A job has ended; true if the budget is spent by that. What a job costs is known when it has ended: those that run
    /// then still cost something.
    pub(super) fn spends(&mut self, record: &ResultRecord) -> bool {
        let before = self.is_spent();
        self.spent += record.usage.and_then(|usage| usage.cost_usd).unwrap_or(0.0);
        !before && self.is_spent()
    }

    /// Whether nothing is left of it.
    pub(super) fn is_spent(&self) -> bool {
        self.spent >= self.most
    }

    /// Why the batch ended.
    pub(super) fn reason(&self) -> String {
        format!("the jobs have cost ${:.4} of ${} (--max-cost)", self.spent, self.most)
    }
}

/// A time after which no more jobs are begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    after: Duration,
    at: Instant,
    passed: bool,
}

impl Deadline {
    /// So long after `now`; none if that is beyond all time.
    pub(super) fn new(after: Duration, now: Instant) -> Option<Self> {
        Some(Self { after, at: now.checked_add(after)?, passed: false })
    }

    /// Whether it has passed, told once.
    pub(super) fn passes(&mut self, now: Instant) -> bool {
        let passes = !self.passed && now >= self.at;
        self.passed |= passes;
        passes
    }

    /// When it will pass; nothing once that has been told.
    pub(super) fn ahead(&self) -> Option<Instant> {
        (!self.passed).then_some(self.at)
    }

    /// Whether it has been told that it has passed.
    pub(super) const fn has_passed(&self) -> bool {
        self.passed
    }

    /// Why the batch ended.
    pub(super) fn reason(&self) -> String {
        format!("the deadline of {:?} has passed", self.after)
    }
}

/// What to say when one of them ends the batch, for this reason.
pub(super) fn news(reason: &str, counts: Counts) -> String {
    format!("{reason}: beginning no more, finishing {}", jobs(counts.running as u64))
}

/// Whether something of the list is left: it was not read to its end, or jobs of it were taken back.
pub(super) fn is_left(ending: Option<&Ending>, cancelled: u64) -> bool {
    !matches!(ending, Some(Ending::AllFed)) || cancelled > 0
}
