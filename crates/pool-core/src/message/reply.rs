//! What a caller gets back: a [`Reply`], or the [`JobError`](crate::JobError) that says why there is none.

use super::{Generation, SlotId};
use crate::error::JobError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Exactly one of these ends every job.
pub type JobResult = Result<Reply, JobError>;

/// How a job ended. A turn that ended is not a turn that succeeded, hence a word apart from [`CompletedBy`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The tool did what it was told, as far as it says.
    Ok,
    /// The tool reports a failure.
    Error,
    /// The tool was not allowed to do something it needed.
    Denied,
    /// The account's usage limit; not sickness.
    Limited,
    /// Not sent: the prompt cannot be carried, or an errand refused it.
    Refused,
    /// The conversation no longer fits the model.
    ContextFull,
    /// No end of turn before the deadline.
    TimedOut,
    /// The tool went away in the middle of its reply, politely.
    Truncated,
    /// The tool went away in the middle of its reply, by a signal or with an error.
    Crashed,
    /// The tool's output broke the rule that frames its replies.
    Unframed,
    /// The caller took it back.
    Cancelled,
    /// Dropped on the way; the stage says whether a byte was written.
    Lost,
    /// Sent, and nobody knows how it ended.
    Unknown,
}

impl Outcome {
    /// Whether the instance, not the job, is to blame: what the breaker counts.
    #[must_use]
    pub const fn is_sickness(self) -> bool {
        matches!(self, Self::TimedOut | Self::Truncated | Self::Crashed | Self::Unframed)
    }

    /// Whether the tool answered, whatever it said: proof that its instance works.
    #[must_use]
    pub const fn is_an_answer(self) -> bool {
        matches!(self, Self::Ok | Self::Error | Self::Denied | Self::Limited | Self::ContextFull)
    }

    /// Whether the job's end was that of its instance, too.
    #[must_use]
    pub const fn is_a_crash(self) -> bool {
        matches!(self, Self::Truncated | Self::Crashed | Self::Unframed)
    }

    /// The word that results and tables use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Denied => "denied",
            Self::Limited => "limited",
            Self::Refused => "refused",
            Self::ContextFull => "context_full",
            Self::TimedOut => "timed_out",
            Self::Truncated => "truncated",
            Self::Crashed => "crashed",
            Self::Unframed => "unframed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// The rule that ended a turn, in order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompletedBy {
    /// An end-of-turn message of the tool's own protocol.
    Protocol,
    /// A fresh nonce that we had the tool print.
    Sentinel,
    /// Its prompt came back, at the very end of the output.
    Prompt,
    /// The process of a one-shot tool ended.
    Exit,
    /// One line out for one line in.
    Lines,
    /// Silence: a guess, and labelled so.
    Quiet,
}

/// Tokens and money, as the tool measured them; never estimated.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Usage {
    /// Tokens sent to the model.
    pub input: Option<u64>,
    /// Tokens received from the model.
    pub output: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
}

impl Usage {
    /// Both together. What only one of them knows is taken from that one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        fn sum<T>(one: Option<T>, other: Option<T>, plus: impl Fn(T, T) -> T) -> Option<T> {
            match (one, other) {
                (Some(one), Some(other)) => Some(plus(one, other)),
                (one, other) => one.or(other),
            }
        }
        // The numbers are the tool's own words: they may be any.
        Self {
            input: sum(self.input, other.input, u64::saturating_add),
            output: sum(self.output, other.output, u64::saturating_add),
            cost_usd: sum(self.cost_usd, other.cost_usd, std::ops::Add::add),
        }
    }

    /// All of the steps that were measured; absent if none was.
    #[must_use]
    pub fn total(steps: &[StepReply]) -> Option<Self> {
        steps.iter().filter_map(|step| step.usage).reduce(Self::plus)
    }
}

/// Which process answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRef {
    /// The tool's name.
    pub tool: Arc<str>,
    /// The tool's version, where known.
    pub version: Option<Arc<str>>,
    /// The slot.
    pub slot: SlotId,
    /// The slot's life.
    pub generation: Generation,
}

/// One turn, ended.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReply {
    /// The text as the tool meant it: no echo, no prompt, no escape sequence, the last line end dropped.
    pub text: String,
    /// The same as it came, if [`super::Job::want_raw`] asked for it: at most [`Limits::max_raw`](crate::spec::Limits) bytes,
    /// head and tail with a line between them that says what was cut.
    pub raw: Option<Vec<u8>>,
    /// The rule that ended the turn.
    pub completed_by: CompletedBy,
    /// What matched.
    pub evidence: String,
    /// How the turn turned out.
    pub outcome: Outcome,
    /// Why, if not [`Outcome::Ok`].
    pub detail: Option<String>,
    /// From the first byte written to the end of the turn.
    pub turn: Duration,
    /// What the tool measured.
    pub usage: Option<Usage>,
    /// How many bytes were cut out of the middle because of `Limits::max_reply`.
    pub cut: u64,
}

/// How long things took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// From submission to the first byte written.
    pub queued: Duration,
    /// From the first byte written to the end of the last turn.
    pub turn: Duration,
}

/// What a job brought home.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// How the job ended: the outcome of its last turn.
    pub outcome: Outcome,
    /// The turns that ended, in order.
    pub steps: Vec<StepReply>,
    /// Who answered.
    pub instance: InstanceRef,
    /// How long it took.
    pub timings: Timings,
    /// The conversation this job was to continue is gone: the instance was replaced, or the session ended.
    pub context_lost: bool,
    /// Things worth knowing that did not change the outcome.
    pub warnings: Vec<String>,
    /// Why, if the outcome is not [`Outcome::Ok`].
    pub error: Option<String>,
}

impl Reply {
    /// The text of the last turn; empty if no turn ended.
    #[must_use]
    pub fn text(&self) -> &str {
        self.steps.last().map_or("", |step| step.text.as_str())
    }

    /// Whether the outcome is [`Outcome::Ok`].
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// Whether the middle of some reply was cut out.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.steps.iter().any(|step| step.cut > 0)
    }
}
