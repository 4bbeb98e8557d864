//! A folder with a place for sockets of its own, the program, and the fake tool.

use crate::events::await_files;
use serde_json::Value;
use std::fmt;
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

/// Nothing here takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

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

    /// Writes a file into the folder.
    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Waits until the fake tool has this line.
    pub(crate) fn await_log(&self, line: &str) {
        let has_it = || {
            let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.into_iter().any(|event| event["line"] == line)
        };
        await_files(self.dir.path(), PATIENCE, has_it, || format!("the tool has no {line:?}"));
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

    /// A profile of the fake tool with these flags: it has a command, `/add`, and may ask. What to give to `up`.
    pub(crate) fn tool(&self, flags: &[&str]) -> &'static str {
        let log = self.path("log").display().to_string();
        let command = [&[env!("CARGO_BIN_EXE_fake-tool"), "--log", &log], flags].concat();
        let profile = format!(
            "schema = 'cluster.profile/1'\ncommand = {command:?}\ncommands = ['/add']\ncommand_marks = ['/']\n\
             questions = ['\\[Yes\\]: \\z']\n[turn]\nby = 'sentinel'\nsend = '/end {{nonce}}'\nexpect = '^end {{nonce}}$'\n"
        );
        std::fs::write(self.path("fake.toml"), profile).unwrap();
        "./fake.toml"
    }

    /// Starts a pool of so many of them, and returns its controller.
    pub(crate) fn up(&self, instances: usize, words: &[&str]) -> i32 {
        let tool = format!("{}:{instances}", self.tool(&[]));
        self.ok(&[&["up", &tool], words].concat());
        self.status()["pool"]["pid"].as_i64().unwrap() as i32
    }

    /// A program that speaks the protocol by itself.
    pub(crate) fn wire(&self) -> Wire {
        Wire::connect(&self.place().join("main.sock"))
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
            assert!(!text.contains("panicked at"), "{text}");
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

/// A client without our library.
pub(crate) struct Wire {
    pub(crate) stream: UnixStream,
    lines: Lines<BufReader<UnixStream>>,
}

impl Wire {
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        Self { stream, lines }
    }

    pub(crate) fn say(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap();
        self.stream.write_all(b"\n").unwrap();
    }

    /// The next line, unless the pool has ended the connection.
    pub(crate) fn hear(&mut self) -> Option<Value> {
        // A pool that has not read everything resets the connection.
        let line = self.lines.next()?.ok()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    /// The last answer to a request.
    pub(crate) fn answer(&mut self, id: u64) -> Value {
        let is_it = |heard: &Value| heard["id"] == id && heard.get("event").is_none();
        std::iter::from_fn(|| self.hear()).find(is_it).expect("an answer before the end")
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, mut request: Value) -> Value {
        request["id"] = 1.into();
        self.say(request.to_string());
        self.answer(1)
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
