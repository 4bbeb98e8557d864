//! Runs the program, with an eye on the clock and on what it leaves behind.

use crate::events::await_files;
use crate::gone::{all_end, ends};
use rustix::process::{Pid, Signal};
use serde_json::Value;
use std::fmt;
use std::io::{BufRead, BufReader, PipeReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Nothing here takes longer, on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How soon after the end of the program its tools must be gone.
const GONE: Duration = Duration::from_secs(5);

/// The variable by which processes of tools are known.
pub(crate) const MARK: &str = "CLUSTER_TEST_MARK";

/// The variable that keeps guards from having control groups.
const NO_GROUP: &str = "CLUSTER_NO_CGROUP";

/// A folder to work in, and an environment without surprises.
pub(crate) struct World {
    dir: tempfile::TempDir,
    /// Not empty: guards find the processes of tools by looking, as where they can have no group.
    no_group: &'static str,
}

/// A run that goes on. Its output is collected meanwhile.
pub(crate) struct Running {
    child: Child,
    mark: String,
    deadline: Instant,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    /// What has been read of standard error.
    said: String,
    /// The end of a pipe from which nobody reads.
    unread: Option<PipeReader>,
}

/// What a run left behind.
pub(crate) struct Ran {
    /// The exit code; 1000 and more: the signal.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::within(tempfile::tempdir().unwrap())
    }

    /// In this folder.
    pub(crate) const fn within(dir: tempfile::TempDir) -> Self {
        Self { dir, no_group: "1" }
    }

    /// Where each guard has a control group, if the system lets it.
    pub(crate) fn with_groups() -> Self {
        Self { no_group: "", ..Self::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    /// Waits until somebody has made this file.
    pub(crate) fn await_file(&self, name: &str) {
        let file = self.path(name);
        await_files(self.dir.path(), PATIENCE, || file.exists(), || format!("nobody made {name}"));
    }

    /// Any program, ready to start here, with nothing on standard input.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path()).env("LANG", "C.UTF-8");
        command.env(NO_GROUP, self.no_group);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// `cluster run` with these words; what it starts carries the mark.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_cluster"));
        command.args(["run", "--env", MARK]).args(words).env(MARK, self.mark());
        command
    }

    /// What the processes of this world are known by.
    pub(crate) fn mark(&self) -> String {
        self.dir.path().display().to_string()
    }

    /// What it starts carries the mark.
    pub(crate) fn marked<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env(MARK, self.mark())
    }

    /// Starts `cluster run`.
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        self.follow(self.command(words).spawn().unwrap())
    }

    /// Starts it as the last words of another command, which replaces itself by it.
    pub(crate) fn start_through(&self, through: &[&str], words: &[&str]) -> Running {
        let plain = self.command(words);
        let mut command = self.program(through[0]);
        command.args(&through[1..]).arg(plain.get_program()).args(plain.get_args()).env(MARK, self.mark());
        self.follow(command.spawn().unwrap())
    }

    /// Starts it with a pipe on standard input.
    pub(crate) fn start_fed(&self, words: &[&str]) -> (Running, ChildStdin) {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        (self.follow(child), input)
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.start(words).end()
    }

    /// Runs any verb to its end.
    pub(crate) fn cluster(&self, words: &[&str]) -> Ran {
        let mut command = self.program(env!("CARGO_BIN_EXE_cluster"));
        self.follow(self.marked(command.args(words)).spawn().unwrap()).end()
    }

    /// Runs `cluster ask` to its end.
    pub(crate) fn ask(&self, words: &[&str]) -> Ran {
        let mut command = self.program(env!("CARGO_BIN_EXE_cluster"));
        command.args(["ask", "--env", MARK]).args(words).env(MARK, self.mark());
        self.follow(command.spawn().unwrap()).end()
    }

    /// Runs it to its end with this on standard input.
    pub(crate) fn run_with(&self, input: &[u8], words: &[&str]) -> Ran {
        let (running, mut pipe) = self.start_fed(words);
        // It may well end before it has read everything.
        let _ = pipe.write_all(input);
        drop(pipe);
        running.end()
    }

    /// Starts it with nobody who reads standard output, although the pipe is open until [`Running::end`].
    pub(crate) fn start_blocked(&self, words: &[&str]) -> Running {
        let (unread, output) = std::io::pipe().unwrap();
        let child = self.command(words).stdout(output).spawn().unwrap();
        let mut running = self.follow(child);
        running.unread = Some(unread);
        running
    }

    /// Looks after a child of [`World::program`].
    pub(crate) fn follow(&self, mut child: Child) -> Running {
        let stdout = child.stdout.take().map_or_else(|| channel().1, lines);
        let stderr = lines(child.stderr.take().unwrap());
        let deadline = Instant::now() + PATIENCE;
        Running { child, mark: self.mark(), deadline, stdout, stderr, said: String::new(), unread: None }
    }
}

