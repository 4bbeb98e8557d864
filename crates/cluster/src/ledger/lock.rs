//! One controller a run: a lock that the system takes back when its holder dies, however it dies.

use super::folder::{FolderError, private_file};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

/// The right to write a run's record, until it is dropped.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Why the lock cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another controller has it.
    #[error("another controller has the run (pid {pid}): wait for it, or stop it")]
    Held {
        /// Its process; 0 if it has not said so yet.
        pid: u32,
    },
    /// The file cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl RunLock {
    /// Takes the lock at `path`, and writes our process id into it. A lock whose holder is dead is free.
    ///
    /// # Errors
    /// [`LockError::Held`] names the holder.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let mut file = private_file(path)?;
        match try_hard(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: read_pid(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(FolderError::system(path)(error).into()),
        }
        // For people only: who has it is decided by the lock.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Self { _file: file })
    }

    /// Waits until nobody has the lock at `path`.
    ///
    /// # Errors
    /// [`LockError::Folder`] if the file cannot be used.
    pub fn wait(path: &Path) -> Result<(), LockError> {
        let shared = File::open(path).and_then(|file| file.lock_shared());
        shared.map_err(FolderError::system(path)).map_err(LockError::from)
    }

    /// Who has the lock at `path` now; nobody if it is free or missing.
    #[must_use]
    pub fn holder(path: &Path) -> Option<u32> {
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(read_pid(&mut file)),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

/// Whoever only asks [`RunLock::holder`] has the lock for a moment; a controller has it for long.
fn try_hard(file: &File) -> Result<(), TryLockError> {
    for _ in 0..5 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::park_timeout(Duration::from_millis(5)),
            result => return result,
        }
    }
    file.try_lock()
}

fn read_pid(file: &mut File) -> u32 {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.take(32).read_to_string(&mut text));
    text.trim().parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults 65 and 66.
    #[test]
    fn the_second_is_told_who_has_it_and_a_stale_lock_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.lock");
        assert_eq!(RunLock::holder(&path), None);
        let lock = RunLock::take(&path).unwrap();
        let pid = std::process::id();
        assert!(matches!(RunLock::take(&path), Err(LockError::Held { pid: held }) if held == pid));
        assert_eq!(RunLock::holder(&path), Some(pid));
        drop(lock);
        assert_eq!(RunLock::holder(&path), None);
        RunLock::take(&path).unwrap();
    }
}
