//! Runs that end early, and how they say so.

use crate::running::World;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

#[test]
fn a_pool_that_cannot_start() {
    let ran = World::new().run(&["run", "no-such-program --flag", "--lines", "-q", "a", "b"]);
    assert_snapshot!(ran, @r"
    status: 3
    --- stdout
    --- stderr
    error: the pool gave up: program 'no-such-program' not found on PATH: install it, or give its path
    ");
}

#[test]
fn f39_nobody_reads_any_more() {
    let world = World::new();
    let endless = "while :; do echo x || exit; done";
    let mut items =
        std::process::Command::new("bash").args(["-c", endless]).stdout(Stdio::piped()).spawn().unwrap();
    let input = items.stdout.take().unwrap();
    let mut run = world.command(&["run", "bash", "-q", "-s", "echo {}"]).stdin(input).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(run.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "x\n");
    let ran = world.wait(run);
    assert_eq!(ran.to_string(), "status: 4\n--- stdout\n--- stderr\n");
    items.kill().unwrap();
    items.wait().unwrap();
}

/// A run on one instance: the first job has ended, the second reads the pipe `go`, the third waits for the second.
struct Waiting {
    _world: World,
    /// The second job goes on when this is closed.
    go: Option<File>,
    run: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Waiting {
    fn begin() -> Self {
        let world = World::new();
        assert!(std::process::Command::new("mkfifo").arg(world.path("go")).status().unwrap().success());
        let words = ["run", "bash", "-n", "1", "echo first", "cat go; echo went", "echo third"];
        let mut run = world.command(&words).spawn().unwrap();
        let mut out = BufReader::new(run.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        assert_eq!(first, "first\n");
        // Waits until the job has opened the other end.
        let go = File::create(world.path("go")).ok();
        let err = BufReader::new(run.stderr.take().unwrap());
        Self { _world: world, go, run, out, err }
    }

    /// Sends a signal, and waits for the talk to say this.
    fn signal(&mut self, signal: Signal, says: &str) -> String {
        kill_process(Pid::from_child(&self.run), signal).unwrap();
        let said = self.err.by_ref().lines().map(|line| line.unwrap()).find(|line| line.contains(says));
        said.unwrap_or_else(|| panic!("it never said {says:?}"))
    }

    /// The status, the rest of standard output, and the talk without the time.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut err).unwrap();
        let summary =
            err.lines().last().and_then(|line| line.rsplit_once(" in ")).map(|(summary, _)| summary);
        (self.run.wait().unwrap().code(), out, summary.unwrap_or_default().to_owned())
    }
}

#[test]
fn f58_the_first_signal_finishes_what_runs() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut waiting = Waiting::begin();
        waiting.signal(signal, "finishing 1 job, beginning no more");
        waiting.go = None;
        let summary = "3 jobs: 2 ok, 1 cancelled".to_owned();
        assert_eq!(waiting.end(), (Some(code), "went\n".to_owned(), summary));
    }
}

#[test]
fn f58_the_second_signal_cancels() {
    let mut waiting = Waiting::begin();
    waiting.signal(Signal::INT, "finishing 1 job");
    waiting.signal(Signal::INT, "cancelling 1 job");
    let (code, out, summary) = waiting.end();
    assert_eq!((code, out.as_str(), summary.as_str()), (Some(130), "", "3 jobs: 1 ok, 2 cancelled"));
}

#[test]
fn a_signal_shows_what_every_instance_does() {
    let mut waiting = Waiting::begin();
    let line = waiting.signal(Signal::USR1, "instance 0");
    assert!(line.starts_with("instance 0 bash working for ") && line.contains("job 2/3 cat go"), "{line}");
    // In this order; a look at the processes finds what the tool has started.
    for part in [
        "doing     job 2/3 cat go; echo went, step 1 of 1: a step runs",
        "awaits    the sentinel ",
        "timers    timeout in ",
        " bash (child of ",
        " cat (child of ",
        " bytes since the prompt",
        "next      wait; --timeout says for how long",
    ] {
        let line = waiting.err.by_ref().lines().map(|line| line.unwrap()).find(|line| line.contains(part));
        assert!(line.is_some(), "it never said {part:?}");
    }
    waiting.go = None;
    assert_eq!(waiting.end().0, Some(0));
}

#[test]
fn colours_can_be_forced_and_are_forbidden_first() {
    let world = World::new();
    let stderr = |wishes: &[(&str, &str)]| {
        let mut command = world.command(&["run", "bash", "-n", "1", "-q", "(exit 3)"]);
        let run = command.envs(wishes.iter().copied()).spawn().unwrap();
        world.wait(run).stderr
    };
    let plain = "1/1 (exit 3): error: exit status 3\n";
    assert_eq!(stderr(&[]), plain);
    let painted = plain.replace("error:", "\u{1b}[31;1merror\u{1b}[0m:");
    assert_eq!(stderr(&[("CLICOLOR_FORCE", "1")]), painted);
    assert_eq!(stderr(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
}
