//! A copy of standard input, so that a run can be resumed after its pipe is gone.
//!
//! One thread copies as fast as the pipe gives, 64 MiB ahead of the reader at most; the reader reads the
//! copy. The copy is called `NAME.part` until the input has ended. While the disk is full it waits, and so does whoever reads.

use super::folder::{FolderError, private_file};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 << 10;
/// How far the copy runs ahead, in bytes at most.
const AHEAD: usize = 64 << 20;

/// How long to wait before a disk without room is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Reads the copy, and waits for more where it ends before the input does.
#[derive(Debug)]
pub struct Spool {
    copy: File,
    more: Receiver<std::io::Result<()>>,
}

impl Spool {
    /// Copies `from` into the file `to`, in the background.
    ///
    /// # Errors
    /// [`FolderError`] if the copy cannot be made.
    pub fn copy(from: impl Read + Send + 'static, to: &Path) -> Result<Self, FolderError> {
        let part = part(to);
        let written = private_file(&part)?;
        let copy = File::open(&part).map_err(FolderError::system(&part))?;
        let (send, more) = sync_channel(AHEAD / CHUNK);
        let to = to.to_owned();
        std::thread::Builder::new()
            .name("cluster-input".into())
            .spawn(move || {
                let end = pump(from, written, &send).and_then(|end| match end {
                    End::Input => std::fs::rename(part, to),
                    End::Reader => Ok(()),
                });
                if end.is_err() {
                    let _ = send.send(end);
                }
            })
            .map_err(FolderError::system(Path::new("the thread for standard input")))?;
        Ok(Self { copy, more })
    }
}

/// The copy of an input, and whether it is whole.
#[must_use]
pub fn found(path: &Path) -> Option<(PathBuf, bool)> {
    let part = part(path);
    if path.is_file() { Some((path.to_owned(), true)) } else { part.is_file().then_some((part, false)) }
}

fn part(path: &Path) -> PathBuf {
    path.with_extension("part")
}

/// Who had enough.
enum End {
    /// The input has ended: the copy is whole.
    Input,
    /// Nobody reads the copy any more. It is not whole.
    Reader,
}

fn pump(mut from: impl Read, mut to: File, more: &SyncSender<std::io::Result<()>>) -> std::io::Result<End> {
    let mut chunk = vec![0; CHUNK];
    let mut written = 0;
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return to.sync_all().map(|()| End::Input),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        while let Err(error) = append(&mut to, written, &chunk[..count]) {
            if !may_pass(&error) {
                return Err(error);
            }
            // To say something tells whether anybody listens.
            if matches!(more.try_send(Ok(())), Err(TrySendError::Disconnected(_))) {
                return Ok(End::Reader);
            }
            std::thread::park_timeout(AGAIN);
        }
        written += count as u64;
        if more.send(Ok(())).is_err() {
            return Ok(End::Reader);
        }
    }
}

/// On disk before anything is made of it; nothing of it stays if that fails.
fn append(to: &mut File, written: u64, chunk: &[u8]) -> std::io::Result<()> {
    to.seek(SeekFrom::Start(written))?;
    let appended = to.write_all(chunk).and_then(|()| to.sync_data());
    if appended.is_err() {
        to.set_len(written)?;
    }
    appended
}

/// Somebody may make room.
fn may_pass(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

impl Read for Spool {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.copy.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            match self.more.recv() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(error),
                // The input has ended; what came last may have been written since.
                Err(_) => return self.copy.read(buffer),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::pipe;

    #[test]
    fn what_goes_in_comes_out_and_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("input");
        let (from, mut to) = pipe().unwrap();
        let mut spool = Spool::copy(from, &path).unwrap();
        let mut text = [0; 3];
        to.write_all(b"one").unwrap();
        spool.read_exact(&mut text).unwrap();
        assert_eq!((&text, found(&path)), (b"one", Some((dir.path().join("input.part"), false))));
        to.write_all(b"two").unwrap();
        drop(to);
        let mut rest = String::new();
        spool.read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), found(&path)), ("two", Some((path.clone(), true))));
        assert_eq!(std::fs::read(path).unwrap(), b"onetwo");
    }

    #[test]
    fn a_copy_that_nobody_reads_to_its_end_is_not_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("input");
        let (send, more) = sync_channel(1);
        drop(more);
        let written = private_file(&part(&path)).unwrap();
        assert!(matches!(pump(&b"one"[..], written, &send), Ok(End::Reader)));
        assert_eq!(found(&path), Some((part(&path), false)));
    }

    #[test]
    fn what_did_not_reach_the_disk_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = private_file(&dir.path().join("input")).unwrap();
        append(&mut file, 0, b"one").unwrap();
        // As a write that broke off in the middle leaves it.
        file.write_all(b"tw").unwrap();
        append(&mut file, 3, b"two").unwrap();
        assert_eq!(std::fs::read(dir.path().join("input")).unwrap(), b"onetwo");
    }
}
