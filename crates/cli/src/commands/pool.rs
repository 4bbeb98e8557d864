//! The pool that a verb is for: found, connected to, asked.

use super::run::{block_on, no_pool};
use crate::exit::Exit;
use crate::failure::Failure;
use cluster::control::protocol::{Ask, Code, Event, Fault};
use cluster::control::{Client, ClientError, Place, PlaceError};
use serde::de::DeserializeOwned;

/// Which pool.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct PoolArg {
    /// The pool [default: the only one that is up]
    #[arg(short = 'p', long = "pool", value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Connects to the pool, and does this with it.
pub(crate) fn with<F>(pool: &PoolArg, ask: impl FnOnce(Client) -> F) -> Result<Exit, Failure>
where
    F: Future<Output = Result<Exit, Failure>>,
{
    let live = Place::current().and_then(|place| place.find(pool.name.as_deref())).map_err(nowhere)?;
    block_on(async {
        let client = Client::to(&live).await.map_err(refused)?;
        ask(client).await
    })
}

/// Asks for one thing, and waits for it.
pub(crate) async fn call<T: DeserializeOwned>(client: &mut Client, ask: Ask) -> Result<T, Failure> {
    client.call(ask, |_: Event| ()).await.map_err(refused)
}

/// There is no such pool, or none that is meant.
pub(crate) fn nowhere(error: PlaceError) -> Failure {
    let help = match &error {
        PlaceError::None => Some("'cluster up TOOL' starts one"),
        PlaceError::NoSuch { others, .. } if others.is_empty() => Some("'cluster up TOOL' starts one"),
        PlaceError::Several(_) => Some("say which: -p NAME"),
        PlaceError::Taken { .. } => Some("'cluster down' ends it; -p NAME starts another one beside it"),
        _ => None,
    };
    let failure = Failure::usage(error);
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Why the pool did not do it.
pub(crate) fn refused(error: ClientError) -> Failure {
    let Fault { code, message, help } = match error {
        ClientError::Refused(fault) => fault,
        ClientError::Unreachable(error) => return no_pool_there(&error),
        ClientError::Gone => {
            return Failure::pool("the pool has gone")
                .help("'cluster up' with the same name goes on with its record");
        }
        error @ ClientError::Foreign(_) => {
            return Failure::pool(error).help("use the 'cluster' that has started the pool");
        }
    };
    let exit = match code {
        Code::TimedOut => Exit::TimedOut,
        Code::Gone | Code::Internal | Code::Record => Exit::Pool,
        Code::Nothing => Exit::Failed,
        _ => Exit::Usage,
    };
    Failure { exit, message, help }
}

fn no_pool_there(error: &std::io::Error) -> Failure {
    match error.kind() {
        // Its controller has the name, and does not listen yet, or any more.
        std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => {
            Failure::pool("the pool does not listen: it is starting or ending").help("try again in a moment")
        }
        _ => no_pool(error),
    }
}
