//! What is to be started, in a form that a blocking thread can take along, and our ends of its streams.

use super::{Output, Process, ProcessControl, pty};
use crate::error::StartError;
use crate::message::SlotId;
use crate::spec::{Io, Stderr, ToolSpec};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use tokio::net::unix::pipe;

/// One process that is to be started.
pub(super) struct Order {
    pub(super) command: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: Option<PathBuf>,
    slot_dir: Option<PathBuf>,
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
pub(super) enum Ours {
    Pipes { input: OwnedFd, output: OwnedFd, errors: Option<OwnedFd> },
    Terminal(OwnedFd),
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
        Self {
            command: spec.command.iter().map(expand).collect(),
            env: spec.env.iter().map(|(name, value)| (name.clone(), expand(value))).collect(),
            cwd: spec.cwd.clone(),
            slot_dir: spec.slot_dir(slot),
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
        let made = match self.io {
            Io::Pipes => self.pipes(),
            Io::Pty => self.terminal(),
        };
        made.map_err(|error| StartError::System(error.to_string()))
    }

    fn pipes(&self) -> io::Result<Pipework> {
        let (stdin, input) = io::pipe()?;
        let (output, stdout) = io::pipe()?;
        let ours = Ours::Pipes { input: input.into(), output: output.into(), errors: None };
        self.with(ours, stdin.into(), stdout.into())
    }

    fn terminal(&self) -> io::Result<Pipework> {
        let (master, stdin) = pty::open()?;
        let stdout = stdin.try_clone()?;
        self.with(Ours::Terminal(master), stdin, stdout)
    }

    fn with(&self, mut ours: Ours, stdin: OwnedFd, stdout: OwnedFd) -> io::Result<Pipework> {
        let stderr = match self.stderr {
            Stderr::Merged => stdout.try_clone()?,
            Stderr::Dropped => File::options().write(true).open("/dev/null")?.into(),
            Stderr::Apart => {
                let (ours_of_it, stderr) = io::pipe()?;
                if let Ours::Pipes { errors, .. } = &mut ours {
                    *errors = Some(ours_of_it.into());
                }
                stderr.into()
            }
        };
        Ok(Pipework { ours, stdio: Stdio { stdin, stdout, stderr } })
    }

    /// Turns what the system said into what is wrong.
    pub(super) fn explain(&self, error: &io::Error) -> StartError {
        super::explain::explain(error, self)
    }
}

impl Ours {
    /// The process of these streams, for the reactor of this thread.
    pub(super) fn into_process(self, control: Box<dyn ProcessControl>) -> io::Result<Process> {
        match self {
            Self::Pipes { input, output, errors } => {
                let reader =
                    |end| pipe::Receiver::from_owned_fd(end).map(|end| Box::new(end) as Box<dyn Output>);
                let input = Box::new(pipe::Sender::from_owned_fd(input)?);
                Ok(Process {
                    input,
                    output: reader(output)?,
                    errors: errors.map(reader).transpose()?,
                    control,
                })
            }
            Self::Terminal(master) => {
                let (keyboard, screen) = pty::streams(master)?;
                Ok(Process { input: Box::new(keyboard), output: Box::new(screen), errors: None, control })
            }
        }
    }
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
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
