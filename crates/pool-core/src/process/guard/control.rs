//! A tool in the care of a guard, as its instance sees it.

use super::link::{Life, Link};
use super::wire::Report;
use crate::message::ExitReport;
use crate::process::look::{self, Depth, Looking};
use crate::process::{ProcessControl, Signal};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// What a tool's end is called if its guard was killed: SIGKILL is the only way, and the tool goes along.
const KILLED: ExitReport = ExitReport::Signalled(9);

pub(super) struct Guarded {
    socket: AsyncFd<Socket>,
    life: Life,
}

/// The reactor needs a number; the link keeps the socket open.
struct Socket(Arc<Link>);

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Guarded {
    pub(super) fn new(life: Life) -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "it asks for a promise that the link keeps: always the same descriptor"
        )]
        let socket = AsyncFd::with_interest(Socket(life.link.clone()), Interest::READABLE)?;
        Ok(Self { socket, life })
    }
}

impl ProcessControl for Guarded {
    fn pid(&self) -> Option<u32> {
        u32::try_from(self.life.pid).ok()
    }

    fn signal(&mut self, signal: Signal) {
        self.life.signal(signal);
    }

    fn look(&self, depth: Depth) -> Looking {
        self.pid().map_or_else(look::nothing, |pid| look::look(pid, depth))
    }

    fn poll_exit(&mut self, context: &mut Context<'_>) -> Poll<ExitReport> {
        loop {
            let mut ready = match ready!(self.socket.poll_read_ready(context)) {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::warn!(%error, "the end of a process cannot be watched");
                    return Poll::Ready(KILLED);
                }
            };
            let exit = match ready.get_inner().0.report() {
                Ok(Some(Report::Exited { life, code })) if life == self.life.number => {
                    ExitReport::Exited(code)
                }
                Ok(Some(Report::Signalled { life, signal })) if life == self.life.number => {
                    ExitReport::Signalled(signal)
                }
                Ok(Some(Report::OutOfMemory { life })) if life == self.life.number => ExitReport::OutOfMemory,
                Ok(Some(_)) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.clear_ready();
                    continue;
                }
                Ok(None) | Err(_) => KILLED,
            };
            return Poll::Ready(exit);
        }
    }
}
