//! What is to be started, in a form that a blocking thread can take along, and our ends of its streams.

use super::home::Homes;
use super::{Input, Output, pty};
use crate::error::StartError;
use crate::message::SlotId;
use crate::spec::{Io, Stderr, ToolSpec};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::unix::pipe;

/// One process that is to be started.
pub(super) struct Order {
    pub(super) command: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: Option<PathBuf>,
    slot_dir: Option<PathBuf>,
    home: Option<(Arc<Homes>, SlotId)>,
    pub(super) io: Io,
    stderr: Stderr,
}

/// What connects us to a new process.
pub(super) struct Pipework {
    /// Our ends.
    pub(super) ours: Ours,
    /// Its ends.
    pub(super) stdio: Stdio,
}

/// Our ends of a process's streams, before the reactor knows them.
pub(super) struct Ours {
    talk: Talk,
    errors: Option<OwnedFd>,
}

/// What we talk over.
enum Talk {
    Pipes { input: OwnedFd, output: OwnedFd },
    Terminal(OwnedFd),
}

/// The same, as the reactor of a thread knows them.
pub(super) struct Streams {
    pub(super) input: Box<dyn Input>,
    pub(super) output: Box<dyn Output>,
    pub(super) errors: Option<Box<dyn Output>>,
}

/// What a process finds as its standard streams.
pub(super) struct Stdio {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

impl Order {
    pub(super) fn new(spec: &ToolSpec, slot: SlotId) -> Self {
        let expand = |text: &String| spec.expand(text, slot);
        let home = spec.home.clone();
        let homely = home.iter().flat_map(|homes| homes.vars(slot));
        let mut env: Vec<_> = spec.env.iter().map(|(name, value)| (name.clone(), expand(value))).collect();
        homely.for_each(|(name, value)| {
            env.retain(|(other, _)| *other != name);
            env.push((name, value));
        });
        Self {
            command: spec.command.iter().map(expand).collect(),
            env,
            cwd: spec.cwd.clone(),
            slot_dir: spec.slot_dir(slot),
            home: home.map(|homes| (homes, slot)),
            io: spec.io,
            stderr: spec.stderr,
        }
    }

    /// Whether a process could be started, as far as one can see without doing it.
    pub(super) fn check(&self) -> Result<(), StartError> {
        let has_folder = self.cwd.as_ref().is_none_or(|cwd| cwd.is_dir());
        let Some(program) = self.program().filter(|program| has_folder && program.exists()) else {
            return Err(self.explain(&rustix::io::Errno::NOENT.into()));
        };
        match rustix::fs::access(&program, rustix::fs::Access::EXEC_OK) {
            Ok(()) if !program.is_dir() => Ok(()),
            _ => Err(self.explain(&rustix::io::Errno::ACCESS.into())),
        }
    }

    /// Where the program is: as it is written, or in the first folder of the tool's search path that has it.
    fn program(&self) -> Option<PathBuf> {
        let written = self.command.first()?;
        let from = self.cwd.clone().unwrap_or_default();
        if written.contains('/') {
            return Some(from.join(written));
        }
        let path = self.env.iter().find(|(name, _)| name == "PATH").map_or("/bin:/usr/bin", |(_, path)| path);
        std::env::split_paths(path).map(|folder| from.join(folder).join(written)).find(|path| path.exists())
    }

    /// Makes what the process needs: the private folder of its slot, and its streams.
    pub(super) fn prepare(&self) -> Result<Pipework, StartError> {
        if let Some(dir) = &self.slot_dir {
            private_folder(dir).map_err(|error| no_private_folder(dir, &error))?;
        }
        if let Some((homes, slot)) = &self.home {
            homes.make(*slot).map_err(|error| no_private_folder(&homes.of(*slot), &error))?;
        }
        let made = match self.io {
            Io::Pipes => self.pipes(),
            Io::Pty => self.terminal(),
        };
        made.map_err(|error| StartError::System(error.to_string()))
    }

    fn pipes(&self) -> io::Result<Pipework> {
        let (stdin, input) = io::pipe()?;
        let (output, stdout) = io::pipe()?;
        let talk = Talk::Pipes { input: input.into(), output: output.into() };
        self.with(talk, stdin.into(), stdout.into())
    }

    fn terminal(&self) -> io::Result<Pipework> {
        let (master, stdin) = pty::open()?;
        let stdout = stdin.try_clone()?;
        self.with(Talk::Terminal(master), stdin, stdout)
    }

    fn with(&self, talk: Talk, stdin: OwnedFd, stdout: OwnedFd) -> io::Result<Pipework> {
        let (errors, stderr) = match self.stderr {
            Stderr::Merged => (None, stdout.try_clone()?),
            Stderr::Kept => {
                let (errors, stderr) = io::pipe()?;
                (Some(errors.into()), stderr.into())
            }
            Stderr::Dropped => (None, File::options().write(true).open("/dev/null")?.into()),
        };
        Ok(Pipework { ours: Ours { talk, errors }, stdio: Stdio { stdin, stdout, stderr } })
    }

    /// Turns what the system said into what is wrong.
    pub(super) fn explain(&self, error: &io::Error) -> StartError {
        super::explain::explain(error, self)
    }
}

impl Ours {
    /// The streams, for the reactor of this thread.
    pub(super) fn streams(self) -> io::Result<Streams> {
        let errors = self.errors.map(receiver).transpose()?;
        match self.talk {
            Talk::Pipes { input, output } => {
                let input = Box::new(pipe::Sender::from_owned_fd(input)?);
                Ok(Streams { input, output: receiver(output)?, errors })
            }
            Talk::Terminal(master) => {
                let (keyboard, screen) = pty::streams(master)?;
                Ok(Streams { input: Box::new(keyboard), output: Box::new(screen), errors })
            }
        }
    }
}

fn receiver(pipe: OwnedFd) -> io::Result<Box<dyn Output>> {
    Ok(Box::new(pipe::Receiver::from_owned_fd(pipe)?))
}

/// A full disk may heal by itself; what somebody forbids, or what stands in the way, does not.
fn no_private_folder(path: &Path, error: &io::Error) -> StartError {
    use io::ErrorKind::{AlreadyExists, NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    match error.kind() {
        AlreadyExists | NotADirectory | PermissionDenied | ReadOnlyFilesystem => {
            StartError::NoStateFolder { path: path.to_owned(), reason: error.to_string() }
        }
        _ => StartError::System(format!("{}: {error}", path.display())),
    }
}

/// A folder that only its owner may enter.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
