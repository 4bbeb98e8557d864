//! The other side: the template of guards, and a guard, which waits for orders, for ends, and for the end of its
//! controller.

use super::sys::{self, Fork};
use super::tool::{self, Tool};
use super::tree::Tree;
use super::wire::DESCRIPTORS;
use super::wire::{self, Report, Request};
use crate::process::Signal;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, WaitIdOptions, WaitStatus};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// The exit code of a guard that somebody started by hand.
const NOT_A_GUARD: i32 = 2;

struct Guard {
    /// The end of this is the end of the controller.
    socket: OwnedFd,
    tree: Tree,
    tool: Option<Tool>,
}

/// Is the template: forks a guard for each socket that comes, until the controller has gone. The value is the exit
/// code of this process, which in the end may be a guard.
pub(super) fn serve() -> i32 {
    let Ok(socket) = take_input() else { return NOT_A_GUARD };
    sys::calm();
    loop {
        match order(&socket) {
            Ok(Some((Request::Guard, descriptors))) => {
                if sys::fork() == Fork::Child {
                    drop(socket);
                    return descriptors.into_iter().next().map_or(NOT_A_GUARD, guard);
                }
            }
            Ok(None) => return 0,
            Ok(Some(_)) | Err(_) => return NOT_A_GUARD,
        }
    }
}

/// Takes the socket out of the way of what is started here.
fn take_input() -> io::Result<OwnedFd> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(socket)
}

/// The next order, waited for.
fn order(socket: &OwnedFd) -> io::Result<Option<(Request, Vec<OwnedFd>)>> {
    loop {
        match wire::receive(socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(socket, PollFlags::IN)], None)?;
            }
            other => return other,
        }
    }
}

/// Is a guard until the controller has gone and nothing is left.
fn guard(socket: OwnedFd) -> i32 {
    let Ok(tree) = sys::prepare().map(Tree::new) else { return NOT_A_GUARD };
    let mut guard = Guard { socket, tree, tool: None };
    let ended = loop {
        match guard.turn() {
            Ok(true) => {}
            Ok(false) => break 0,
            Err(_) => break NOT_A_GUARD,
        }
    };
    guard.end_tool();
    guard.tree.clear();
    ended
}

impl Guard {
    /// Waits for something and does it; false at the end.
    fn turn(&mut self) -> io::Result<bool> {
        let wants = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(&self.tree, PollFlags::IN)];
        let mut ready = wants;
        match poll(&mut ready, None) {
            Err(rustix::io::Errno::INTR) => return Ok(true),
            other => other?,
        };
        let [order, ends] = ready.map(|descriptor| !descriptor.revents().is_empty());
        if ends {
            self.tree.note_ends();
            self.look();
        }
        if !order {
            return Ok(true);
        }
        match wire::receive(&self.socket) {
            Ok(None) => return Ok(false),
            Ok(Some((Request::Spawn { life }, descriptors))) => self.spawn(life, descriptors),
            Ok(Some((Request::Signal { life, signal }, _))) => self.signal(life, signal),
            Ok(Some((Request::Guard, _))) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn spawn(&mut self, life: u32, descriptors: Vec<OwnedFd>) {
        self.end_tool();
        let started = <[OwnedFd; DESCRIPTORS]>::try_from(descriptors)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
            .and_then(|descriptors| tool::start(life, descriptors));
        match started {
            Ok(tool) => {
                self.report(Report::Spawned { life, pid: tool.pid.as_raw_pid() });
                self.tool = Some(tool);
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(rustix::io::Errno::INVAL.raw_os_error());
                self.report(Report::Failed { life, errno });
            }
        }
    }

    fn signal(&self, life: u32, signal: Signal) {
        if let Some(tool) = self.tool.as_ref().filter(|tool| tool.life == life) {
            tool.signal(signal);
        }
    }

    /// Some process has ended: the tool, or somebody whom it left to us.
    fn look(&mut self) {
        let Some(pid) = self.tool.as_ref().map(|tool| tool.pid) else {
            self.tree.reap();
            return;
        };
        if has_ended(pid) {
            self.end_tool();
        } else if let Some((_, status)) = self.tree.reap().into_iter().find(|(ended, _)| *ended == pid) {
            // It ended between the two looks.
            self.ended(status);
        }
    }

    /// Kills the tool if it runs; reaps it only when its group has been killed, because until then neither its number
    /// nor that of its group can be a stranger's.
    fn end_tool(&mut self) {
        let Some(tool) = &self.tool else { return };
        tool.signal(Signal::Kill);
        if let Ok(Some((_, status))) =
            rustix::process::waitpid(Some(tool.pid), rustix::process::WaitOptions::empty())
        {
            self.ended(status);
        }
    }

    /// The tool has been reaped: what it left goes too, then its end is told.
    fn ended(&mut self, status: WaitStatus) {
        let Some(Tool { life, .. }) = self.tool.take() else { return };
        self.tree.clear();
        let report = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Report::Exited { life, code },
            (None, signal) => Report::Signalled { life, signal: signal.unwrap_or(9) },
        };
        self.report(report);
    }

    fn report(&self, report: Report) {
        // If the controller has gone, the next look at the socket says so.
        let _ = wire::send(self.socket.as_fd(), report, &[]);
    }
}

/// Whether a child has ended; it stays to be reaped.
fn has_ended(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    rustix::process::waitid(rustix::process::WaitId::Pid(pid), options).is_ok_and(|ended| ended.is_some())
}
