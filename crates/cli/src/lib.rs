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
//! # How it is made
//!
//! Arguments are read twice: as typed (clap's structs, beside each verb) and as meant (`commands/run/plan.rs`), where
//! everything is checked that can be wrong before anything starts. Two modules do what nothing else in the workspace
//! may: `output` prints, `exit` knows the codes. Errors are values until [`Cli::run`] turns them into a line on
//! stderr and a code.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod exit;
mod failure;
mod output;
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
        let done = match args::parse(words) {
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
