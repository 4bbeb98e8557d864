//! `cluster why`: what an instance waits for.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::control::protocol::{Ask, WhyAsk};
use cluster::inside::Why;

/// Show why an instance does not go on, and what to do about it
///
/// Its state, the rule that its turn has to meet, its last output, how long it has been silent, its processes and what each
/// waits for, and which timers run.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// Its number, from 0
    #[arg(value_name = "INSTANCE")]
    index: u32,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: &WhyArgs) -> Result<Exit, Failure> {
    pool::with(&args.pool, async |mut client| {
        let why: serde_json::Value = pool::call(&mut client, Ask::Why(WhyAsk { index: args.index })).await?;
        let text = if args.json {
            format!("{why}\n")
        } else {
            let why: Why = serde_json::from_value(why)
                .map_err(|error| pool::refused(cluster::control::ClientError::Foreign(error)))?;
            Output::why(&why)
        };
        Output::document(&text)?;
        Ok(Exit::Ok)
    })
}
