//! Starting the [tool](crate::child): this program again, with pipes or on a terminal.

use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What every round trip says.
pub(crate) const PROMPT: &str = "hello 00000000000000000000000000000007";

/// The argument vector of the tool with these options.
pub(crate) fn argv(options: &[String]) -> io::Result<Vec<String>> {
    let program =
        own_path()?.into_os_string().into_string().map_err(|_| io::Error::other("path is not UTF-8"))?;
    Ok([program, "child".to_owned()].into_iter().chain(options.iter().cloned()).collect())
}

/// The file of this program.
pub(crate) fn own_path() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// The tool with pipes and, like the pool's tools, without any environment. `posix_spawn` starts it: nothing is set
/// that would make the library fork.
pub(crate) fn command(options: &[String]) -> io::Result<Command> {
    let argv = argv(options)?;
    let mut command = Command::new(&argv[0]);
    command.args(&argv[1..]).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    Ok(command)
}

/// A running tool. Dropping it closes its input and waits for its end.
pub(crate) struct Tool {
    child: Child,
    input: Option<OwnedFd>,
    output: OwnedFd,
}

impl Tool {
    /// Starts one; it may not be ready yet.
    pub(crate) fn start(options: &[String]) -> io::Result<Self> {
        Self::start_with(&mut command(options)?)
    }

    /// Starts one from a command made before.
    pub(crate) fn start_with(command: &mut Command) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let input = child.stdin.take().map(OwnedFd::from);
        let output = child.stdout.take().ok_or_else(|| io::Error::other("the tool has no output"))?;
        Ok(Self { child, input, output: output.into() })
    }

    /// Starts one on a terminal that changes no byte. It ends only if it is killed.
    pub(crate) fn start_on_terminal(options: &[String]) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let output = openpt(flags)?;
        unlockpt(&output)?;
        let own = ioctl_tiocgptpeer(&output, flags)?;
        let mut modes = tcgetattr(&own)?;
        modes.make_raw();
        tcsetattr(&own, OptionalActions::Now, &modes)?;
        let child = command(options)?.stdin(own.try_clone()?).stdout(own).spawn()?;
        Ok(Self { child, input: Some(output.try_clone()?), output })
    }

    /// Writes all of `bytes` into its input.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let input = self.input.as_ref().ok_or_else(|| io::Error::other("the tool's input is closed"))?;
        let mut left = bytes;
        while !left.is_empty() {
            left = &left[rustix::io::write(input, left)?..];
        }
        Ok(())
    }

    /// One read of its output. Its end is an error here: a tool does not go before it is told to.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match rustix::io::read(&self.output, buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }

    /// Its output, to watch.
    pub(crate) const fn output(&self) -> &OwnedFd {
        &self.output
    }

    /// Kills it, without waiting.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    /// Tells it to go, without waiting.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        self.close();
        // Nothing to do about a failure in a benchmark that is over.
        let _ = self.child.wait();
    }
}
