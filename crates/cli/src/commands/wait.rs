//! `cluster wait`: until a run has ended, wherever it runs.

use super::runs::{counts, last};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::duration::duration;
use cluster::ledger::read::{Overview, Run};
use cluster::ledger::store::Store;
use pool_core::message::Outcome;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

/// Wait until a run has ended
///
/// The exit code is that of the run, as if it had not been in the background: 0 if all jobs succeeded, and so on. A run
/// whose controller was killed is unfinished: code 4, and 'cluster resume' goes on with it.
#[derive(Debug, clap::Args)]
pub(crate) struct WaitArgs {
    /// The run [default: the last one]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Wait no longer than this; exit code 124 if the run goes on
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
}

pub(crate) fn run(args: &WaitArgs) -> Result<Exit, Failure> {
    let store = Store::current().map_err(Failure::ledger)?;
    let name = match &args.run {
        Some(name) => name.clone(),
        None => last(&store)?,
    };
    if !is_over(&store, &name, args.timeout)? {
        Output::aside(&format!("{name} goes on"));
        return Ok(Exit::TimedOut);
    }
    let run = Run::open(&store, &name).map_err(Failure::ledger)?;
    let overview = run.overview().map_err(Failure::ledger)?;
    Output::aside(&format!("{name}: {}", counts(&overview)));
    Ok(store.exit(&name).and_then(Exit::of).unwrap_or_else(|| guess(&overview)))
}

/// Waits on a thread of its own, because nothing can interrupt that; true if nobody has the run any more.
fn is_over(store: &Store, name: &str, timeout: Option<Duration>) -> Result<bool, Failure> {
    let (send, over) = sync_channel(1);
    let (store, name) = (store.clone(), name.to_owned());
    let wait = move || drop(send.send(store.wait(&name)));
    Builder::new().name("cluster-wait".into()).spawn(wait).map_err(Failure::pool)?;
    let ended = match timeout {
        Some(timeout) => over.recv_timeout(timeout),
        None => over.recv().map_err(RecvTimeoutError::from),
    };
    match ended {
        Ok(ended) => ended.map(|()| true).map_err(Failure::ledger),
        Err(_) => Ok(false),
    }
}

/// The code of a run whose controller did not live to leave one.
fn guess(overview: &Overview) -> Exit {
    match (overview.ended, overview.outcomes.keys().all(|outcome| *outcome == Outcome::Ok)) {
        (Some(_), true) => Exit::Ok,
        (Some(_), false) => Exit::Failed,
        (None, _) => {
            let name = &overview.name;
            Output::aside(&format!("{name} is unfinished: 'cluster resume {name}' goes on with it"));
            Exit::Stopped
        }
    }
}
