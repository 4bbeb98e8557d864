//! What a pool answers.

use super::inside::{AttachDone, AttachedTo, Bytes, LogPiece, ScaleDone};
use super::ticket::TicketId;
use crate::batch::ResultRecord;
use crate::inside::Why;
use crate::snapshot::Snapshot;
use pool_core::message::Outcome;
use pool_core::supervisor::InstanceStatus;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A line of the pool, after the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answer {
    /// The request that it belongs to; null if that had no number that could be read, and for what ends the connection.
    pub id: Option<u64>,
    /// What is said.
    #[serde(flatten)]
    pub body: Body,
}

/// What is said about a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// It is done. Nothing more comes.
    Ok(Done),
    /// Something on the way.
    Event(Event),
    /// It is not done. Nothing more comes.
    Error(Fault),
}

/// What was asked for. Which of them it is follows from the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Done {
    /// Of `status`.
    Status(Box<StatusDone>),
    /// Of `send`.
    Send(Box<SendDone>),
    /// Of `read`.
    Read(Box<ReadDone>),
    /// Of `restart`.
    Restart(Restarted),
    /// Of `scale`.
    Scale(ScaleDone),
    /// Of `why`.
    Why(Box<Why>),
    /// Of `attach`.
    Attach(AttachDone),
    /// Of everything else.
    Nothing {},
}

/// A pool at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StatusDone {
    /// The pool.
    pub pool: PoolView,
    /// Its instances and its router.
    pub snapshot: Snapshot,
    /// What was sent to a pool that stays up; null for a batch.
    pub tickets: Option<TicketCounts>,
    /// How far a batch is; null for a pool that stays up.
    pub jobs: Option<Outcomes>,
    /// What the jobs are called that instances have, by the number that the snapshot has for `job`: tickets, or the ids of a
    /// batch.
    pub names: BTreeMap<u64, String>,
    /// What was sent has cost so much, in US dollars, as far as tools tell it when a turn has ended.
    #[serde(default)]
    pub cost_usd: f64,
}

/// What a pool is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PoolView {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: super::Kind,
    /// The recorded run that it belongs to.
    pub run: Option<String>,
    /// Its controller.
    pub pid: u32,
    /// When that began; RFC 3339, UTC.
    pub since: String,
    /// What it does, for people.
    pub plan: String,
    /// Whether it has been told to end.
    pub ending: bool,
    /// What can be sent to; nothing for a batch.
    #[serde(default)]
    pub tools: Vec<ToolView>,
}

/// A tool, for those who send to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ToolView {
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub about: Option<String>,
    /// Its own commands that a step may be.
    pub commands: Vec<String>,
    /// What a turn may change, for people.
    pub effects: String,
    /// Whether what it is told is code that it runs as it stands.
    pub interprets: bool,
    /// Whether it tells what a turn has cost.
    pub tells_costs: bool,
}

/// Tickets, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TicketCounts {
    /// Those that wait for an instance.
    pub queued: u64,
    /// Those that an instance has.
    pub working: u64,
    /// Those that have ended, and nobody has read the result.
    pub unread: u64,
}

/// Jobs of a batch, counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Outcomes {
    /// Those that wait for an instance, as far as the list has been read.
    pub queued: u64,
    /// Those that an instance has.
    pub working: u64,
    /// How many ended how.
    pub ended: BTreeMap<Outcome, u64>,
}

/// How far a prompt has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SendDone {
    /// Its ticket.
    pub ticket: TicketId,
    /// Its result; null unless that was waited for.
    pub result: Option<ResultRecord>,
}

/// A result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReadDone {
    /// Its ticket.
    pub ticket: TicketId,
    /// What came of it.
    pub result: ResultRecord,
}

/// Whether there was something to restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Restarted {
    /// False if the instance has gone for ever, or is about to.
    pub restarted: bool,
}

/// Something on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The prompt has a ticket.
    Accepted {
        /// Which.
        ticket: TicketId,
    },
    /// Its first byte has been handed to a tool.
    Delivered {
        /// Whose.
        ticket: TicketId,
        /// The instance that has it.
        slot: u32,
        /// The life of that instance.
        generation: u32,
    },
    /// The tool asks a question, and waits: see `answer`.
    Asks {
        /// Whose turn it is.
        ticket: TicketId,
        /// The question.
        question: String,
    },
    /// An instance has become something else. To those who watch.
    Instance(Box<InstanceStatus>),
    /// A ticket has. To those who watch.
    Ticket(TicketChange),
    /// A piece of a transcript.
    Log(LogPiece),
    /// The instance belongs to the client.
    Attached(AttachedTo),
    /// It says this, to who is attached.
    Output(Bytes),
    /// So much of its output was left out because the client was too slow.
    Unshown {
        /// How many bytes.
        bytes: u64,
    },
    /// So many changes were left out because the client was too slow; `status` has the whole. To those who watch.
    Missed {
        /// How many.
        changes: u64,
    },
}

/// A ticket that has become something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TicketChange {
    /// Which.
    pub ticket: TicketId,
    /// What it is now.
    #[serde(flatten)]
    pub state: TicketState,
}

/// Where a ticket stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TicketState {
    /// Waits for an instance.
    Queued,
    /// An instance has it.
    Working {
        /// Which.
        slot: u32,
        /// In which of its lives.
        generation: u32,
        /// What its tool asks.
        asks: Option<String>,
    },
    /// It has ended.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, schemars::JsonSchema)]
#[error("{message}")]
pub struct Fault {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
    /// What to do about it, for people.
    #[serde(default)]
    pub help: Option<String>,
}

impl Fault {
    /// Without advice.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Why a request was not done, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request makes no sense.
    Usage,
    /// No such ticket, or its result is kept no more.
    NoSuchTicket,
    /// No such instance.
    NoSuchInstance,
    /// No such job.
    NoSuchJob,
    /// Nothing is under way, and nothing is unread.
    Nothing,
    /// It did not come in time.
    TimedOut,
    /// This pool does not do that, or not now.
    Refused,
    /// Too much is under way.
    Overloaded,
    /// The pool is about to end.
    Gone,
    /// The line is longer than a request may be.
    TooLong,
    /// The client does not read what it is sent; the connection ends.
    TooSlow,
    /// The client said nothing; the connection ends.
    Silent,
    /// This program does not know how.
    NotOffered,
    /// The record cannot be written or read.
    Record,
    /// Something that should not happen.
    Internal,
}
