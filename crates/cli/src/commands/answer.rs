//! `cluster answer`: the answer to a question that a tool asks.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use cluster::control::protocol::{Ask, Reply, TicketId};

/// Answer the question that a tool asks
///
/// 'cluster status' shows which instance asks, and what.
#[derive(Debug, clap::Args)]
pub(crate) struct AnswerArgs {
    /// Whose turn it is, as in t17
    #[arg(value_name = "TICKET")]
    ticket: TicketId,
    /// The answer
    #[arg(value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: AnswerArgs) -> Result<Exit, Failure> {
    let AnswerArgs { ticket, text, pool } = args;
    pool::with(&pool, async |mut client| {
        let _: serde_json::Value = pool::call(&mut client, Ask::Answer(Reply { ticket, text })).await?;
        Ok(Exit::Ok)
    })
}
