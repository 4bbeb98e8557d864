//! The grandchild: this program again, asleep.

use std::{
    io::{self, Read, Write},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// How long anything that never ends lasts.
pub(crate) const EVER: Duration = Duration::from_secs(3600);

/// What kind of grandchild.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Sleeper {
    pub(crate) own_session: bool,
    pub(crate) holds_stdout: bool,
}

impl Sleeper {
    /// Starts it, and waits until it has its session.
    pub(crate) fn start(self) -> io::Result<Child> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--sleeper").stdin(Stdio::null()).stderr(Stdio::piped());
        if self.own_session {
            command.arg("--own-session");
        }
        if !self.holds_stdout {
            command.stdout(Stdio::null());
        }
        let mut child = command.spawn()?;
        if let Some(mut stderr) = child.stderr.take() {
            stderr.read_exact(&mut [0])?;
        }
        Ok(child)
    }

    /// Is it.
    pub(crate) fn run(self) -> io::Result<u8> {
        if self.own_session {
            rustix::process::setsid()?;
        }
        io::stderr().write_all(b"+")?;
        thread::sleep(EVER);
        Ok(0)
    }
}
