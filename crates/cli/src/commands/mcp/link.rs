//! The way to the pool: a connection for each thing that is asked.

use cluster::control::protocol::{Ask, Event, Fault, StatusDone};
use cluster::control::{Client, ClientError};
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use tokio::sync::Semaphore;

/// How many things may be asked at once; more wait. Far fewer than the pool takes.
const AT_ONCE: usize = 32;

/// A pool that can be asked.
#[derive(Debug)]
pub(super) struct Link {
    socket: PathBuf,
    calls: Semaphore,
}

impl Link {
    /// The pool that listens here.
    pub(super) const fn new(socket: PathBuf) -> Self {
        Self { socket, calls: Semaphore::const_new(AT_ONCE) }
    }

    /// Asks for one thing, and waits for it. Dropped meanwhile, it leaves nothing behind: a result that nobody has heard
    /// of stays unread.
    pub(super) async fn ask<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, ClientError> {
        // It is never closed.
        let _permit = self.calls.acquire().await;
        let mut client = Client::connect(&self.socket).await?;
        client.call(ask, |_: Event| ()).await
    }

    /// Everything at this moment.
    pub(super) async fn status(&self) -> Result<StatusDone, ClientError> {
        self.ask(Ask::Status {}).await
    }
}

/// Why the pool did not do it, in a line, and whether it is only that time ran out.
pub(super) fn told(error: ClientError) -> Fault {
    use cluster::control::protocol::Code;
    match error {
        ClientError::Refused(fault) => fault,
        error => {
            Fault::new(Code::Gone, error.to_string()).help("tell your user: 'cluster up TOOL' starts a pool")
        }
    }
}
