//! News: what instances tell the supervisor, what the supervisor tells the router, and its orders to instances.

use super::{Credit, Generation, Job, JobId, LimitMet, Offer, Outcome, Seat, Serial, SlotId, Usage};
use crate::error::StartError;
use actix::{Message, Recipient};
use std::sync::Arc;
use std::time::Duration;

/// How far an instance's start has come: three different moments for tools such as aider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StartStage {
    /// The process exists.
    Spawned,
    /// It answers.
    Ready,
    /// It answers at full speed.
    Warm,
}

/// What is remembered of a job when it has ended: for the breaker, the strategies and the metrics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    /// This attempt.
    pub job: JobId,
    /// The same for all attempts at the job.
    pub work: JobId,
    /// How it ended.
    pub outcome: Outcome,
    /// From the first byte written to its end.
    pub turn: Duration,
    /// Bytes written to the tool.
    pub sent: u64,
    /// Bytes read from the tool.
    pub received: u64,
    /// Tokens and money, if the tool has measured them.
    pub usage: Option<Usage>,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitReport {
    /// It could not be started, or went away before it was ready.
    NotStarted(StartError),
    /// It exited with this code.
    Exited(i32),
    /// It was ended by this signal.
    Signalled(i32),
    /// Our own side failed: a panic in the actor or its reader.
    Panicked,
    /// The kernel killed it because memory was short: nobody here did, and it has counted one more such kill.
    OutOfMemory,
    /// We stopped it.
    Stopped,
    /// We stopped it, and it is still there: it hangs in the kernel, where no signal reaches it. It has been given up.
    Unkillable,
}

impl ExitReport {
    /// OTP's "abnormal": what a `transient` instance is restarted for.
    #[must_use]
    pub const fn is_abnormal(&self) -> bool {
        !matches!(self, Self::Exited(0) | Self::Stopped)
    }

    /// The exit code, if the process exited: before it was ready, or later.
    #[must_use]
    pub const fn code(&self) -> Option<i32> {
        match self {
            Self::Exited(code) => Some(*code),
            Self::NotStarted(StartError::Ended { code, .. }) => *code,
            Self::NotStarted(_)
            | Self::Signalled(_)
            | Self::Panicked
            | Self::OutOfMemory
            | Self::Stopped
            | Self::Unkillable => None,
        }
    }
}

impl std::fmt::Display for ExitReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "did not start: {error}"),
            Self::Exited(code) => write!(f, "exited with code {code}"),
            Self::Signalled(signal) => write!(f, "ended by signal {signal}"),
            Self::Panicked => f.write_str("the actor that drove it panicked"),
            Self::OutOfMemory => f.write_str("was killed by the system for want of memory"),
            Self::Stopped => f.write_str("stopped"),
            Self::Unkillable => f.write_str("hangs in the kernel and cannot be killed; it was given up"),
        }
    }
}

/// What an instance tells its supervisor. `generation` fences news of a life that is over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum Event {
    /// A stage of the start was reached; with [`StartStage::Warm`] the instance can take its first job.
    Started {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// Which stage.
        stage: StartStage,
        /// The process.
        pid: Option<u32>,
        /// Since the start was ordered.
        after: Duration,
    },
    /// A job has ended. With `idle` the instance can take the next one; else [`Event::Idle`] follows, or an exit.
    Finished {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// What to remember.
        report: Report,
        /// Whether it can take a job now.
        idle: bool,
        /// With [`Outcome::Limited`]: what the account's limit is like. The job may be in here.
        limit: Option<Box<LimitMet>>,
    },
    /// It has been reset and can take a job.
    Idle {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
    },
    /// Which conversation would have to be taken up again if the instance ended now; none if that would be nobody's.
    Conversing {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// What the tool calls it.
        thread: Option<Arc<str>>,
    },
    /// It has taken up the conversation that it was started with.
    TakenUp {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
    },
    /// It shows something worth telling: it asks, it stalls, it works again.
    Changed {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// What.
        change: StateChange,
    },
    /// After a job, the tool and all that it started had more memory than it may: it is to be replaced.
    Outgrown {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// Bytes.
        memory: u64,
    },
    /// A revoked credit had not been spent, and is void now. One that had been spent gets no such answer: its
    /// job's end is the answer.
    Revoked {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// Which credit.
        serial: Serial,
    },
    /// A job comes back undelivered: its credit was void, or the instance cannot take it any more.
    Returned {
        /// The slot.
        slot: SlotId,
        /// The job.
        job: Box<Job>,
    },
    /// The process and its actor are gone; the last word of a generation.
    Exited {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// How.
        exit: ExitReport,
    },
    /// Somebody who sat at its terminal has gone.
    Detached {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
    },
    /// Somebody dropped a credit instead of spending it.
    CreditDropped {
        /// The slot.
        slot: SlotId,
        /// Which credit.
        serial: Serial,
    },
}

