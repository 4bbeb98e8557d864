//! The socket of a batch, by which others look at it while it runs. It can do without.

use crate::output::Output;
use cluster::ClusterManager;
use cluster::control::{About, Controller, Place, PlaceError, Roster, Server};
use cluster::ledger::Recorder;
use tokio::task::JoinHandle;

/// A socket that is served until this is dropped.
pub(super) struct Socket(JoinHandle<()>);

impl Drop for Socket {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Opens it, by the name of the recorded run if there is one. Within a runtime only.
pub(super) fn open(
    run: Option<&Recorder>,
    plan: &str,
    pool: &ClusterManager,
    roster: Roster,
    output: &mut Output,
) -> Option<Socket> {
    match bind(run.map(Recorder::name), plan, pool.clone(), roster) {
        Ok(server) => Some(Socket(tokio::spawn(server.serve()))),
        Err(error) => {
            output.note(&format!("nobody can look at this run from outside: {error}"));
            None
        }
    }
}

fn bind(run: Option<&str>, plan: &str, pool: ClusterManager, roster: Roster) -> Result<Server, PlaceError> {
    let claimed = Place::current()?.claim_run(run)?;
    let (name, run) = (claimed.name().to_owned(), run.map(str::to_owned));
    let about = About { name, run, plan: plan.to_owned() };
    Server::bind(claimed, Controller::of_run(about, pool, roster))
}
