//! A copy of standard input, so that a run can be resumed after its pipe is gone.
//!
//! One thread copies as fast as the pipe gives, 64 MiB ahead of the reader at most; the reader reads the
//! copy. The copy is called `NAME.part` until the input has ended.

use super::folder::{FolderError, private_file};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// How much is read at once, in bytes.
const CHUNK: usize = 64 << 10;
/// How far the copy runs ahead, in bytes at most.
const AHEAD: usize = 64 << 20;

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
                let end = pump(from, written, &send).and_then(|()| std::fs::rename(part, to));
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

fn pump(mut from: impl Read, mut to: File, more: &SyncSender<std::io::Result<()>>) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return to.sync_all(),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(&chunk[..count])?;
        // On disk before anything is made of it.
        to.sync_data()?;
        if more.send(Ok(())).is_err() {
            return Ok(());
        }
    }
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
}
