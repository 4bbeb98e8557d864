//! The subjects: pools that are measured against the limit programs, all in the same way.
//!
//! Clients are spawned tasks, as they are in a service. (A client that *is* the future of `block_on` costs each round
//! trip a second `epoll_wait(2)`: waking that future makes tokio look at its driver before it polls.)

pub(crate) mod ours;
pub(crate) mod plain;

mod faults;
mod idle;
mod steady;

use crate::Failure;
use crate::args::Args;
use crate::sample::Sample;
use pool_core::spec::Io;
use std::future::Future;

/// A pool of tools, as far as the measurements need one.
pub(crate) trait Subject: Sized + 'static {
    /// Runs a future, and the tasks it spawns with [`tokio::task::spawn_local`], on this thread.
    fn run<F: Future>(future: F) -> Result<F::Output, Failure>;

    /// Starts the tools; they are all ready when it returns.
    async fn start(setup: Setup) -> Result<Self, Failure>;

    /// Has one free tool answer, and returns the length of the reply, without its end.
    async fn ask(&self, prompt: String) -> Result<usize, Failure>;

    /// Ends the tools.
    async fn stop(self) -> Result<(), Failure>;
}

/// What a subject is to start.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// How many tools.
    pub(crate) tools: usize,
    /// The options of the [tool](crate::child).
    pub(crate) options: Vec<String>,
    /// What ends a reply.
    pub(crate) framing: Framing,
    /// What connects the pool to the tools; for pools that have a choice.
    pub(crate) io: Io,
}

/// What ends a reply of the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The end of its line.
    Line,
    /// The line `END`.
    End,
    /// A line of its own that the pool has the tool echo (`--mark mark`); for pools that can.
    Mark,
}

impl Setup {
    pub(crate) fn from_args(args: &Args) -> Self {
        let options = args.rest().to_vec();
        let has = |name| options.iter().any(|option| option == name);
        let framing = match (has("--mark"), has("--reply-bytes")) {
            (true, _) => Framing::Mark,
            (false, true) => Framing::End,
            (false, false) => Framing::Line,
        };
        let io = if args.flag("--pty") { Io::Pty } else { Io::Pipes };
        Self { tools: args.value("--tools", 1), options, framing, io }
    }

    /// One tool that answers each line with itself.
    pub(crate) const fn echo() -> Self {
        Self { tools: 1, options: Vec::new(), framing: Framing::Line, io: Io::Pipes }
    }

    /// The same after so many milliseconds.
    pub(crate) fn slow_echo(delay: u32) -> Self {
        Self { options: vec!["--delay-ms".to_owned(), delay.to_string()], ..Self::echo() }
    }

    /// Whether the tool says that it is ready, so that there is something to wait for.
    pub(crate) fn says_ready(&self) -> bool {
        self.options.iter().any(|option| option == "--ready")
    }
}

/// Measures one subject.
pub(crate) fn measure<S: Subject>(what: &str, args: &Args) -> Result<Sample, Failure> {
    let setup = Setup::from_args(args);
    match what {
        "pingpong" => S::run(steady::pingpong::<S>(setup, args))?,
        "prompt" => S::run(steady::prompt::<S>(setup, args))?,
        "loop" => S::run(steady::closed_loop::<S>(setup, args))?,
        "reader" => S::run(steady::reader::<S>(setup, args))?,
        "spawn" => S::run(idle::spawn::<S>(setup))?,
        "idle" => S::run(idle::idle::<S>(setup, args))?,
        other => Err(format!("no measurement is called {other}").into()),
    }
}
