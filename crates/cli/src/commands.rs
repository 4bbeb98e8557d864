//! The verbs, one file each.

pub(crate) mod ask;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod gc;
pub(crate) mod man;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod tools;
pub(crate) mod wait;

use crate::args::Verb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::strategies::Strategies;

/// Does what the command line says.
pub(crate) fn run(verb: Verb, strategies: &Strategies) -> Result<Exit, Failure> {
    match verb {
        Verb::Run(args) => run::run(&args, strategies),
        Verb::Resume(args) => resume::run(&args, strategies),
        Verb::Wait(args) => wait::run(&args),
        Verb::Runs(args) => runs::run(&args),
        Verb::Gc(args) => gc::run(&args),
        Verb::Ask(args) => ask::run(&args),
        Verb::Tools(args) => tools::run(&args),
        Verb::Config(args) => config::run(&args, strategies),
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Schema(args) => schema::run(&args),
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => man::run(&args),
    }
}
