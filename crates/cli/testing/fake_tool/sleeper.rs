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
#[allow(clippy::struct_excessive_bools, reason = "flags of a command line, in any combination")]
pub(crate) struct Sleeper {
    pub(crate) own_session: bool,
    pub(crate) own_group: bool,
    pub(crate) holds_stdout: bool,
    pub(crate) stopped: bool,
    /// It is the child of a child that ends at once.
    pub(crate) twice: bool,
}

impl Sleeper {
    /// Starts it, and waits until it is where it is to be.
    pub(crate) fn start(self) -> io::Result<Child> {
        let mut child = self.command(Stdio::piped())?.spawn()?;
        if let Some(mut stderr) = child.stderr.take() {
            stderr.read_exact(&mut [0])?;
        }
        Ok(child)
    }

    fn command(self, stderr: Stdio) -> io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--sleeper").stdin(Stdio::null()).stderr(stderr);
        let words = [
            (self.own_session, "--own-session"),
            (self.own_group, "--own-group"),
            (self.stopped, "--stopped"),
            (self.twice, "--twice"),
        ];
        command.args(words.iter().filter(|(wanted, _)| *wanted).map(|(_, word)| word));
        if !self.holds_stdout {
            command.stdout(Stdio::null());
        }
        Ok(command)
    }

    /// Is it.
    pub(crate) fn run(self) -> io::Result<u8> {
        if self.twice {
            // Its own standard output is what it was given, so that its child may have that.
            let child = Self { twice: false, holds_stdout: true, ..self };
            child.command(Stdio::inherit())?.spawn()?;
            return Ok(0);
        }
        if self.own_session {
            rustix::process::setsid()?;
        } else if self.own_group {
            rustix::process::setpgid(None, None)?;
        }
        io::stderr().write_all(b"+")?;
        if self.stopped {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP)?;
        }
        thread::sleep(EVER);
        Ok(0)
    }
}
