//! Usage limits: how a job that meets one wants it taken, and what its instance tells of it.

use super::{Job, Reply};
use std::time::{Duration, Instant};

/// What a job that meets the usage limit of its account wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnLimit {
    /// To come home as [`super::Outcome::Limited`].
    #[default]
    Return,
    /// To wait in front of the queue until the limit is over, and to run again from its first step. Waits for
    /// `at_most` from its first limit on; after that, or if the limit will last longer, as [`OnLimit::Return`].
    Wait {
        /// The longest.
        at_most: Duration,
    },
    /// The same, having met its first limit.
    Waiting {
        /// The end of its patience.
        until: Instant,
    },
}

impl OnLimit {
    /// Whether the job is to be kept whole, so that it can run again.
    #[must_use]
    pub const fn waits(&self) -> bool {
        !matches!(self, Self::Return)
    }

    /// Until when it would wait, having met a limit `now`.
    #[must_use]
    pub fn patience(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Return => None,
            Self::Wait { at_most } => now.checked_add(*at_most),
            Self::Waiting { until } => Some(*until),
        }
    }
}

/// A limit that a job has met.
#[derive(Debug)]
pub struct LimitMet {
    /// In the tool's own words.
    pub reason: String,
    /// When it is over, if the tool said so.
    pub reset: Option<Reset>,
    /// The job, if it waits for the end of the limit. Its reply is still here, and goes home if it cannot wait.
    pub again: Option<Again>,
}

/// When a limit is over, in the tool's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reset {
    /// After this time.
    After(Duration),
    /// At this time; see [`crate::machine::hold::away`] for what is understood.
    At(String),
}

/// A job that was turned away by a limit, whole, and what it would bring home.
#[derive(Debug)]
pub struct Again {
    /// The job; its way home is still open.
    pub job: Box<Job>,
    /// What it brought.
    pub reply: Box<Reply>,
}
