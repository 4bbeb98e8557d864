//! A folder with a place for sockets of its own, the program, and the fake tool.

use serde_json::Value;
use std::fmt;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// Frames the fake tool.
pub(crate) const SENTINEL: &str = "/end {nonce}=^end {nonce}$";

pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; 1000 and more: the signal.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("c").tempdir().unwrap();
        std::fs::create_dir(dir.path().join("run")).unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The folder of the sockets.
    pub(crate) fn place(&self) -> PathBuf {
        self.path("run/cluster")
    }

    /// The program with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
        command.args(words).current_dir(self.dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path()).env("LANG", "C.UTF-8");
        command.env("XDG_RUNTIME_DIR", self.path("run"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.ran(&self.command(words).output().unwrap())
    }

    /// The same; what it prints, if it succeeds.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.status, 0, "{words:?}: {ran}");
        ran.stdout
    }

    /// What `status` tells.
    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.ok(&["status", "--json"])).unwrap()
    }

    /// The fake tool with these flags, as words of `up`.
    pub(crate) fn tool(&self, flags: &str) -> String {
        format!("{} --log {} {flags}", env!("CARGO_BIN_EXE_fake-tool"), self.path("log").display())
    }

    /// Watches a pool, from before this returns on.
    pub(crate) fn watch(&self, words: &[&str]) -> Watch {
        let mut command = self.command(&[&["status", "--watch", "--json"], words].concat());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // How it is at the beginning.
        lines.next().unwrap().unwrap();
        Watch { child, lines }
    }

    pub(crate) fn ran(&self, output: &Output) -> Ran {
        use std::os::unix::process::ExitStatusExt;
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace(&self.dir.path().display().to_string(), "DIR");
            assert!(!text.contains("panicked"), "{text}");
            text
        };
        let status = output.status;
        Ran {
            status: status.code().unwrap_or_else(|| 1000 + status.signal().unwrap_or_default()),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// A client that watches.
pub(crate) struct Watch {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    /// Waits for an event like this.
    pub(crate) fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let events = self.lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        events.into_iter().find(is_it).expect("the pool goes on until then")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A test that fails leaves no pool behind.
impl Drop for Lab {
    fn drop(&mut self) {
        for lock in std::fs::read_dir(self.place()).into_iter().flatten().flatten() {
            if lock.path().extension().is_some_and(|extension| extension == "lock") {
                let name = lock.path().file_stem().unwrap().to_string_lossy().into_owned();
                let _ = self.command(&["down", "-p", &name]).output();
            }
        }
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status: {}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}
