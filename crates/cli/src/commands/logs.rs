//! `cluster logs`: what instances were told and said.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Bytes, Output, Transcripts};
use cluster::control::protocol::{Ask, Event, LogPiece, Logged, LogsAsk};
use cluster::control::{Client, ClientError, Heard, Said};

/// Show what instances were told and said, the last 64 KiB of each
///
/// Lines that begin with '> ' were told, those with '# ' tell what became of the instance; all others it has said.
#[derive(Debug, clap::Args)]
pub(crate) struct LogsArgs {
    /// The number of the instance [default: all of them, each line with its number]
    #[arg(value_name = "INSTANCE")]
    index: Option<u32>,
    /// Go on with what comes, until the pool goes
    #[arg(short, long)]
    follow: bool,
    /// What the instance has said, byte for byte, and nothing else
    #[arg(long, requires = "index", conflicts_with = "json")]
    raw: bool,
    /// As JSON, one object a line ('cluster schema control')
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: &LogsArgs) -> Result<Exit, Failure> {
    pool::with(&args.pool, async |mut client| {
        let ask = LogsAsk { index: args.index, follow: args.follow };
        let asked = client.ask(Ask::Logs(ask)).await.map_err(pool::refused)?;
        let mut lines = Transcripts::new(args.index.is_none());
        let ended = show(&mut client, asked, args, &mut lines).await;
        Output::document(&lines.rest())?;
        ended
    })
}

async fn show(
    client: &mut Client,
    asked: u64,
    args: &LogsArgs,
    lines: &mut Transcripts,
) -> Result<Exit, Failure> {
    loop {
        let Heard { id, said } = match client.next().await {
            Ok(heard) => heard,
            // It has gone while it was listened to: that is the end of it.
            Err(ClientError::Gone) if args.follow => return Ok(Exit::Ok),
            Err(error) => return Err(pool::refused(error)),
        };
        match said {
            Said::Event(Event::Log(piece)) if id == Some(asked) => print(piece, args, lines)?,
            Said::Ok(_) if id == Some(asked) => return Ok(Exit::Ok),
            Said::Error(fault) => return Err(pool::refused(fault.into())),
            Said::Ok(_) | Said::Event(_) => {}
        }
    }
}

fn print(piece: LogPiece, args: &LogsArgs, lines: &mut Transcripts) -> std::io::Result<()> {
    if args.json {
        return Output::document(&format!("{}\n", serde_json::to_string(&piece)?));
    }
    match (args.raw, piece.what) {
        (true, Logged::Said(bytes)) => Output::bytes(&Vec::from(bytes), Bytes::AsTheyCame),
        (true, _) => Ok(()),
        (false, what) => Output::document(&lines.take(piece.slot, what)),
    }
}
