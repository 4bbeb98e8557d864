//! The two directions of a terminal, for the reactor of a thread.

use super::{HasBeen, LINE, end_input, seat, would_cut};
use crate::message::{Seat, Size};
use crate::process::{Input, Output};
use crate::spec::Io;
use rustix::io::Errno;
use rustix::termios::{Winsize, tcsetwinsize};
use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What a read of a master gives at most.
const READ: usize = 4096;

/// How often the end of input is typed, until the tool goes: one that sets its terminal up anew for each read, as shells
/// do, may just then undo what makes it heard.
const AGAIN: Duration = Duration::from_millis(50);

/// After so many times a tool that only reads would have gone.
const ENOUGH: u32 = 10;

/// What is typed. Dropping it is the end of input.
pub(in crate::process) struct Keyboard {
    terminal: Rc<Terminal>,
    refused: bool,
    /// Who sits there, once a person has.
    seat: Option<Seat>,
}

/// What is shown.
pub(in crate::process) struct Screen {
    terminal: Rc<Terminal>,
    /// When the end of input is typed again.
    again: Option<Pin<Box<Sleep>>>,
    /// How often it was.
    reminders: u32,
}

struct Terminal {
    master: AsyncFd<OwnedFd>,
    typing: RefCell<Typing>,
}

/// Whether anything more is typed.
enum Typing {
    /// Yes; who waits for output is to hear of the end.
    Open(Waker),
    Ended,
}

/// The streams of a terminal.
pub(in crate::process) fn streams(master: OwnedFd) -> io::Result<(Keyboard, Screen)> {
    #[expect(deprecated, reason = "it asks for a promise that `OwnedFd` keeps: always the same descriptor")]
    let master = AsyncFd::new(master)?;
    let typing = RefCell::new(Typing::Open(Waker::noop().clone()));
    let terminal = Rc::new(Terminal { master, typing });
    Ok((
        Keyboard { terminal: terminal.clone(), refused: false, seat: None },
        Screen { terminal, again: None, reminders: 0 },
    ))
}

impl Input for Keyboard {
    fn seat(&mut self, seat: Seat) {
        self.seat = Some(seat);
        seat::take(self.terminal.master.as_fd(), seat);
        if seat == Seat::Pool {
            self.resize(Size { rows: Io::ROWS, columns: Io::COLUMNS });
        }
    }

    fn resize(&mut self, size: Size) {
        let size = Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
        // If the tool has gone, nobody looks.
        let _ = tcsetwinsize(self.terminal.master.as_fd(), size);
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        end_input(self.terminal.master.as_fd(), HasBeen::None);
        if let Typing::Open(reader) = self.terminal.typing.replace(Typing::Ended) {
            reader.wake();
        }
    }
}

impl Screen {
    /// Types the end of input again while the tool does not go.
    fn remind(&mut self, context: &mut Context<'_>) {
        match &mut *self.terminal.typing.borrow_mut() {
            Typing::Open(reader) => return reader.clone_from(context.waker()),
            Typing::Ended => {}
        }
        let again = self.again.get_or_insert_with(|| Box::pin(tokio::time::sleep(AGAIN)));
        while again.as_mut().poll(context).is_ready() {
            self.reminders += 1;
            let time = if self.reminders < ENOUGH { HasBeen::None } else { HasBeen::Enough };
            end_input(self.terminal.master.as_fd(), time);
            let next = again.deadline() + AGAIN;
            again.as_mut().reset(next);
        }
    }
}

impl Output for Screen {
    fn is_waiting(&self) -> bool {
        rustix::io::ioctl_fionread(self.terminal.master.as_fd()).is_ok_and(|bytes| bytes > 0)
    }
}

impl AsyncRead for Screen {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.remind(context);
        loop {
            let mut ready = ready!(self.terminal.master.poll_read_ready(context))?;
            let room = buffer.initialize_unfilled_to(READ.min(buffer.remaining()));
            match ready.try_io(|master| Ok(rustix::io::read(master, &mut *room)?)) {
                Ok(Ok(count)) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                // Nobody has the tool's side open any more: the end of its output.
                Ok(Err(error)) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => {
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Keyboard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.refused {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if let Some(seat) = self.seat {
            seat::take(self.terminal.master.as_fd(), seat);
        }
        if would_cut(self.terminal.master.as_fd(), bytes) {
            tracing::warn!("a line of more than {LINE} bytes is not sent: the tool's terminal would cut it");
            self.refused = true;
            return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
        }
        loop {
            let mut ready = ready!(self.terminal.master.poll_write_ready(context))?;
            match ready.try_io(|master| Ok(rustix::io::write(master, bytes)?)) {
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(done) => return Poll::Ready(done),
                Err(_would_block) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
