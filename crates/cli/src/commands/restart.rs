//! `cluster restart`: another life for an instance.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use cluster::control::protocol::{Ask, RestartAsk, Restarted};

/// Start an instance again, after the job at hand
///
/// Its conversation is lost, unless the tool can take it up again; the next reply of it says so.
#[derive(Debug, clap::Args)]
pub(crate) struct RestartArgs {
    /// Its number, from 0
    #[arg(value_name = "INSTANCE")]
    index: u32,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: &RestartArgs) -> Result<Exit, Failure> {
    let index = args.index;
    pool::with(&args.pool, async |mut client| {
        let done: Restarted = pool::call(&mut client, Ask::Restart(RestartAsk { index })).await?;
        if done.restarted {
            return Ok(Exit::Ok);
        }
        let failure = Failure::pool(format!(
            "instance {index} cannot be started again: it is about to go, or has gone"
        ));
        Err(failure.help("'cluster status' shows why"))
    })
}
