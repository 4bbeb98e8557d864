//! `cluster read`: a reply, by its ticket or the oldest that nobody has read.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::duration::duration;
use cluster::control::protocol::{Ask, ReadAsk, ReadDone, TicketId};
use std::time::Duration;

/// Read a reply: that of a ticket, or the oldest that nobody has read
///
/// Waits for it. The reply is on standard output. Exit codes: 0 it succeeded, 1 it did not, or there is nothing to read,
/// 124 it did not come in time.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadArgs {
    /// Whose reply, as in t17; it can be read again
    #[arg(value_name = "TICKET", required_unless_present = "any", conflicts_with = "any")]
    ticket: Option<TicketId>,
    /// The oldest reply that nobody has read; each is given out once
    #[arg(long)]
    any: bool,
    /// Wait no longer than this
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// The result as JSON ('cluster schema result')
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: &ReadArgs) -> Result<Exit, Failure> {
    let wait_ms = args.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let ask = Ask::Read(ReadAsk { ticket: args.ticket, any: args.any, wait_ms });
    pool::with(&args.pool, async |mut client| {
        let ReadDone { result, .. } = pool::call(&mut client, ask).await?;
        Output::reply(&result, args.json)?;
        Ok(if result.is_ok() { Exit::Ok } else { Exit::Failed })
    })
}
