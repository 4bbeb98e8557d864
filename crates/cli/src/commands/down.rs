//! `cluster down`: the end of a pool.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::control::Place;
use cluster::control::protocol::{Ask, DownAsk};

/// End a pool, and wait until its tools have gone
///
/// What runs is interrupted, and what waits is left. With a record, 'cluster up' of the same name goes on with it.
#[derive(Debug, clap::Args)]
pub(crate) struct DownArgs {
    #[command(flatten)]
    pool: PoolArg,
    /// First finish everything that was sent; nothing more is taken meanwhile
    #[arg(long)]
    drain: bool,
}

pub(crate) fn run(args: &DownArgs) -> Result<Exit, Failure> {
    pool::with(&args.pool, async |mut client| {
        let name = client.greeting().pool.clone();
        let _: serde_json::Value = pool::call(&mut client, Ask::Down(DownAsk { drain: args.drain })).await?;
        drop(client);
        // It is answered a moment before: whoever comes next is to find the name free.
        if let Ok(place) = Place::current() {
            place.wait(&name);
        }
        Output::aside(&format!("pool {name} is down"));
        Ok(Exit::Ok)
    })
}
