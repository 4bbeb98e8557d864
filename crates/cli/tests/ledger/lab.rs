//! A folder with a state of its own, the program, and the fake tool with its log.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Frames the fake tool.
pub(crate) const SENTINEL: &str = "/end {nonce}=^end {nonce}$";

pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; nothing if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The command line of the fake tool, logging what it receives, synced before it acts on it.
    pub(crate) fn tool(&self) -> String {
        format!("{} --log {}", env!("CARGO_BIN_EXE_fake-tool"), self.path("log").display())
    }

    /// The program with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
        command.args(words).current_dir(self.dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path()).env("LANG", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Ran::of(self.command(words).spawn().unwrap())
    }

    /// `cluster run` of two instances of the fake tool.
    pub(crate) fn words<'a>(tool: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["run", tool, "--sentinel", SENTINEL, "-n", "2", "--json"][..], more].concat()
    }

    /// The same with one instance.
    pub(crate) fn alone<'a>(tool: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["run", tool, "--sentinel", SENTINEL, "-n", "1", "--json"][..], more].concat()
    }

    /// Where standard output of runs that are killed goes: what is in it was told.
    pub(crate) fn told(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.path("told")).unwrap()
    }

    /// The prompts that arrived at the tool, in the order of arrival.
    pub(crate) fn received(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines = log.lines().filter_map(|line| {
            // A tool that was killed may have left half a line.
            let event: serde_json::Value = serde_json::from_str(line).ok()?;
            event["line"].as_str().map(str::to_owned)
        });
        lines.filter(|line| !line.starts_with("/end ")).collect()
    }
}

impl Ran {
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let ran =
            Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) };
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        ran
    }
}
