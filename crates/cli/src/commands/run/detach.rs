//! `--detach`: the run goes on in the background, in a session of its own, when its terminal has long gone.
//!
//! The program starts itself once more with the same words. The child says the name of its run when its tools are up,
//! and lets go of the streams; until then its errors are the user's to see, and its exit code is ours.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Level, Output};
use cluster::ledger::folder::private_file;
use cluster::ledger::{LedgerError, Recorder};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

/// By this name the child knows what it is.
const NAME: &str = "cluster-detached";

/// What the run says, in its folder.
pub(crate) const TALK: &str = "talk";

/// Starts the run in the background; `None` if that is where we are.
pub(crate) fn begin(level: Level) -> Result<Option<Exit>, Failure> {
    begin_as(level, |name, pid| {
        format!(
            "{name} goes on in the background (pid {pid}): 'cluster wait {name}' waits for its end, 'kill {pid}' ends it"
        )
    })
}

/// The same of whatever else has a name; `say`: what to tell people of that, and of its process.
pub(crate) fn begin_as(level: Level, say: impl Fn(&str, u32) -> String) -> Result<Option<Exit>, Failure> {
    let mut words = std::env::args_os();
    if words.next().is_some_and(|name| name == NAME) {
        // Fails only for the leader of a group, which a started child is not.
        rustix::process::setsid().map_err(failed)?;
        return Ok(None);
    }
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let mut child = command.arg0(NAME).args(words).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut told = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut told).map_err(failed)?;
    }
    let Some((name, notes)) = told.split_once('\n') else {
        return child.wait().map(|status| Some(code(status))).map_err(failed);
    };
    Output::document(&format!("{name}\n"))?;
    if level > Level::Quiet {
        Output::aside(&say(name, child.id()));
        notes.lines().for_each(Output::aside);
    }
    Ok(Some(Exit::Ok))
}

/// The child that did not become a run has said why.
fn code(status: ExitStatus) -> Exit {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.and_then(Exit::of).unwrap_or(Exit::Pool)
}

/// The streams that a child in the background has let go of.
pub(crate) struct Streams {
    name: String,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Streams {
    /// From now on what is said goes into the run's folder, and replies into its record alone.
    pub(super) fn leave(recorder: &Recorder) -> Result<Self, Failure> {
        Self::leave_to(recorder.name(), &recorder.folder().join(TALK))
    }

    /// From now on what is said goes into this file, and nothing goes to standard output.
    pub(crate) fn leave_to(name: &str, talk: &Path) -> Result<Self, Failure> {
        let talk = private_file(talk).map_err(|error| Failure::ledger(LedgerError::from(error)))?;
        let streams = Self {
            name: name.to_owned(),
            stdout: std::io::stdout().as_fd().try_clone_to_owned().map_err(failed)?,
            stderr: std::io::stderr().as_fd().try_clone_to_owned().map_err(failed)?,
        };
        rustix::fs::fcntl_setfl(&talk, rustix::fs::OFlags::APPEND).map_err(failed)?;
        let nothing = File::options().read(true).write(true).open("/dev/null").map_err(failed)?;
        rustix::stdio::dup2_stdout(&nothing).map_err(failed)?;
        rustix::stdio::dup2_stderr(&talk).map_err(failed)?;
        Ok(streams)
    }

    /// The run has begun: whoever waits for its name has it, and need not wait any more.
    ///
    /// # Errors
    /// Nobody waits: it was given up while the tools were starting.
    pub(crate) fn tell(self) -> Result<(), Failure> {
        self.tell_with(&[])
    }

    /// The same with what else there is to say to people.
    ///
    /// # Errors
    /// As [`Streams::tell`].
    pub(crate) fn tell_with(self, notes: &[String]) -> Result<(), Failure> {
        let lines: String = notes.iter().map(|note| format!("{note}\n")).collect();
        Ok(write!(File::from(self.stdout), "{}\n{lines}", self.name)?)
    }

    /// There will be no run; why is for the user to see.
    pub(crate) fn come_back(self) {
        // If they have gone, nobody is left to be told.
        let _ = rustix::stdio::dup2_stderr(self.stderr);
        let _ = rustix::stdio::dup2_stdout(self.stdout);
    }
}

fn failed(error: impl Into<std::io::Error>) -> Failure {
    Failure::pool(format!("the run cannot go into the background: {}", error.into()))
}
