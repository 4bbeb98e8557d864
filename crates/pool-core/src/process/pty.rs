//! A terminal of a tool's own: we hold its master, the tool's side becomes its standard streams and its controlling
//! terminal.
//!
//! It is made before the tool is there: raw, so that no byte of a prompt is a key and no line too long; without echo, so
//! that a prompt does not come back as output; but a line end of the tool still returns the cursor, as everywhere.

use super::{Input, Output};
use crate::spec::Io;
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{
    LocalModes, OptionalActions, OutputModes, SpecialCodeIndex as Key, Termios, Winsize, tcgetattr,
    tcsetattr, tcsetwinsize,
};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a read of a master gives at most.
const READ: usize = 4096;

/// The longest line that a terminal can edit, without its end; what is typed beyond that is thrown away.
const LINE: usize = 4095;

/// The keys that end the input, once it is to end. See [`Keyboard`].
const END: u8 = 4;
const WAKE: u8 = 0x1a;

/// Keys that a terminal acts on by itself. A tool that switches raw mode off switches none of them on.
const KEYS: [Key; 14] = [
    Key::VINTR,
    Key::VQUIT,
    Key::VERASE,
    Key::VKILL,
    Key::VEOF,
    Key::VSTART,
    Key::VSTOP,
    Key::VSUSP,
    Key::VEOL,
    Key::VREPRINT,
    Key::VDISCARD,
    Key::VWERASE,
    Key::VLNEXT,
    Key::VEOL2,
];

/// A new terminal: its master, which does not block, and the tool's side.
pub(super) fn open() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    unlockpt(&master)?;
    let slave = ioctl_tiocgptpeer(&master, flags)?;
    tcsetattr(&slave, OptionalActions::Now, &raw(tcgetattr(&slave)?))?;
    let size = Winsize { ws_row: Io::ROWS, ws_col: Io::COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&slave, size)?;
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((master, slave))
}

fn raw(mut modes: Termios) -> Termios {
    modes.make_raw();
    modes.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    for key in KEYS {
        modes.special_codes[key] = 0;
    }
    modes
}

/// The two directions of a terminal, for the reactor of this thread.
pub(super) fn streams(master: OwnedFd) -> io::Result<(Keyboard, Screen)> {
    #[expect(deprecated, reason = "it asks for a promise that `OwnedFd` keeps: always the same descriptor")]
    let master = Rc::new(AsyncFd::new(master)?);
    Ok((Keyboard(master.clone()), Screen(master)))
}

/// What is typed. Dropping it is the end of input: a terminal has no other than its key for that.
///
/// Where the terminal edits lines, that key alone does it. Where the tool does, it is to the tool what it makes of it. And
/// a tool that only reads, as raw as the terminal was made, knows no keys: from now on a read may end with nothing, and
/// one that has begun is made to begin anew by the key to suspend, which suspends nobody who leads a session.
pub(super) struct Keyboard(Rc<AsyncFd<OwnedFd>>);

/// What is shown.
pub(super) struct Screen(Rc<AsyncFd<OwnedFd>>);

impl Input for Keyboard {}

impl Keyboard {
    /// Whether the tool has made its terminal edit lines, and one of these is longer than that can be.
    fn would_cut(&self, bytes: &[u8]) -> bool {
        let edits = |modes: Termios| modes.local_modes.contains(LocalModes::ICANON);
        tcgetattr(self.0.as_fd()).is_ok_and(edits)
            && bytes.split(|byte| *byte == b'\n').any(|line| line.len() > LINE)
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        let master = self.0.as_fd();
        // If the tool has gone, there is nobody to tell.
        let Ok(mut modes) = tcgetattr(master) else { return };
        // The first end may be that of a line that has none.
        let keys = if modes.local_modes.contains(LocalModes::ICANON) {
            modes.special_codes[Key::VEOF] = END;
            [END, END]
        } else {
            modes.local_modes |= LocalModes::ISIG | LocalModes::NOFLSH;
            modes.special_codes[Key::VSUSP] = WAKE;
            (modes.special_codes[Key::VMIN], modes.special_codes[Key::VTIME]) = (0, 0);
            [WAKE, END]
        };
        let _ = tcsetattr(master, OptionalActions::Now, &modes);
        let _ = rustix::io::write(master, &keys);
    }
}

impl Output for Screen {
    fn is_waiting(&self) -> bool {
        rustix::io::ioctl_fionread(self.0.as_fd()).is_ok_and(|bytes| bytes > 0)
    }
}

impl AsyncRead for Screen {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(context))?;
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
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.len() > LINE && self.would_cut(bytes) {
            tracing::warn!("a line of more than {LINE} bytes is not sent: the tool's terminal would cut it");
            return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
        }
        loop {
            let mut ready = ready!(self.0.poll_write_ready(context))?;
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
