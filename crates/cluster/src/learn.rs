//! A profile for a tool that nobody has described: it is started, asked to print marks in every language that we know,
//! and watched.
//!
//! What is learnt is a draft ([`Learnt::profile`]) that has been rehearsed with the dialect that a pool uses, and the
//! transcript of that rehearsal. What could not be found out is said, too ([`Learnt::open`]).
//!
//! ```text
//! search (which statement prints a mark?) ─▶ observe (prompts, remarks, echo) ─▶ draft ─▶ rehearse ─▶ profile
//!       pipes first; a terminal, if pipes do not do
//! ```
//!
//! What decides (`catalogue`, `shape`, `patience`, `draft`) is pure; `teacher` asks it what to do next, and `talk` and
//! `stage` do it.

mod catalogue;
mod draft;
mod patience;
mod rehearsal;
mod search;
mod shape;
mod stage;
pub(crate) mod talk;
mod teacher;
mod transcript;

use crate::profile::{ProfileError, Surroundings};
use pool_core::process::Launch;
use std::sync::Arc;
use std::time::Duration;
use teacher::Teacher;

/// What is to be learnt, and how long that may take.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// The command line, split.
    pub command: Vec<String>,
    /// What its profile is called.
    pub name: String,
    /// Only a terminal is tried.
    pub pty: bool,
    /// The longest that all of it may take.
    pub limit: Duration,
}

/// What was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learnt {
    /// The text of the profile. It has been read by [`crate::profile::Profile::parse`].
    pub profile: String,
    /// The transcript of the rehearsal, which replays against the profile; `None` if it does not.
    pub transcript: Option<String>,
    /// What was found, a line each.
    pub found: Vec<String>,
    /// What was not found out, or does not work; a line each.
    pub open: Vec<String>,
}

/// Why nothing was learnt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LearnError {
    /// No command line.
    #[error("no command: name a program")]
    Empty,
    /// This program is better not told anything by trial.
    #[error(
        "'{program}' is not learnt by trying: {why}; write its profile by hand, see `cluster schema profile`"
    )]
    Refused {
        /// Its name.
        program: String,
        /// What trying might do.
        why: &'static str,
    },
    /// It cannot be started.
    #[error("it cannot be started: {0}")]
    NotStarted(String),
    /// It prints without being asked.
    #[error("it has printed more than {0} bytes: it does not wait for what it is told")]
    TooMuch(usize),
    /// It took too long.
    #[error("it was not learnt within {0:.0?}: allow more with --timeout")]
    TooLong(Duration),
    /// The draft is no profile: a fault of ours.
    #[error("the profile drawn up for it is wrong: {0}")]
    Draft(#[from] ProfileError),
    /// Neither way led to anything.
    #[error("{}", .0.join("; "))]
    Unlearnable(Vec<String>),
}

/// Learns a tool. Starts it several times, one life after the other, in slot 0 of `launcher`.
///
/// # Errors
/// [`LearnError`] says why a tool cannot be learnt; nothing is written anywhere.
pub async fn learn(
    lesson: &Lesson,
    launcher: Arc<dyn Launch>,
    around: &Surroundings,
) -> Result<Learnt, LearnError> {
    let program = lesson.command.first().filter(|program| !program.is_empty()).ok_or(LearnError::Empty)?;
    if let Some(why) = catalogue::refused(program) {
        return Err(LearnError::Refused { program: program.clone(), why });
    }
    let teacher = Teacher::new(lesson, &*launcher, around);
    tokio::time::timeout(lesson.limit, teacher.learn())
        .await
        .unwrap_or(Err(LearnError::TooLong(lesson.limit)))
}
