//! The `cluster` program as a library: the same program, with something of yours inside.
//!
//! The shipped program is this:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     cluster_cli::Cli::new().run()
//! }
//! ```
//!
//! Yours differs in one line, and `cluster run --route mine …` uses it:
//!
//! ```no_run
//! # use pool_core::message::SlotId;
//! # use routing::strategy::{Candidates, JobView, Strategy};
//! # struct Mine;
//! # impl Strategy for Mine {
//! #     fn name(&self) -> &str { "mine" }
//! #     fn choose(&mut self, _: &JobView, c: &Candidates) -> Option<SlotId> { c.iter().next().map(|c| c.slot) }
//! # }
//! fn main() -> std::process::ExitCode {
//!     cluster_cli::Cli::new().with_strategy("mine", |_| Ok(Box::new(Mine))).run()
//! }
//! ```
//!
//! A strategy picks the instance for each job; [`Cli::with_router`] takes a whole router actor instead, which decides which
//! job goes when, too. Both get what stands behind the name, `--route mine:depth=3,fair=yes`, as [`RouteOptions`]: one that is
//! not taken, or cannot be read, is an error by name and exit code 2, before anything starts. What a router does wrong is
//! answered by `routing::router::Watch`. `examples/own_program.rs` has one of each.
//!
//! # What it promises
//!
//! * Standard output is data, in the order of the items unless asked otherwise; everything else goes to standard error.
//! * Exit codes: 0 all ok, 1 some failed, 2 wrong usage or bad input and nothing started, 3 the pool could not start or gave
//!   up, 4 stopped on purpose, 75 another controller has the run, 124 `wait` ran out of time, 129, 130 and 143 by signals.
//! * The first Ctrl-C feeds no more, the second cancels, the third kills. Whichever way it ends, nothing of its tools is left
//!   a second later.
//! * What a tool printed is sanitised before it reaches a terminal.
//!
//! # When not to use it
//!
//! To drive tools from a program of your own, depend on `cluster`: this crate parses arguments, prints, takes the signals of
//! the whole process and ends it.
//!
//! # How it is made
//!
//! Arguments are read twice: as typed (clap's structs, beside each verb) and as meant (`commands/run/plan.rs`), where
//! everything is checked that can be wrong before anything starts. Two modules do what nothing else in the workspace
//! may: `output` prints, `exit` knows the codes. Errors are values until [`Cli::run`] turns them into a line on
//! stderr and a code.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod depth;
mod exit;
mod failure;
mod hooks;
mod output;
mod report;
mod route;
mod settings;
mod signals;
mod strategies;

pub use route::{OptionError, RouteOptions};
pub use strategies::StartRouter;

use crate::args::Unread;
use crate::exit::Exit;
use crate::output::Output;
use crate::strategies::Route;
use routing::strategy::Strategy;
use std::ffi::OsString;
use std::process::ExitCode;

/// The program, ready to run.
#[derive(Default)]
#[must_use = "the program does nothing until it is run"]
pub struct Cli {
    strategies: strategies::Strategies,
}

impl Cli {
    /// The program as it is shipped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a routing strategy, chosen with `--route name` or `--route name:key=value,…`. A shipped one of the same name
    /// is replaced.
    pub fn with_strategy(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&mut RouteOptions) -> Result<Box<dyn Strategy>, OptionError> + 'static,
    ) -> Self {
        self.strategies.add(name.into(), Box::new(move |options| make(options).map(Route::Strategy)));
        self
    }

    /// Adds a router of your own, chosen in the same way: `make` reads the options, what it returns is called where the
    /// pool runs. See [`cluster::ClusterBuilder::router`].
    pub fn with_router(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&mut RouteOptions) -> Result<StartRouter, OptionError> + 'static,
    ) -> Self {
        self.strategies.add(name.into(), Box::new(move |options| make(options).map(Route::Router)));
        self
    }

    /// Runs with the arguments of the process. Call it from `main`, and return what it returns. It exits by itself
    /// only as a [guard](cluster::guard) of tools, which is this program too.
    #[must_use]
    pub fn run(self) -> ExitCode {
        cluster::guard::init();
        self.run_with(std::env::args_os()).into()
    }

    fn run_with(self, words: impl Iterator<Item = OsString>) -> Exit {
        let words: Vec<OsString> = words.collect();
        if let Some(exit) = commands::completions::answer(&words) {
            return exit;
        }
        let done = match args::parse(words.into_iter()) {
            Ok(parsed) => commands::run(parsed, &self.strategies),
            Err(Unread::Words(error)) => return output::usage(&error),
            Err(Unread::Settings(failure)) => Err(failure),
        };
        let exit = done.unwrap_or_else(|failure| {
            Output::failure(&failure);
            failure.exit
        });
        output::log::flush();
        exit
    }
}
