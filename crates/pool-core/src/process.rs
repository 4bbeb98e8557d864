//! Processes, as the instance sees them: something to write to, something to read from, something to signal.

pub mod descriptors;
mod explain;
#[cfg(feature = "test-util")]
pub mod fake;
pub mod guard;
mod hierarchy;
pub mod home;
pub mod look;
mod order;
pub mod pipe;
mod pty;
pub mod relay;
mod shortage;
mod starts;

use crate::error::StartError;
use crate::message::{ExitReport, Seat, Size, SlotId};
use crate::spec::ToolSpec;
use look::{Depth, Looking};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// Starts processes. The shipped ones are [`guard::Guards`] and [`pipe::Pipes`]; tests in virtual time use the fake one.
pub trait Launch: Send + Sync + 'static {
    /// Starts one process of `spec` for `slot`. The future runs on the instance's arbiter and must not block it.
    fn launch(&self, spec: &ToolSpec, slot: SlotId) -> Launching;

    /// Whether one could be started, for tools whose processes come later; as far as one can see without doing it.
    ///
    /// # Errors
    /// Why not.
    fn check(&self, spec: &ToolSpec, slot: SlotId) -> Result<(), StartError> {
        let _ = (spec, slot);
        Ok(())
    }
}

/// How a pool starts processes unless it is told otherwise: in the care of [`guard`]s if [`guard::init`] was called,
/// else in process groups ([`pipe`]), with the weaker promise that those can keep.
#[must_use]
pub fn launcher() -> Arc<dyn Launch> {
    match guard::Guards::of_this_program() {
        Some(guards) => Arc::new(guards),
        None => Arc::new(pipe::Pipes::default()),
    }
}

/// A process that is being started.
pub type Launching = Pin<Box<dyn Future<Output = Result<Process, StartError>>>>;

/// A running process in its own process group.
pub struct Process {
    /// Its standard input. Dropping it is the end of input.
    pub input: Box<dyn Input>,
    /// Its standard output, and its standard error unless the profile keeps them apart.
    pub output: Box<dyn Output>,
    /// Its standard error, if the profile wants that [kept](crate::spec::Stderr::Kept).
    pub errors: Option<Box<dyn Output>>,
    /// Everything else.
    pub control: Box<dyn ProcessControl>,
}

/// What is written to a process.
pub trait Input: AsyncWrite + Unpin {
    /// Makes room for [`ROOMY`] bytes that the process has not read yet, if that can be had.
    fn widen(&mut self) {}

    /// Makes a terminal what it has to be for who sits there.
    fn seat(&mut self, seat: Seat) {
        let _ = seat;
    }

    /// Makes a terminal as large.
    fn resize(&mut self, size: Size) {
        let _ = size;
    }
}

/// What a pipe holds when it is new.
pub const NARROW: usize = 64 << 10;

/// What a widened pipe holds: enough that writer and reader need not take turns at each 64 KiB, little enough that
/// the data stays in a processor's cache.
pub const ROOMY: usize = 256 << 10;

impl Input for tokio::net::unix::pipe::Sender {
    fn widen(&mut self) {
        widen(self);
    }
}

fn widen(pipe: &impl std::os::fd::AsFd) {
    // The system bounds the pipes of a user all together; if that is reached, this one stays as it is.
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, ROOMY);
}

/// What is read from a process.
pub trait Output: AsyncRead + Unpin {
    /// Whether bytes are waiting at this very moment, although the runtime may not know it yet.
    fn is_waiting(&self) -> bool {
        false
    }

    /// Makes room for [`ROOMY`] bytes that have not been read yet, if that can be had.
    fn widen(&mut self) {}
}

impl Output for tokio::net::unix::pipe::Receiver {
    fn is_waiting(&self) -> bool {
        rustix::io::ioctl_fionread(self).is_ok_and(|bytes| bytes > 0)
    }

    fn widen(&mut self) {
        widen(self);
    }
}

impl Input for tokio::io::DuplexStream {}

impl Output for tokio::io::DuplexStream {}

/// Signals that are sent to a process or its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT to the process itself.
    Interrupt,
    /// SIGCONT to the group.
    Continue,
    /// SIGTERM, then SIGCONT, to the group.
    Terminate,
    /// SIGKILL to the group.
    Kill,
}

/// What can be done to a process besides talking to it. Dropping it kills the group.
pub trait ProcessControl {
    /// Its process id.
    fn pid(&self) -> Option<u32>;

    /// Sends a signal. A process that has ended meanwhile is no error.
    fn signal(&mut self, signal: Signal);

    /// Looks at its processes, the tool itself first; sees nothing if it has gone, or where looking is impossible.
    fn look(&self, depth: Depth) -> Looking {
        let _ = depth;
        look::nothing()
    }

    /// Resolves, once, when the process has ended and been reaped.
    fn poll_exit(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<ExitReport>;
}
