//! `cluster scale`: more instances of a tool, or fewer.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::control::protocol::{Ask, ScaleAsk, ScaleDone};

/// Give a tool another number of instances, while the pool works
///
/// New ones start in the background. Of too many, those with the highest numbers finish the job at hand and go; the others
/// keep their numbers. Conversations that lived where an instance goes are lost, and the next reply says so.
#[derive(Debug, clap::Args)]
pub(crate) struct ScaleArgs {
    /// How many there are to be, from 1
    #[arg(value_name = "N")]
    count: usize,
    /// Of this tool [default: the only one of the pool]
    #[arg(long, value_name = "TOOL")]
    tool: Option<String>,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: &ScaleArgs) -> Result<Exit, Failure> {
    pool::with(&args.pool, async |mut client| {
        let ask = ScaleAsk { tool: args.tool.clone(), count: args.count };
        let ScaleDone { added, going } = pool::call(&mut client, Ask::Scale(ask)).await?;
        let numbers = |slots: &[u32]| slots.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        if !added.is_empty() {
            Output::aside(&format!("starting {}", numbers(&added)));
        }
        if !going.is_empty() {
            Output::aside(&format!("going when its job has ended: {}", numbers(&going)));
        }
        Ok(Exit::Ok)
    })
}
