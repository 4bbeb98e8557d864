//! Runs the program in a small world of its own.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder to work in, and an environment without surprises.
pub(crate) struct World {
    dir: tempfile::TempDir,
}

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    /// The program, ready to start, with nothing on standard input.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .args(words)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.dir.path())
            .env("LANG", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(&self.command(words).output().unwrap(), self.dir.path())
    }

    /// Runs it to its end with this on standard input.
    pub(crate) fn run_with(&self, input: &[u8], words: &[&str]) -> Ran {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        // It may well end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input);
        self.wait(child)
    }

    pub(crate) fn wait(&self, child: Child) -> Ran {
        Ran::of(&child.wait_with_output().unwrap(), self.dir.path())
    }
}

impl Ran {
    fn of(output: &Output, dir: &Path) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&dir.display().to_string(), "DIR");
        Self {
            status: status.code().unwrap_or_else(|| 1000 + status.signal().unwrap_or_default()),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Without the last line of the talk, which tells how long it took; and that line, without the time.
    pub(crate) fn summary(&self) -> &str {
        let last = self.stderr.lines().last().unwrap_or_default();
        last.rsplit_once(" in ").map_or(last, |(summary, _)| summary)
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status: {}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}
