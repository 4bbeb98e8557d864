//! Why a tool cannot be used as asked.

use crate::config::{Wrong, line_of};
use std::path::PathBuf;

/// Why a tool cannot be used as asked; nothing has started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No profile has this name.
    #[error("no profile is named '{tool}'{}: `cluster tools` lists them; a command line needs --until, --sentinel, --lines or --quiet-for", guess(.nearest.as_ref()))]
    Unknown {
        /// What was asked for.
        tool: String,
        /// A name that is nearly the same.
        nearest: Option<String>,
    },
    /// A project says how it is started, and the user does not trust that.
    #[error("{} says how '{tool}' is started: {advice}", .file.display())]
    Withheld {
        /// What was asked for.
        tool: String,
        /// The project's file.
        file: PathBuf,
        /// What is the matter, and what to do.
        advice: String,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word for it.
        reason: String,
    },
    /// A profile, or what the user's settings add to it, makes no sense.
    #[error(transparent)]
    Bad(#[from] Wrong),
    /// A flag makes no sense.
    #[error("{flag}: {reason}")]
    Flag {
        /// As it is written.
        flag: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
}

fn guess(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

/// An error about `key` of the profile in `text`, if there is a text.
pub(super) fn at_key(place: &str, text: Option<&str>, key: &str, reason: impl Into<String>) -> Wrong {
    let line = text.and_then(|text| line_of(text, key)).map(|line| format!(":{line}")).unwrap_or_default();
    Wrong { place: format!("{place}{line}"), key: key.to_owned(), reason: reason.into() }
}
