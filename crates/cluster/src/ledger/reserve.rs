//! Room on the disk for the replies of what runs, when there is none left.
//!
//! A file of [`RESERVE`] bytes is laid down when a run begins. When the disk is full it is given up, so that replies
//! that are on their way can be written; intents wait until there is room for a reserve again. So nothing that was paid
//! for is lost, and nothing new is begun.

use super::LedgerError;
use rusqlite::ErrorCode;
use rustix::fs::{FallocateFlags, fallocate};
use std::path::{Path, PathBuf};

/// How much is kept back, in bytes.
const RESERVE: u64 = 16 << 20;

/// The file that takes it.
const NAME: &str = "reserve";

/// The room that a record has.
#[derive(Debug)]
pub(super) enum Room {
    /// There is some, and a reserve, or no way to make one.
    Enough(PathBuf),
    /// The reserve has been given up.
    Full(PathBuf),
}

impl Room {
    /// Lays the reserve down in this folder. A file system that cannot, or is nearly full, does without: then the
    /// first refusal of the disk is met without it.
    pub(super) fn reserve(folder: &Path) -> Self {
        let path = folder.join(NAME);
        let _ = lay_down(&path);
        Self::Enough(path)
    }

    /// Whether intents have to wait.
    pub(super) const fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// The disk refused. True if something was given up, so that it is worth trying again at once.
    pub(super) fn give_way(&mut self, error: &LedgerError) -> bool {
        let Self::Enough(path) = self else { return false };
        tracing::warn!(
            "{error}: nothing more is sent until the disk takes it, and has {} MB of room; this goes on by itself",
            RESERVE >> 20
        );
        let gave = is_full(error) && std::fs::remove_file(&*path).is_ok();
        *self = Self::Full(std::mem::take(path));
        gave
    }

    /// Tries to lay the reserve down again; true if that worked.
    pub(super) fn has_come_back(&mut self) -> bool {
        let Self::Full(path) = self else { return true };
        if lay_down(path).is_err() {
            return false;
        }
        tracing::warn!("the disk has room again: the run goes on");
        *self = Self::Enough(std::mem::take(path));
        true
    }

    /// The run is over.
    pub(super) fn release(&mut self) {
        let (Self::Enough(path) | Self::Full(path)) = self;
        let _ = std::fs::remove_file(path);
    }
}

/// Gives up the reserve of a controller that is gone.
pub(super) fn give_up(folder: &Path) {
    // There is none, or it lies where nothing can be removed.
    let _ = std::fs::remove_file(folder.join(NAME));
}

/// A limit on the size of files looks like an error of the device.
fn is_full(error: &LedgerError) -> bool {
    let is_failure = |error: &rusqlite::Error| error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
    error.is_full() || matches!(error, LedgerError::Database(error) if is_failure(error))
}

fn lay_down(path: &Path) -> Result<(), LedgerError> {
    let file = super::folder::private_file(path)?;
    match fallocate(&file, FallocateFlags::empty(), 0, RESERVE) {
        // Without the call the file system cannot promise anything anyway.
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
        Err(error) => {
            let _ = std::fs::remove_file(path);
            Err(super::folder::FolderError::system(path)(error.into()).into())
        }
    }
}
