//! The tool, as its guard starts it and signals it.

use super::sys;
use super::wire::{DESCRIPTORS, Report};
use crate::process::Signal;
use crate::process::shortage::{Counter, Shortage};
use rustix::process::{Pid, Signal as Os, kill_process, kill_process_group};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A tool that has not been reaped.
pub(super) struct Tool {
    pub(super) life: u32,
    pub(super) pid: Pid,
    shortage: Option<Shortage>,
    /// SIGKILL has been sent while it ran.
    killed: bool,
}

impl Tool {
    /// Kills it, for a reason of ours.
    pub(super) fn kill(&mut self) {
        self.killed = true;
        self.signal(Signal::Kill);
    }

    /// Notes how many were killed for want of memory before it can be.
    pub(super) fn watch(&mut self, counter: &Counter) {
        self.shortage = Some(Shortage::watch(counter.clone()));
    }

    /// How its end by this signal is told.
    pub(super) fn ended_by(&self, signal: i32) -> Report {
        if self.shortage.as_ref().is_some_and(|shortage| shortage.is_to_blame(signal, self.killed)) {
            return Report::OutOfMemory { life: self.life };
        }
        Report::Signalled { life: self.life, signal }
    }

    /// Sends a signal. A tool that has ended meanwhile is no error: its number is its own until it is reaped.
    pub(super) fn signal(&self, signal: Signal) {
        match signal {
            Signal::Interrupt => {
                let _ = kill_process(self.pid, Os::INT);
            }
            Signal::Continue => self.to_all(Os::CONT),
            Signal::Terminate => [Os::TERM, Os::CONT].into_iter().for_each(|signal| self.to_all(signal)),
            Signal::Kill => self.to_all(Os::KILL),
        }
    }

    /// To its group, and to itself if it has left that.
    fn to_all(&self, signal: Os) {
        if kill_process_group(self.pid, signal).is_err()
            || rustix::process::getpgid(Some(self.pid)) != Ok(self.pid)
        {
            let _ = kill_process(self.pid, signal);
        }
    }
}

/// Starts a tool: the words of its command, then its standard streams.
pub(super) fn start(life: u32, descriptors: [OwnedFd; DESCRIPTORS]) -> io::Result<Tool> {
    let [words, stdin, stdout, stderr] = descriptors;
    let mut bytes = Vec::new();
    File::from(words).read_to_end(&mut bytes)?;
    let (files, mut command) = command(&bytes).ok_or(io::ErrorKind::InvalidInput)?;
    // Nobody else has it: whose input is a terminal gets it as its own.
    let terminal = rustix::termios::isatty(&stdin);
    command.stdin(stdin).stdout(stdout).stderr(stderr);
    if !terminal {
        command.process_group(0);
    }
    let child = sys::fresh(&mut command, sys::Fresh { files, terminal }).spawn()?;
    let pid = Pid::from_raw(child.id().cast_signed()).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Tool { life, pid, shortage: None, killed: false })
}

/// The reverse of what the controller wrote: a limit of open files or 0, a count, that many words, the environment, the
/// folder; each ends in NUL.
fn command(bytes: &[u8]) -> Option<(Option<u64>, Command)> {
    let (files, bytes) = bytes.split_first_chunk()?;
    let files = Some(u64::from_ne_bytes(*files)).filter(|files| *files > 0);
    let (count, words) = bytes.split_first_chunk()?;
    let mut words = words.strip_suffix(&[0])?.split(|byte| *byte == 0).map(OsStr::from_bytes);
    let mut command = Command::new(words.next()?);
    command.args(words.by_ref().take(usize::try_from(u32::from_ne_bytes(*count)).ok()?.checked_sub(1)?));
    command.env_clear();
    let mut rest: Vec<&OsStr> = words.collect();
    let folder = rest.pop()?;
    for entry in rest {
        let at = entry.as_bytes().iter().position(|byte| *byte == b'=')?;
        let (name, value) = entry.as_bytes().split_at(at);
        command.env(OsStr::from_bytes(name), OsStr::from_bytes(&value[1..]));
    }
    if !folder.is_empty() {
        command.current_dir(folder);
    }
    Some((files, command))
}
