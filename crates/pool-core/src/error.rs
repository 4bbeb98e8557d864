//! Errors are outcomes: nouns, with messages that say what to do next.

use crate::message::Stage;
use std::path::PathBuf;
use std::time::Duration;

/// Why a job brought no [`Reply`](crate::message::Reply).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The router's queue is full.
    #[error("the queue is full ({limit} jobs): wait for replies, or raise its bound")]
    Overloaded {
        /// The bound.
        limit: usize,
    },
    /// No instance can ever take it; another job may be.
    #[error("no instance can take the job: {0}")]
    Unavailable(String),
    /// Every instance of every tool has gone for ever: no job can be taken any more.
    #[error("no instance can take the job: {0}")]
    GivenUp(String),
    /// Dropped on the way by something that broke. From `Delivered` on, the tool may have done the work.
    #[error("the job was lost at stage {stage:?}: {}", if *.stage < Stage::Delivered { "nothing was sent, send it again" } else { "it was sent, check before sending it again" })]
    Lost {
        /// How far it had come.
        stage: Stage,
    },
    /// Taken back by its caller before anything was sent.
    #[error("cancelled before it was sent")]
    Cancelled,
    /// The pool is closing.
    #[error("the pool is closed: no further jobs are taken")]
    Closed,
}

impl JobError {
    /// Whether the tool may have got to see the job.
    #[must_use]
    pub fn was_sent(&self) -> bool {
        matches!(self, Self::Lost { stage } if *stage >= Stage::Delivered)
    }
}

/// Why an instance did not start. Some heal by waiting, some never do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// No such program on the search path.
    #[error("program '{program}' not found on PATH: install it, or give its path")]
    NoProgram {
        /// As written.
        program: String,
    },
    /// The working folder does not exist.
    #[error("working folder '{}' does not exist: create it, or choose another with --cwd", .path.display())]
    NoFolder {
        /// As written.
        path: PathBuf,
    },
    /// The private folder of the slot cannot be made.
    #[error("its private folder '{}' cannot be made: {reason}", .path.display())]
    NoStateFolder {
        /// Which.
        path: PathBuf,
        /// The system's word for it.
        reason: String,
    },
    /// The program is a script, and its interpreter is missing.
    #[error("'{}' names an interpreter that does not exist: see its first line", .path.display())]
    NoInterpreter {
        /// The script.
        path: PathBuf,
    },
    /// The program cannot be executed.
    #[error("'{}' cannot be executed: {reason}", .path.display())]
    NotExecutable {
        /// The program.
        path: PathBuf,
        /// The system's word for it.
        reason: String,
    },
    /// The arguments or the environment are too long, or hold a NUL.
    #[error("the command line cannot be passed on: {0}")]
    BadArguments(String),
    /// It wants a terminal, and only guards can give it one.
    #[error(
        "a terminal takes a guard: call `guard::init()` first thing in `main`, or give the tool pipes (`io = \"pipes\"`)"
    )]
    NoTerminal,
    /// The program is being written at this moment.
    #[error("'{}' is still being written: wait until its installation has ended", .path.display())]
    Busy {
        /// The program.
        path: PathBuf,
    },
    /// The system was short of something.
    #[error("the system could not start it: {0}")]
    System(String),
    /// It went away before it was ready.
    #[error("it ended before it was ready ({how}); its last output: {tail}")]
    Ended {
        /// Exit code or signal.
        how: String,
        /// The exit code, if it exited.
        code: Option<i32>,
        /// Its last output, escaped.
        tail: String,
    },
    /// It asks something before it is ready, and waits.
    #[error(
        "it asks {question:?}, and nobody can answer at its start: start it with flags that keep it from asking; its last output: {tail}"
    )]
    Asks {
        /// The line that asks.
        question: String,
        /// Its last output, escaped.
        tail: String,
    },
    /// It was not ready in time.
    #[error(
        "not ready after {after:?}: raise --ready-timeout, or check the profile's `ready`; its last output: {tail}"
    )]
    NotReady {
        /// The limit.
        after: Duration,
        /// Its last output, escaped.
        tail: String,
    },
}

impl StartError {
    /// Whether another try can succeed without somebody changing something.
    #[must_use]
    pub const fn can_heal(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. }
                | Self::System(_)
                | Self::Ended { .. }
                | Self::Asks { .. }
                | Self::NotReady { .. }
        )
    }

    /// Whether the system, not the tool, is to blame: not charged to the restart intensity.
    #[must_use]
    pub const fn is_systems_fault(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::System(_))
    }
}

/// A configuration that makes no sense, with the field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct SpecError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl SpecError {
    /// An error about `field`.
    pub fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}
