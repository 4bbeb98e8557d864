//! What a caller asks for: a [`Job`] of [`Step`]s, with an optional [`Errand`] around it.

use super::{Generation, JobResult, Needs, OnLimit, ReplyTo, SlotId, StepReply};
use actix::Message;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Identifies one attempt of one job inside this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

impl JobId {
    /// A number that no other job of this process has.
    #[must_use]
    pub fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// One turn of a job: what to tell the tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Text for the tool. It goes out inert: whatever it looks like, it is never a command of the tool.
    Say(String),
    /// One raw line of the tool's own language (`/add f.py`). Only a template may create this, never an item.
    Command(String),
}

impl Step {
    /// The text of the step, whichever kind it is.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Say(text) | Self::Command(text) => text,
        }
    }
}

/// Names a conversation that is kept from job to job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionKey {
    /// A name that the caller chose; pinned to a slot when first placed.
    Named(Arc<str>),
    /// The conversation of one slot (`send_to(2, …)`).
    Slot(SlotId),
}

/// One *attempt* at a piece of work: steps that run in order on one instance with nothing in between.
///
/// Moved from hand to hand, never cloned: whoever drops it tells the caller so, through [`ReplyTo`].
pub struct Job {
    /// Identifies this attempt.
    pub id: JobId,
    /// One or more turns.
    pub steps: Vec<Step>,
    /// The conversation that this job continues; without one the tool is reset after the job.
    pub session: Option<SessionKey>,
    /// Affinity for the `sticky` strategy: equal keys tend to the same slot. Promises no context.
    pub key: Option<Arc<str>>,
    /// Which instances may take it.
    pub needs: Needs,
    /// Higher goes first among jobs that wait.
    pub priority: u8,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The slot where the last attempt failed: another one is tried first.
    pub avoid: Option<SlotId>,
    /// The longest that one turn may take; the tool's own default if absent.
    pub timeout: Option<Duration>,
    /// What it wants if the account's usage is limited.
    pub on_limit: OnLimit,
    /// Whether [`StepReply::raw`] is to be filled in.
    pub want_raw: bool,
    /// The conversation that the job's session had is gone. Set by the router; the reply passes it on.
    pub context_lost: bool,
    /// Somebody else's ended conversation is still there: the tool is to be reset before the first step. Set by
    /// the router.
    pub reset_first: bool,
    /// Optional effects around the job.
    pub errand: Option<Box<dyn Errand>>,
    /// When the caller handed it in.
    pub submitted: Instant,
    /// The way home.
    pub reply_to: ReplyTo,
}

impl Job {
    /// A job of `steps` with everything else at its default.
    ///
    /// `now` is the time of submission; waiting is counted from it.
    #[must_use]
    pub fn new(steps: Vec<Step>, reply_to: ReplyTo, now: Instant) -> Self {
        Self {
            id: reply_to.job(),
            steps,
            session: None,
            key: None,
            needs: Needs::Anything,
            priority: 0,
            attempt: 1,
            avoid: None,
            timeout: None,
            on_limit: OnLimit::Return,
            want_raw: false,
            context_lost: false,
            reset_first: false,
            errand: None,
            submitted: now,
            reply_to,
        }
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("id", &self.id).field("steps", &self.steps.len()).finish_non_exhaustive()
    }
}

/// A job for the router, boxed: it travels through mailboxes as one pointer.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Submit(pub Box<Job>);

/// Where a job has been placed; what an [`Errand`] gets to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The job.
    pub job: JobId,
    /// Which attempt at it.
    pub attempt: u32,
    /// The slot that will run it.
    pub slot: SlotId,
    /// The slot's life.
    pub generation: Generation,
    /// What a service calls the task that an earlier attempt has become: it is asked after instead of submitted again.
    pub task: Option<Arc<str>>,
}

/// Why an errand stopped its job before byte 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("refused before sending: {0}")]
pub struct Refused(pub String);

/// What an errand wants after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Go on with the job's own steps.
    Continue,
    /// Say this first, on the same instance.
    Say(Step),
    /// Skip what is left of the job.
    Done,
}

/// What an errand returns.
pub type ErrandFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Optional effects around a job, run by its instance: a durable intent before the first byte, a check after a step.
///
/// The instance spawns each future and takes its end as an event, so an errand may await anything; it has the
/// deadline `Limits::errand`, after which the job fails. This is the door for durability and isolation.
pub trait Errand: Send {
    /// Awaited before the first byte of the job is written. An error ends the job as [`super::Outcome::Refused`],
    /// and nothing has been sent.
    fn before(&mut self, placement: &Placement) -> ErrandFuture<Result<(), Refused>>;

    /// The same errand for another attempt at the job. An errand that cannot be run again lets its job have one attempt.
    fn again(&self) -> Option<Box<dyn Errand>> {
        None
    }

    /// Told how an attempt ended that is followed by another one; nobody else hears of its result.
    fn gives_way(&self, result: &mut JobResult) {
        let _ = result;
    }

    /// The attempt came to nothing: a usage limit turned it away, or its instance ended before the first byte was written. The
    /// job waits for another attempt, as if this one had not been sent.
    fn turned_away(&mut self) {}

    /// A service has taken the job's first step, and calls it `task`. What is kept of that can be given to another attempt,
    /// by [`ReplyTo::keep_task`]: it asks after the task instead of submitting it again.
    fn submitted(&mut self, task: &Arc<str>) {
        let _ = task;
    }

    /// Called after each step that ended well.
    fn after_step(&mut self, reply: &StepReply) -> ErrandFuture<Next> {
        let _ = reply;
        Box::pin(std::future::ready(Next::Continue))
    }
}
