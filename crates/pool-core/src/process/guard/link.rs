//! The controller's side: a guard, and the socket to it.

use super::wire::{self, Report, Request};
use crate::error::StartError;
use crate::process::order::{Order, Stdio};
use crate::process::{Signal, descriptors};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How long a guard may take for a fork and an exec. It is seconds only on a machine that is in trouble.
const PATIENCE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// The socket to a guard. Dropping it is the end of the guard and of everything in its care.
pub(super) struct Link {
    socket: OwnedFd,
    /// How many orders to start there were. Held until one is answered: two at once would read each other's answers.
    lives: Mutex<u32>,
    broken: AtomicBool,
}

/// One tool in the care of a guard. Dropping it kills the tool and all that it started.
pub(super) struct Life {
    pub(super) link: Arc<Link>,
    pub(super) number: u32,
    pub(super) pid: i32,
}

impl Life {
    pub(super) fn signal(&self, signal: Signal) {
        // A guard that is gone has taken the tool along; to one whose tool is gone it means nothing.
        if let Err(error) = wire::send(&*self.link, Request::Signal { life: self.number, signal }, &[]) {
            tracing::debug!(%error, ?signal, "a guard does not listen");
            if signal == Signal::Kill {
                // It has hundreds of orders that it did not read. The end of its socket needs no room among them.
                self.link.end();
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.signal(Signal::Kill);
    }
}

impl Link {
    /// The link to the guard at the other end of this socket.
    pub(super) const fn new(socket: OwnedFd) -> Self {
        Self { socket, lives: Mutex::new(0), broken: AtomicBool::new(false) }
    }

    /// Whether the guard is still there, as far as one knows.
    pub(super) fn is_there(&self) -> bool {
        !self.broken.load(Ordering::Relaxed)
    }

    /// Is the end of the guard and of everything in its care, whoever still holds this link.
    fn end(&self) {
        self.broken.store(true, Ordering::Relaxed);
        // If it is no longer connected, that is what was wanted.
        let _ = rustix::net::shutdown(self, rustix::net::Shutdown::Both);
    }

    /// Has a tool started, and waits for that: some milliseconds.
    pub(super) fn spawn(self: &Arc<Self>, order: &Order, stdio: Stdio) -> Result<Life, StartError> {
        let system = |error: io::Error| {
            self.broken.store(true, Ordering::Relaxed);
            StartError::System(format!("its guard: {error}"))
        };
        let words = words(order)?;
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        *lives += 1;
        let number = *lives;
        let descriptors = [words.as_fd(), stdio.stdin.as_fd(), stdio.stdout.as_fd(), stdio.stderr.as_fd()];
        wire::send(self, Request::Spawn { life: number }, &descriptors).map_err(system)?;
        // The tool's ends must be the tool's alone, or its end would not be the end of its output.
        drop((words, stdio));
        match self.answer(number).map_err(system)? {
            Report::Spawned { pid, .. } => Ok(Life { link: self.clone(), number, pid }),
            Report::Failed { errno, .. } => Err(order.explain(&io::Error::from_raw_os_error(errno))),
            other => Err(system(io::Error::other(format!("{other:?}")))),
        }
    }

    /// The answer to the order to start `number`; what is still told of earlier lives is of no interest.
    fn answer(&self, number: u32) -> io::Result<Report> {
        loop {
            match self.report() {
                Ok(Some(report)) if report.life() == number => return Ok(report),
                Ok(Some(_)) => {}
                Ok(None) => return Err(io::Error::other("it has ended")),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&PATIENCE)) {
                        Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                        // A signal for this program is no answer of the guard.
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next report; `None` if the guard has ended.
    pub(super) fn report(&self) -> io::Result<Option<Report>> {
        let report = wire::receive(self);
        if matches!(&report, Ok(None))
            || report.as_ref().is_err_and(|e| e.kind() != io::ErrorKind::WouldBlock)
        {
            self.broken.store(true, Ordering::Relaxed);
        }
        Ok(report?.map(|(report, _)| report))
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Link {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl Report {
    const fn life(self) -> u32 {
        match self {
            Self::Spawned { life, .. }
            | Self::Failed { life, .. }
            | Self::Exited { life, .. }
            | Self::Signalled { life, .. }
            | Self::OutOfMemory { life } => life,
        }
    }
}

/// The limit of open files, the words of the command, its environment and its folder, in a file that has no name: a
/// packet is too short for them, and the guard's own arguments would show them to everybody.
fn words(order: &Order) -> Result<OwnedFd, StartError> {
    let folder = match &order.cwd {
        Some(folder) => std::path::absolute(folder),
        // The guard's own may be another by now than this program's.
        None => std::env::current_dir(),
    };
    let folder = folder.unwrap_or_default();
    let env: Vec<String> = order.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&descriptors::of_tools().unwrap_or(0).to_ne_bytes());
    bytes.extend_from_slice(&u32::try_from(order.command.len()).unwrap_or(u32::MAX).to_ne_bytes());
    let words = order.command.iter().chain(&env).map(String::as_bytes);
    for word in words.chain([folder.as_os_str().as_bytes()]) {
        if word.contains(&0) {
            return Err(order.explain(&io::ErrorKind::InvalidInput.into()));
        }
        bytes.extend_from_slice(word);
        bytes.push(0);
    }
    let write = || -> io::Result<OwnedFd> {
        let mut file = File::from(rustix::fs::memfd_create("words", rustix::fs::MemfdFlags::CLOEXEC)?);
        file.write_all(&bytes)?;
        file.rewind()?;
        Ok(file.into())
    };
    write().map_err(|error| StartError::System(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::guard::template::pair;

    #[test]
    fn a_guard_that_reads_nothing_is_ended_when_its_tool_is_to_be_killed() {
        let (ours, its) = pair().unwrap();
        let life = Life { link: Arc::new(Link::new(ours)), number: 1, pid: 1 };
        let link = life.link.clone();
        let more = Request::Signal { life: 1, signal: Signal::Interrupt };
        while wire::send(&*link, more, &[]).is_ok() {}
        assert!(link.is_there(), "a full queue alone is no end");
        drop(life);
        assert!(!link.is_there());
        while wire::receive::<Request>(&its).unwrap().is_some() {}
    }
}
