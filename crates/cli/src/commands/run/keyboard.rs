//! The terminal that questions are answered on: single keys, without an Enter and without being shown.

use rustix::fs::{Mode, OFlags};
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Where the terminal of a process is.
const TERMINAL: &str = "/dev/tty";

/// The keys of the terminal, which are everybody's again when it is dropped.
#[derive(Debug)]
pub(crate) struct Keyboard {
    keys: AsyncFd<OwnedFd>,
    /// How the terminal was before we listened, while we do.
    before: Option<Termios>,
}

/// Whether there is a terminal to ask at.
pub(super) fn is_there() -> bool {
    io::stderr().is_terminal() && open().is_ok()
}

fn open() -> io::Result<OwnedFd> {
    // Opened anew: what is set here is for nobody else.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(rustix::fs::open(TERMINAL, flags, Mode::empty())?)
}

impl Keyboard {
    /// The keys of our terminal; nobody listens to them yet. Within a runtime only.
    ///
    /// # Errors
    /// There is no terminal any more.
    pub(super) fn open() -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "it asks for a promise that `OwnedFd` keeps: always the same descriptor"
        )]
        let keys = AsyncFd::with_interest(open()?, Interest::READABLE)?;
        Ok(Self { keys, before: None })
    }

    /// Listens from now on. What was typed before was not meant for us.
    pub(super) fn listen(&mut self) {
        let Ok(modes) = tcgetattr(&self.keys) else { return };
        let mut ours = modes.clone();
        // Ctrl-C and Ctrl-Z stay what they are.
        ours.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        if self.before.is_none() && tcsetattr(&self.keys, OptionalActions::Flush, &ours).is_ok() {
            self.before = Some(modes);
        } else {
            let _ = tcflush(&self.keys, QueueSelector::IFlush);
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn leave(&mut self) {
        if let Some(before) = self.before.take() {
            let _ = tcsetattr(&self.keys, OptionalActions::Flush, &before);
        }
    }

    /// The next key; never, while nobody listens.
    pub(super) async fn key(&self) -> u8 {
        while self.before.is_some() {
            let Ok(mut ready) = self.keys.readable().await else { break };
            let mut key = [0];
            match ready.try_io(|keys| Ok(rustix::io::read(keys, &mut key)?)) {
                Ok(Ok(1..)) => return key[0],
                Ok(_) => break,
                Err(_) => {}
            }
        }
        // The terminal has gone, or nothing is asked.
        std::future::pending().await
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.leave();
    }
}