/// Lines with their ends, as they come.
fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
    receive
}

impl Running {
    /// Gives the run more time than usual, from now on.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.deadline = Instant::now() + patience;
        self
    }

    /// The next line of standard output; `None` at its end.
    pub(crate) fn line(&mut self) -> Option<String> {
        next(&self.stdout, self.deadline, "line of standard output")
    }

    /// Whether standard output stays silent for so long.
    pub(crate) fn is_silent(&self, time: Duration) -> bool {
        self.stdout.recv_timeout(time).is_err()
    }

    /// Its process.
    pub(crate) fn process(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Nobody reads standard error any more, likewise.
    pub(crate) fn close_stderr(&mut self) {
        self.stderr = channel().1;
    }

    /// Nobody reads standard output any more: the reader lets go of the pipe at the next line.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = channel().1;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for a line of standard error that contains this.
    pub(crate) fn says(&mut self, wanted: &str) {
        while let Some(line) = next(&self.stderr, self.deadline, wanted) {
            self.said += &line;
            if line.contains(wanted) {
                return;
            }
        }
        panic!("it never said {wanted:?}, but\n{}", self.said);
    }

    /// Waits for the end; no process that it started may outlive it.
    pub(crate) fn end(mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), std::mem::take(&mut self.said));
        while let Some(line) = self.line() {
            stdout += &line;
        }
        while let Some(line) = next(&self.stderr, self.deadline, "end of standard error") {
            stderr += &line;
        }
        self.await_exit();
        let status = self.child.wait().unwrap();
        let status = status.code().unwrap_or_else(|| 1000 + status.signal().unwrap_or_default());
        let ran = Ran { status, stdout, stderr };
        assert!(!ran.stderr.contains("panicked"), "{ran}");
        self.assert_nothing_left(&ran);
        ran
    }

    /// Waits for the end, whatever is left then.
    pub(crate) fn end_only(mut self) {
        self.await_exit();
        self.child.wait().unwrap();
    }

    fn await_exit(&self) {
        let ended = ends(Pid::from_child(&self.child), self.deadline);
        assert!(ended, "it closed its output, but did not end");
    }

    fn assert_nothing_left(&self, ran: &Ran) {
        if let Err(left) = all_end(GONE, || processes(&self.mark)) {
            panic!("{left:?} are left after\n{ran}");
        }
    }
}

/// A test that fails leaves no run behind. The tools of a killed program see the end of their input.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next(from: &Receiver<String>, deadline: Instant, what: &str) -> Option<String> {
    use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
    match from.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(line) => Some(line),
        Err(Disconnected) => None,
        Err(Timeout) => panic!("waited too long for the {what}"),
    }
}

/// The processes that carry the mark, and their command lines. A zombie carries nothing.
pub(crate) fn processes(mark: &str) -> Vec<(u32, String)> {
    let wanted = format!("{MARK}={mark}");
    let carries = |pid: &u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    let command = |pid: u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        (pid, String::from_utf8_lossy(&line).replace('\0', " "))
    };
    let all = std::fs::read_dir("/proc").unwrap();
    let pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(carries).map(command).collect()
}

impl Ran {
    /// Its results as JSON, in the order of the items.
    pub(crate) fn results(&self) -> Vec<Value> {
        let results = self.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        let mut results: Vec<Value> = results.collect();
        results.sort_by_key(|result| result["index"].as_u64());
        results
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status: {}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}
