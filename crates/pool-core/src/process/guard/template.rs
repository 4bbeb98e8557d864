//! The process that guards are forked from.
//!
//! A program that is started again has to be put in its place in memory, which makes pages of its own, of the size of
//! the program's tables. Guards that are forked share them: what is a guard's own is its stack and little else.

use super::wire::{self, Request};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The template, as the controller sees it. Dropping it ends it; guards do not depend on it.
pub(super) struct Template {
    socket: Option<OwnedFd>,
    process: Option<Child>,
}

impl Template {
    /// Starts it. No signal of the terminal reaches it or its guards: they are in a group of their own.
    pub(super) fn start(program: &Path) -> io::Result<Self> {
        let (ours, its) = pair()?;
        let mut command = Command::new(program);
        command.arg0("cluster-guard").arg(super::ARGUMENT).process_group(0);
        command.stdin(its).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { process: Some(command.spawn()?), socket: Some(ours) })
    }

    /// A new guard: our end of the socket to it.
    ///
    /// # Errors
    /// The template has gone, or its queue is full.
    pub(super) fn guard(&self) -> io::Result<OwnedFd> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let (ours, its) = pair()?;
        wire::send(socket, Request::Guard, &[its.as_fd()])?;
        Ok(ours)
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        drop(self.socket.take());
        // It ends at once, but "at once" must not be the arbiter's time.
        if let Some(mut process) = self.process.take() {
            let wait = std::thread::Builder::new().stack_size(64 << 10).spawn(move || process.wait());
            if let Err(error) = wait {
                tracing::debug!(%error, "a template of guards is not waited for");
            }
        }
    }
}

/// Two ends that no child inherits.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}
