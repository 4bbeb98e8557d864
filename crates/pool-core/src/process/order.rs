//! What is to be started, in a form that a blocking thread can take along, and our ends of its pipes.

use crate::error::StartError;
use crate::message::SlotId;
use crate::spec::{Stderr, ToolSpec};
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// One process that is to be started.
pub(super) struct Order {
    pub(super) command: Vec<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: Option<PathBuf>,
    slot_dir: Option<PathBuf>,
    stderr: Stderr,
}

/// The pipes of a new process.
pub(super) struct Pipework {
    /// Our end of its standard input.
    pub(super) input: OwnedFd,
    /// Our end of its standard output.
    pub(super) output: OwnedFd,
    /// Its ends.
    pub(super) stdio: Stdio,
}

/// What a process finds as its standard streams.
pub(super) struct Stdio {
    pub(super) stdin: PipeReader,
    pub(super) stdout: PipeWriter,
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
            stderr: spec.stderr,
        }
    }

    /// Makes what the process needs: the private folder of its slot, and its pipes.
    pub(super) fn prepare(&self) -> Result<Pipework, StartError> {
        if let Some(dir) = &self.slot_dir {
            private_folder(dir).map_err(|error| no_private_folder(dir, &error))?;
        }
        self.pipes().map_err(|error| StartError::System(error.to_string()))
    }

    fn pipes(&self) -> io::Result<Pipework> {
        let (stdin, input) = io::pipe()?;
        let (output, stdout) = io::pipe()?;
        let stderr = match self.stderr {
            Stderr::Merged => stdout.try_clone()?.into(),
            Stderr::Dropped => File::options().write(true).open("/dev/null")?.into(),
        };
        Ok(Pipework { input: input.into(), output: output.into(), stdio: Stdio { stdin, stdout, stderr } })
    }

    /// Turns what the system said into what is wrong.
    pub(super) fn explain(&self, error: &io::Error) -> StartError {
        super::explain::explain(error, self)
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
