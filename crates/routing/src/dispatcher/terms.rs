//! What goes into a [`Dispatcher`](super::Dispatcher), and what comes out.

use super::Explanation;
use crate::strategy::{JobView, Misbehaviour};
use pool_core::JobError;
use pool_core::message::{Generation, JobId, Needs, Offer, Serial, SlotId};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What can wait in a [`Dispatcher`](super::Dispatcher).
pub trait Queued {
    /// The job as strategies see it at `now`.
    fn view(&self, now: Instant) -> JobView<'_>;

    /// When it was submitted.
    fn submitted(&self) -> Instant;

    /// Whether its caller has taken it back; it is dropped then, and nothing else.
    fn is_cancelled(&self) -> bool;

    /// The slot that it goes to only if no other one can be had: where its last attempt failed.
    fn avoids(&self) -> Option<SlotId> {
        None
    }
}

/// The right to place one job on one slot. Dropped when it turns out to be void.
pub trait Token {
    /// The slot that is free.
    fn slot(&self) -> SlotId;

    /// The slot's life.
    fn generation(&self) -> Generation;

    /// Tells it from the slot's other credits.
    fn serial(&self) -> Serial;

    /// What the slot can be had for.
    fn offer(&self) -> &Arc<Offer>;

    /// The life whose last conversation goes on in this one: the tool has taken it up again.
    fn continues(&self) -> Option<Generation> {
        None
    }
}

/// The bounds of a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterSpec {
    /// How many jobs may wait; at least 1.
    pub queue: usize,
    /// How long a job waits while every slot that it could use is reserved by a session, before the session that has
    /// been idle longest is ended; and how long it waits for a tool that no slot runs.
    pub patience: Duration,
    /// How long a session without a job is kept.
    pub session_idle: Duration,
}

impl Default for RouterSpec {
    fn default() -> Self {
        Self { queue: 1024, patience: Duration::from_secs(30), session_idle: Duration::from_secs(15 * 60) }
    }
}

/// Why a job is not taken, or no longer kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The queue is full.
    #[error("the queue is full ({limit} jobs): wait for replies, or raise its bound")]
    Overloaded {
        /// The bound.
        limit: usize,
    },
    /// No slot meets what it needs.
    #[error("no instance {}: the pool has {present}", verb(.needs), present = if .present.is_empty() { "none" } else { .present })]
    Nobody {
        /// What the job needs.
        needs: Needs,
        /// The tools that there are, or the capabilities.
        present: String,
    },
    /// Every slot that meets what it needs has gone for ever.
    #[error("{reason}")]
    Failed {
        /// What the job needs.
        needs: Needs,
        /// What the supervisor says.
        reason: Arc<str>,
    },
    /// There is no slot of this index.
    #[error("no slot {slot}: the pool has {slots}, counted from 0")]
    NoSuchSlot {
        /// As the job names it.
        slot: SlotId,
        /// How many there are.
        slots: usize,
    },
    /// The slot has gone for ever.
    #[error("slot {slot} has been given up: send the job to another one")]
    SlotGone {
        /// The slot.
        slot: SlotId,
    },
    /// The session lives where another tool runs.
    #[error(
        "the session lives on slot {slot}, which runs '{runs}', not '{wanted}': use another session name"
    )]
    OtherTool {
        /// Where the session lives.
        slot: SlotId,
        /// What runs there.
        runs: Arc<str>,
        /// What the job needs.
        wanted: Arc<str>,
    },
    /// The session lives where a tool runs that is not able to do it.
    #[error(
        "the session lives on slot {slot}, which runs '{runs}', without the capability '{wanted}': use another session name"
    )]
    Unable {
        /// Where the session lives.
        slot: SlotId,
        /// What runs there.
        runs: Arc<str>,
        /// The capability that the job needs.
        wanted: Arc<str>,
    },
    /// No more jobs are taken.
    #[error("the pool is closed: no further jobs are taken")]
    Closed,
}

fn verb(needs: &Needs) -> String {
    match needs {
        Needs::Anything => "is there".to_owned(),
        Needs::Tool(tool) => format!("runs '{tool}'"),
        Needs::Capability(capability) => format!("has the capability '{capability}'"),
    }
}

impl From<PushError> for JobError {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Overloaded { limit } => Self::Overloaded { limit },
            PushError::Closed => Self::Closed,
            PushError::Failed { needs: Needs::Anything, reason } => Self::GivenUp(reason.to_string()),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// A job, and the credit to spend on it.
#[derive(Debug)]
#[must_use = "a placement that is dropped loses its job"]
pub struct Placement<J, C> {
    /// The job.
    pub job: J,
    /// What pays for it.
    pub credit: C,
    /// Where it goes, and why.
    pub decision: Decision,
    /// The decision at length, while [`Dispatcher::explain`](super::Dispatcher::explain) is on.
    pub explanation: Option<Box<Explanation>>,
    /// The job continues a conversation that is gone: its session was ended, or the instance replaced.
    pub context_lost: bool,
    /// An ended conversation of another session is still in the tool, which is to be reset before this job.
    pub reset_first: bool,
}

/// Where a job goes, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The job.
    pub job: JobId,
    /// The slot.
    pub slot: SlotId,
    /// The slot's life.
    pub generation: Generation,
    /// What decided.
    pub why: Why,
    /// How many slots there were to choose from.
    pub candidates: usize,
    /// Since the job was submitted.
    pub waited: Duration,
}

/// What decided where a job goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The strategy chose.
    Chosen,
    /// The job's session lives there.
    Session,
    /// The strategy gave no usable answer: the first candidate was taken, or the next one in turn if it panicked.
    Fallback(Misbehaviour),
}
