//! The other side: the template of guards, and a guard, which waits for orders, for ends, and for the end of its
//! controller.

use super::group::{Group, Home};
use super::sys::{self, Fork};
use super::tool::{self, Tool};
use super::tree::Tree;
use super::wire::DESCRIPTORS;
use super::wire::{self, Report, Request};
use crate::process::Signal;
use crate::process::shortage::Counter;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, WaitIdOptions, WaitStatus};
use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// The exit code of a guard that somebody started by hand.
const NOT_A_GUARD: i32 = 2;

struct Guard {
    /// The end of this is the end of the controller.
    socket: OwnedFd,
    tree: Tree,
    tool: Option<Tool>,
    /// What all that it starts is born into, if it may have one.
    group: Option<Group>,
    /// Where the system counts whom it has killed for want of memory.
    counter: Counter,
}

/// Is the template until the controller has gone, and no guard is left. The value is the exit code of this process,
/// which in the end may be a guard.
pub(super) fn serve() -> i32 {
    let Ok(socket) = take_input() else { return NOT_A_GUARD };
    sys::calm();
    let Ok(tree) = sys::prepare().map(Tree::new) else { return NOT_A_GUARD };
    let home = Home::of_this_process();
    let mut guards = HashSet::new();
    loop {
        match wait(&socket, &tree) {
            Ok(Woken::Ends) => bury(&tree, &mut guards, home.as_ref()),
            Ok(Woken::Order(Request::Guard, descriptors)) => match sys::fork() {
                Fork::Parent(guard) => guards.extend(guard),
                Fork::Child => {
                    drop((socket, tree));
                    return descriptors
                        .into_iter()
                        .next()
                        .map_or(NOT_A_GUARD, |socket| guard(socket, home.as_ref()));
                }
            },
            Ok(Woken::Closed) => return 0,
            Ok(Woken::Order(..)) | Err(_) => return NOT_A_GUARD,
        }
    }
}

/// Reaps guards that have ended. One that was killed leaves its tool's children to us: they go. One that was stopped
/// (its tool can do that) would not hear that its controller has gone: it goes on.
fn bury(tree: &Tree, guards: &mut HashSet<Pid>, home: Option<&Home>) {
    let mut ended = tree.reap_and_wake();
    loop {
        let killed = ended.into_iter().filter(|(pid, end)| guards.remove(pid) && !end.exited());
        let killed: Vec<Pid> = killed.map(|(pid, _)| pid).collect();
        if killed.is_empty() {
            return;
        }
        if let Some(home) = home {
            killed.iter().for_each(|guard| home.kill(*guard));
        }
        ended = tree.clear_except(guards);
        if let Some(home) = home {
            killed.iter().for_each(|guard| home.remove(*guard));
        }
    }
}

/// Takes the socket out of the way of what is started here.
fn take_input() -> io::Result<OwnedFd> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(socket)
}

/// What there is to do.
enum Woken {
    /// Some child has ended.
    Ends,
    /// The controller wants something.
    Order(Request, Vec<OwnedFd>),
    /// The controller has gone.
    Closed,
}

/// Waits for something to do.
fn wait(socket: &OwnedFd, tree: &Tree) -> io::Result<Woken> {
    loop {
        let mut ready = [PollFd::new(tree, PollFlags::IN), PollFd::new(socket, PollFlags::IN)];
        match poll(&mut ready, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        if !ready[0].revents().is_empty() {
            tree.note_ends();
            return Ok(Woken::Ends);
        }
        match wire::receive(socket) {
            Ok(Some((request, descriptors))) => return Ok(Woken::Order(request, descriptors)),
            Ok(None) => return Ok(Woken::Closed),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// Is a guard until the controller has gone and nothing is left.
fn guard(socket: OwnedFd, home: Option<&Home>) -> i32 {
    let Ok(tree) = sys::prepare().map(Tree::new) else { return NOT_A_GUARD };
    // The counter first: it is that of the group in which the memory is counted.
    let counter = Counter::of_this_process();
    let mut guard = Guard { socket, tree, tool: None, group: home.and_then(Home::settle), counter };
    let ended = loop {
        match guard.turn() {
            Ok(true) => {}
            Ok(false) => break 0,
            Err(_) => break NOT_A_GUARD,
        }
    };
    guard.end_tool();
    guard.tree.clear(guard.group.as_mut());
    ended
}

impl Guard {
    /// Waits for something and does it; false at the end.
    fn turn(&mut self) -> io::Result<bool> {
        match wait(&self.socket, &self.tree)? {
            Woken::Ends => self.look(),
            Woken::Order(Request::Spawn { life }, descriptors) => self.spawn(life, descriptors),
            Woken::Order(Request::Signal { life, signal }, _) => self.signal(life, signal),
            Woken::Order(Request::Guard, _) => {}
            Woken::Closed => return Ok(false),
        }
        Ok(true)
    }

    fn spawn(&mut self, life: u32, descriptors: Vec<OwnedFd>) {
        self.end_tool();
        if let Some(group) = &mut self.group {
            group.enter();
        }
        let started = <[OwnedFd; DESCRIPTORS]>::try_from(descriptors)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
            .and_then(|descriptors| tool::start(life, descriptors));
        match started {
            Ok(mut tool) => {
                self.report(Report::Spawned { life, pid: tool.pid.as_raw_pid() });
                // Nobody waits any more.
                tool.watch(&self.counter);
                self.tool = Some(tool);
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(rustix::io::Errno::INVAL.raw_os_error());
                self.report(Report::Failed { life, errno });
            }
        }
    }

    fn signal(&mut self, life: u32, signal: Signal) {
        match self.tool.as_mut().filter(|tool| tool.life == life) {
            Some(tool) if signal == Signal::Kill => tool.kill(),
            Some(tool) => tool.signal(signal),
            None => {}
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
            self.ended(Some(status));
        }
    }

    /// Kills the tool if it runs; reaps it only when its group has been killed, because until then neither its number
    /// nor that of its group can be a stranger's.
    fn end_tool(&mut self) {
        let Some(tool) = &self.tool else { return };
        tool.signal(Signal::Kill);
        let status = self.tree.reap_killed(tool.pid);
        self.ended(status);
    }

    /// The tool has been reaped, or cannot be: what it left goes too, then its end is told.
    fn ended(&mut self, status: Option<WaitStatus>) {
        let Some(tool) = self.tool.take() else { return };
        self.tree.clear(self.group.as_mut());
        let code = status.and_then(WaitStatus::exit_status);
        let report = match (code, status.and_then(WaitStatus::terminating_signal)) {
            (Some(code), _) => Report::Exited { life: tool.life, code },
            (None, Some(signal)) => tool.ended_by(signal),
            (None, None) => Report::Signalled { life: tool.life, signal: 9 },
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
