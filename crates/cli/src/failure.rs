//! Why a command ended before it did its work.

use crate::exit::Exit;
use cluster::LaunchError;
use cluster::config::Origin;
use cluster::ledger::LedgerError;
use std::fmt::Display;

/// One line for people, what to do about it, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Failure {
    /// Wrong usage or bad input.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self { exit: Exit::Usage, message: message.to_string(), help: None }
    }

    /// The pool could not start.
    pub(crate) fn pool(message: impl Display) -> Self {
        Self { exit: Exit::Pool, message: message.to_string(), help: None }
    }

    /// The record cannot be kept or read.
    pub(crate) fn ledger(error: impl Into<LedgerError>) -> Self {
        let error = error.into();
        let exit = match error {
            LedgerError::Held { .. } => Exit::Held,
            LedgerError::NoSuchRun(_)
            | LedgerError::Nowhere
            | LedgerError::Folder(_)
            | LedgerError::OtherTools(_) => Exit::Usage,
            _ => Exit::Failed,
        };
        let help = match &error {
            error if error.is_full() => Some("make room on the disk, or run with --no-ledger"),
            LedgerError::OtherTools(_) => {
                Some("put settings, profiles and PATH back, or begin anew with 'cluster run --new'")
            }
            LedgerError::Folder(_) => Some("'cluster run --no-ledger' keeps no record"),
            _ => None,
        };
        let help = help.map(str::to_owned);
        Self { exit, message: error.to_string(), help }
    }

    /// There is no pool.
    pub(crate) fn launch(error: LaunchError) -> Self {
        match error {
            LaunchError::TooMany(_) => Self::usage(error),
            error => Self::pool(error),
        }
    }

    /// Says which of the user's settings it is about.
    pub(crate) fn about(self, key: &str, origin: &Origin) -> Self {
        Self { message: format!("{origin}: {key}: {}", self.message), ..self }
    }

    /// Adds what to do about it.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Data could not be written to standard output.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let exit = if error.kind() == std::io::ErrorKind::BrokenPipe { Exit::Stopped } else { Exit::Failed };
        Self { exit, message: format!("cannot write to standard output: {error}"), help: None }
    }
}
