//! `cluster cancel`: takes back what was sent.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use cluster::control::protocol::{Ask, CancelAsk};

/// Take back what was sent, or a job of a batch that runs
///
/// What waits never runs; what runs is interrupted. Either way there is a result that says so.
#[derive(Debug, clap::Args)]
pub(crate) struct CancelArgs {
    /// A ticket, as in t17; of a batch (-p r7) the id of a job, or its number
    #[arg(value_name = "TICKET|JOB")]
    job: String,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: CancelArgs) -> Result<Exit, Failure> {
    let CancelArgs { job, pool } = args;
    pool::with(&pool, async |mut client| {
        let _: serde_json::Value = pool::call(&mut client, Ask::Cancel(CancelAsk { job })).await?;
        Ok(Exit::Ok)
    })
}
