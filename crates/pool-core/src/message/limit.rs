//! Usage limits: how a job that meets one wants it taken, and what its instance tells of it.

use super::{Job, Reply};
use crate::machine::later;
use std::time::{Duration, Instant};

/// What a job that meets the usage limit of its account wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnLimit {
    /// To come home as [`super::Outcome::Limited`].
    #[default]
    Return,
    /// To wait in front of the queue until the limit is over, and to run again from its first step, on the tool that
    /// it began with. When its patience has ended, or would end before the limit does, as [`OnLimit::Return`].
    Wait(Patience),
    /// To run again from its first step on another tool whose account is not held, first in the queue. While all are
    /// held, or if it needs this tool or has a session here, as [`OnLimit::Wait`].
    Next(Patience),
}

/// How long a job waits for the end of limits, all in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// From its first limit on.
    AtMost(Duration),
    /// It has met its first limit.
    Until(Instant),
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
            Self::Wait(patience) | Self::Next(patience) => Some(patience.ends(now)),
        }
    }

    /// The same, having met its first limit: its patience ends then.
    #[must_use]
    pub const fn met(self, until: Instant) -> Self {
        match self {
            Self::Return => Self::Return,
            Self::Wait(_) => Self::Wait(Patience::Until(until)),
            Self::Next(_) => Self::Next(Patience::Until(until)),
        }
    }
}

impl Patience {
    fn ends(self, now: Instant) -> Instant {
        match self {
            Self::AtMost(longest) => later(now, longest),
            Self::Until(end) => end,
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
