//! Real processes on pipes, in process groups of their own.
//!
//! Nothing here runs between fork and exec, so the standard library takes its fast path (`posix_spawn`), whose cost
//! does not grow with the controller's memory. Starting a process blocks for a fraction of a millisecond to
//! several; it happens off the arbiter, a few at a time. For the same reason there are no terminals here: to make one a
//! process's own takes a step between fork and exec, which is a guard's work.

use super::look::{self, Depth, Looking};
use super::order::{Order, Ours, Pipework, Streams};
use super::shortage::{Counter, Shortage};
use super::starts::Starts;
use super::{Launch, Launching, Process, ProcessControl, Signal};
use crate::error::StartError;
use crate::message::{ExitReport, SlotId};
use crate::spec::{Io, ToolSpec};
use rustix::process::Pid;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command};
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Starts real processes on pipes.
#[derive(Clone, Default)]
pub struct Pipes {
    starts: Starts,
}

impl Launch for Pipes {
    fn launch(&self, spec: &ToolSpec, slot: SlotId) -> Launching {
        let order = Order::new(spec, slot);
        let starts = self.starts.clone();
        Box::pin(async move { starts.run(move || start(&order)).await?.into_process() })
    }

    fn check(&self, spec: &ToolSpec, slot: SlotId) -> Result<(), StartError> {
        Order::new(spec, slot).check()
    }
}

/// A process with our ends of its streams, before the reactor knows them.
struct Started {
    child: Child,
    shortage: Shortage,
    ours: Ours,
}

fn start(order: &Order) -> Result<Started, StartError> {
    if order.io == Io::Pty {
        return Err(StartError::NoTerminal);
    }
    let Pipework { ours, stdio } = order.prepare()?;
    let mut command = Command::new(&order.command[0]);
    command.args(&order.command[1..]).env_clear().envs(order.env.iter().map(|(name, value)| (name, value)));
    command.stdin(stdio.stdin).stdout(stdio.stdout).stderr(stdio.stderr).process_group(0);
    if let Some(cwd) = &order.cwd {
        command.current_dir(cwd);
    }
    let child = command.spawn().map_err(|error| order.explain(&error))?;
    let shortage = Shortage::watch(Counter::of_this_process());
    Ok(Started { child, shortage, ours })
}

impl Started {
    fn into_process(self) -> Result<Process, StartError> {
        let system = |error: std::io::Error| StartError::System(error.to_string());
        let control = Running::new(self.child, self.shortage).map_err(system)?;
        let Streams { input, output, errors } = self.ours.streams().map_err(system)?;
        Ok(Process { input, output, errors, control: Box::new(control) })
    }
}

/// A child that leads its own process group.
///
/// It is reaped only after its group has been killed: as long as the zombie is there, neither its number nor that
/// of its group can belong to a stranger.
struct Running {
    child: Option<Child>,
    pid: Pid,
    exit: AsyncFd<OwnedFd>,
    shortage: Shortage,
    /// SIGKILL has been sent while it ran.
    killed: bool,
}

impl Running {
    fn new(child: Child, shortage: Shortage) -> std::io::Result<Self> {
        let pid = Pid::from_raw(child.id().cast_signed()).ok_or(rustix::io::Errno::SRCH)?;
        let exit = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::NONBLOCK)?;
        #[expect(
            deprecated,
            reason = "it asks for a promise that `OwnedFd` keeps: always the same descriptor"
        )]
        let exit = AsyncFd::with_interest(exit, Interest::READABLE)?;
        Ok(Self { child: Some(child), pid, exit, shortage, killed: false })
    }

    fn reap(&mut self) -> ExitReport {
        let ours = self.killed;
        self.signal(Signal::Kill);
        match self.child.take().map(|mut child| child.wait()) {
            Some(Ok(status)) => match (status.code(), status.signal()) {
                (Some(code), _) => ExitReport::Exited(code),
                (None, Some(signal)) if self.shortage.is_to_blame(signal, ours) => ExitReport::OutOfMemory,
                (None, signal) => ExitReport::Signalled(signal.unwrap_or_default()),
            },
            Some(Err(_)) | None => ExitReport::Exited(-1),
        }
    }
}

impl ProcessControl for Running {
    fn pid(&self) -> Option<u32> {
        Some(self.pid.as_raw_pid().cast_unsigned())
    }

    fn signal(&mut self, signal: Signal) {
        use rustix::process::{Signal as Os, kill_process, kill_process_group};
        if self.child.is_none() {
            return;
        }
        self.killed |= signal == Signal::Kill;
        // It may be a zombie already; there is nothing left to do then.
        let _ = match signal {
            Signal::Interrupt => kill_process(self.pid, Os::INT),
            Signal::Continue => kill_process_group(self.pid, Os::CONT),
            Signal::Terminate => {
                kill_process_group(self.pid, Os::TERM).and_then(|()| kill_process_group(self.pid, Os::CONT))
            }
            Signal::Kill => kill_process_group(self.pid, Os::KILL),
        };
    }

    fn look(&self, depth: Depth) -> Looking {
        look::look(self.pid.as_raw_pid().cast_unsigned(), depth)
    }

    fn poll_exit(&mut self, context: &mut Context<'_>) -> Poll<ExitReport> {
        if let Err(error) = std::task::ready!(self.exit.poll_read_ready(context)) {
            tracing::warn!(%error, "the end of a process cannot be watched");
        }
        Poll::Ready(self.reap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::Kill);
        // Reaping may have to wait a moment, which must not be the arbiter's.
        if let Some(mut child) = self.child.take() {
            std::thread::spawn(move || child.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{TurnRule, TurnSpec};

    #[tokio::test]
    async fn a_terminal_takes_a_guard() {
        let mut spec = ToolSpec::new("t", vec!["/bin/cat".into()], TurnSpec::new(TurnRule::Lines));
        spec.io = Io::Pty;
        let refused = Pipes::default().launch(&spec, SlotId(0)).await.err();
        assert_eq!(refused, Some(StartError::NoTerminal));
        assert!(!StartError::NoTerminal.can_heal());
    }
}
