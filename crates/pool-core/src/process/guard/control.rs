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
    life: u32,
    pid: i32,
    ended: bool,
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
        let Life { link, number, pid } = life;
        #[expect(
            deprecated,
            reason = "it asks for a promise that the link keeps: always the same descriptor"
        )]
        let socket = AsyncFd::with_interest(Socket(link), Interest::READABLE)?;
        Ok(Self { socket, life: number, pid, ended: false })
    }
}

impl ProcessControl for Guarded {
    fn pid(&self) -> Option<u32> {
        u32::try_from(self.pid).ok()
    }

    fn signal(&mut self, signal: Signal) {
        if !self.ended {
            self.socket.get_ref().0.signal(self.life, signal);
        }
    }

    fn look(&self, depth: Depth) -> Looking {
        self.pid().filter(|_| !self.ended).map_or_else(look::nothing, |pid| look::look(pid, depth))
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
                Ok(Some(Report::Exited { life, code })) if life == self.life => ExitReport::Exited(code),
                Ok(Some(Report::Signalled { life, signal })) if life == self.life => {
                    ExitReport::Signalled(signal)
                }
                Ok(Some(_)) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.clear_ready();
                    continue;
                }
                Ok(None) | Err(_) => KILLED,
            };
            self.ended = true;
            return Poll::Ready(exit);
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.signal(Signal::Kill);
    }
}