/// What an instance shows while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateChange {
    /// It asks this and waits.
    NeedsInput(String),
    /// It says this, and tries again by itself.
    Throttled(String),
    /// For this long nothing has come from it, and none of its processes has used the processor.
    Stalled(Duration),
    /// A signal had stopped it; it has been told to go on.
    Stopped,
    /// Whatever it was, it works again.
    Working,
}

/// What the supervisor tells the router.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum PoolEvent {
    /// A slot exists, and what it can be had for.
    Added {
        /// The slot.
        slot: SlotId,
        /// Its tool, and what that is able to do.
        offer: Arc<Offer>,
    },
    /// An instance can take a job.
    Ready(Credit),
    /// A job has ended; judged before the slot's next credit comes, which is often in the same message.
    Finished {
        /// The slot.
        slot: SlotId,
        /// Its life.
        generation: Generation,
        /// What to remember.
        report: Report,
        /// The next credit, if it can be trusted with one.
        credit: Option<Credit>,
    },
    /// A credit is void; drop it if it is still there.
    Revoked {
        /// The slot.
        slot: SlotId,
        /// Which credit.
        serial: Serial,
    },
    /// A job comes back undelivered, or was turned away by a limit: it goes to the front of the queue.
    Returned(Box<Job>),
    /// An instance has gone; its conversations are lost. The slot itself stays, unless `for_ever`.
    Gone {
        /// The slot.
        slot: SlotId,
        /// The life that ended.
        generation: Generation,
        /// No other life will follow.
        for_ever: bool,
    },
    /// Every slot of a tool has gone for ever: jobs that need it cannot run.
    Failed {
        /// The tool.
        tool: Arc<str>,
        /// Why, for the caller.
        reason: Arc<str>,
    },
    /// No more jobs: those that wait are refused.
    Closed,
}

/// What the supervisor tells an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub enum Order {
    /// Take back this credit.
    Revoke(Serial),
    /// Finish the job at hand, then go by the stop ladder.
    Drain,
    /// Go by the stop ladder now; a job at hand ends as cancelled.
    Stop,
    /// Go at once.
    Kill,
    /// Our program goes on after a [`Pause`].
    Resume,
    /// Its credit is void: from now on it belongs to somebody who sits at its terminal.
    Attach(Seat),
    /// That one has gone: answer, then be free again.
    Detach,
}

/// Tells an instance that our program is about to be stopped: nothing is due until [`Order::Resume`], and the time in
/// between counts for nothing. The fence is dropped when the instance has taken that in.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Pause(pub tokio::sync::mpsc::Sender<std::convert::Infallible>);

/// Sends news past the mailbox bound: the one place that does. Bounded by the protocol: a slot has at most one
/// credit, one job and one life at a time, so only a handful of news per slot can be under way.
#[expect(clippy::disallowed_methods, reason = "news is bounded by the protocol and must never be lost")]
pub fn tell<M>(to: &Recipient<M>, news: M)
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    to.do_send(news);
}
