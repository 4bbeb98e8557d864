//! The verbs, one file each.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod attach;
pub(crate) mod cancel;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod down;
pub(crate) mod gc;
pub(crate) mod logs;
pub(crate) mod man;
#[cfg(feature = "mcp")]
pub(crate) mod mcp;
pub(crate) mod pool;
pub(crate) mod read;
pub(crate) mod restart;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod scale;
pub(crate) mod schema;
pub(crate) mod send;
pub(crate) mod status;
pub(crate) mod tools;
#[cfg(feature = "top")]
pub(crate) mod top;
pub(crate) mod trust;
pub(crate) mod up;
pub(crate) mod wait;
pub(crate) mod why;

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
        Verb::Up(args) => up::run(&args, strategies),
        Verb::Down(args) => down::run(&args),
        Verb::Status(args) => status::run(&args),
        Verb::Send(args) => send::run(args),
        Verb::Read(args) => read::run(&args),
        Verb::Answer(args) => answer::run(args),
        Verb::Cancel(args) => cancel::run(args),
        Verb::Restart(args) => restart::run(&args),
        Verb::Scale(args) => scale::run(&args),
        Verb::Logs(args) => logs::run(&args),
        Verb::Why(args) => why::run(&args),
        Verb::Attach(args) => attach::run(&args),
        #[cfg(feature = "mcp")]
        Verb::Mcp(args) => mcp::run(&args, strategies),
        Verb::Tools(args) => tools::run(&args),
        #[cfg(feature = "top")]
        Verb::Top(args) => top::run(&args),
        Verb::Trust(args) => trust::run(&args),
        Verb::Config(args) => config::run(&args, strategies),
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Schema(args) => schema::run(&args),
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => man::run(&args),
    }
}
