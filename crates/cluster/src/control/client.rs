//! A client of the control socket.

use super::place::Live;
use super::protocol::{Ask, Event, Fault, Greeting, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// A connection to a pool.
#[derive(Debug)]
pub struct Client {
    greeting: Greeting,
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    last: u64,
    /// The beginning of a line.
    open: Vec<u8>,
}

/// Why a pool does not answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It cannot be reached.
    #[error("cannot reach the pool: {0}")]
    Unreachable(std::io::Error),
    /// It has gone, and with it the answer.
    #[error("the pool has gone")]
    Gone,
    /// It says something else than it should.
    #[error("the pool does not speak as this program does: {0}")]
    Foreign(serde_json::Error),
    /// It refuses.
    #[error(transparent)]
    Refused(#[from] Fault),
}

/// What a pool has said.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// About which request; none if it is about the connection.
    pub id: Option<u64>,
    /// What.
    pub said: Said,
}

/// What a pool has said about a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// It is done: what came of it is the last that is said.
    Ok(Value),
    /// Something on the way.
    Event(Event),
    /// It is not done.
    Error(Fault),
}

/// A line, as it is read: whatever a newer pool may say on the way.
#[derive(Deserialize)]
struct Spoken {
    id: Option<u64>,
    ok: Option<Value>,
    event: Option<Value>,
    error: Option<Fault>,
}

impl Client {
    /// Connects to the socket of a pool.
    ///
    /// # Errors
    /// [`ClientError`] if nobody listens, or somebody else does.
    pub async fn connect(socket: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(socket).await.map_err(ClientError::Unreachable)?;
        let (read, write) = stream.into_split();
        let mut read = BufReader::new(read);
        let mut open = Vec::new();
        let greeting = line(&mut read, &mut open).await?;
        let greeting = serde_json::from_slice(&greeting).map_err(|error| match refusal(&greeting) {
            Some(fault) => ClientError::Refused(fault),
            None => ClientError::Foreign(error),
        })?;
        Ok(Self { greeting, read, write, last: 0, open })
    }

    /// Connects to this pool.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn to(live: &Live) -> Result<Self, ClientError> {
        Self::connect(&live.socket).await
    }

    /// What the pool said first.
    #[must_use]
    pub const fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Asks for something; the number under which the answers come.
    ///
    /// # Errors
    /// [`ClientError::Gone`].
    pub async fn ask(&mut self, ask: Ask) -> Result<u64, ClientError> {
        self.last += 1;
        let mut text = serde_json::to_vec(&Request { id: self.last, ask }).map_err(ClientError::Foreign)?;
        text.push(b'\n');
        self.write.write_all(&text).await.map_err(|_| ClientError::Gone)?;
        Ok(self.last)
    }

    /// The next that the pool says. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`ClientError::Gone`] if it says nothing more.
    pub async fn next(&mut self) -> Result<Heard, ClientError> {
        loop {
            let text = line(&mut self.read, &mut self.open).await?;
            let Spoken { id, ok, event, error } =
                serde_json::from_slice(&text).map_err(ClientError::Foreign)?;
            let event = event.map(serde_json::from_value);
            let said = match (ok, event, error) {
                (_, _, Some(fault)) => Said::Error(fault),
                (Some(done), _, _) => Said::Ok(done),
                (None, Some(Ok(event)), _) => Said::Event(event),
                // An event of a newer pool.
                (None, _, _) => continue,
            };
            return Ok(Heard { id, said });
        }
    }

    /// Asks, tells of what happens on the way, and waits for the end of it.
    ///
    /// # Errors
    /// [`ClientError`]; what the pool refuses is [`ClientError::Refused`].
    pub async fn call<T: DeserializeOwned>(
        &mut self,
        ask: Ask,
        mut on_event: impl FnMut(Event),
    ) -> Result<T, ClientError> {
        let asked = self.ask(ask).await?;
        loop {
            let Heard { id, said } = self.next().await?;
            match said {
                Said::Ok(done) if id == Some(asked) => {
                    return serde_json::from_value(done).map_err(ClientError::Foreign);
                }
                Said::Error(fault) if id.is_none() || id == Some(asked) => return Err(fault.into()),
                Said::Event(event) if id == Some(asked) => on_event(event),
                Said::Ok(_) | Said::Event(_) | Said::Error(_) => {}
            }
        }
    }
}

/// A whole line. A pool is trusted with its length.
async fn line(read: &mut BufReader<OwnedReadHalf>, open: &mut Vec<u8>) -> Result<Vec<u8>, ClientError> {
    match read.read_until(b'\n', open).await {
        Ok(_) if open.ends_with(b"\n") => Ok(std::mem::take(open)),
        _ => Err(ClientError::Gone),
    }
}

/// Why a pool does not let us in.
fn refusal(line: &[u8]) -> Option<Fault> {
    serde_json::from_slice::<Spoken>(line).ok()?.error
}
