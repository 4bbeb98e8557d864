//! Why a record cannot be kept or read.

use super::folder::FolderError;
use super::lock::LockError;
use rusqlite::ErrorCode;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is wrong with a record.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Nowhere to keep it.
    #[error("no folder for the record: set HOME or XDG_STATE_HOME, or use --no-ledger")]
    Nowhere,
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Another controller writes it.
    #[error("another controller has run {run} (pid {pid}): wait for it, or stop it")]
    Held {
        /// Which run.
        run: String,
        /// The other controller.
        pid: u32,
    },
    /// No such run.
    #[error("no run {0}: 'cluster runs' lists them")]
    NoSuchRun(String),
    /// Its tools are called in another way than when it was begun: each of its jobs would be another one.
    #[error(
        "the tools of run {0} are not what they were when it was begun: their programs, arguments or models differ"
    )]
    OtherTools(String),
    /// It is not what it should be. It stays where it is.
    #[error("the record {} is damaged: {reason}; it has been left as it is", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A later version of the program made it.
    #[error("the record {} was made by a later version of cluster: use that one", .0.display())]
    Newer(PathBuf),
    /// Another controller has taken the run over.
    #[error("another controller has taken over the run: nothing more is written by this one")]
    Fenced,
    /// Its file was removed while the run went on.
    #[error("the record {} was removed while the run went on", .0.display())]
    Gone(PathBuf),
    /// The thread that writes has ended.
    #[error("the thread that keeps the record has ended")]
    Ended,
    /// The library is one that can corrupt records.
    #[error("SQLite {0} can corrupt records: build with 3.51.3 or later")]
    OldSqlite(&'static str),
    /// What the database says.
    #[error("the record cannot be used: {0}")]
    Database(#[from] rusqlite::Error),
}

impl LedgerError {
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    /// The bare reason, where the rest has been said.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Database(error) => error.to_string(),
            error => error.to_string(),
        }
    }

    /// The lock of this run is not to be had.
    pub(super) fn locked(run: &str, error: LockError) -> Self {
        match error {
            LockError::Held { pid } => Self::Held { run: run.to_owned(), pid },
            LockError::Folder(error) => error.into(),
        }
    }

    /// Whether there is no room on the disk.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Database(error) => error.sqlite_error_code() == Some(ErrorCode::DiskFull),
            Self::Folder(FolderError::System { error, .. }) => {
                matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }

    /// Whether the disk refused, and may take it later: no room, a limit, an error of the device, another connection
    /// that holds a lock.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(
            error.sqlite_error_code(),
            Some(
                ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
                    | ErrorCode::ReadOnly
                    | ErrorCode::CannotOpen
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::OutOfMemory
            )
        )
    }
}
