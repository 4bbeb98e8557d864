//! Who of a connection sits at which terminal: what is typed goes there at once, in the order in which it came.

use super::outbound::Outbound;
use super::protocol::{Ask, Body, Code, Done, Fault, Request};
use pool_core::message::Size;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// How many keys, resizes and pastes of a seat may wait for the instance.
const KEYS: usize = 1024;

/// What comes from a person.
#[derive(Debug)]
pub(super) enum Key {
    /// Something was typed.
    Bytes(Vec<u8>),
    /// The terminal has another size.
    Size(Size),
    /// The person gets up.
    Leave,
}

/// The seats of one connection, by the number of the request.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats(Arc<Mutex<HashMap<u64, mpsc::Sender<Key>>>>);

/// A seat that is taken; dropping it frees it.
#[derive(Debug)]
pub(super) struct Taken {
    seats: Seats,
    id: u64,
    pub(super) keys: mpsc::Receiver<Key>,
}

impl Seats {
    /// Takes the seat of this request.
    pub(super) fn take(&self, id: u64) -> Taken {
        let (keys, receive) = mpsc::channel(KEYS);
        self.open().insert(id, keys);
        Taken { seats: self.clone(), id, keys: receive }
    }

    /// Does at once what is for a seat; anything else comes back.
    pub(super) fn pass(&self, request: Request, out: &Outbound) -> Option<Request> {
        let Request { id, ask } = request;
        let (to, key) = match ask {
            Ask::Type(ask) => (ask.to, Key::Bytes(ask.bytes.into())),
            Ask::Resize(ask) => (ask.to, Key::Size(Size { rows: ask.rows, columns: ask.columns })),
            Ask::Detach(ask) => (ask.to, Key::Leave),
            ask => return Some(Request { id, ask }),
        };
        let sent = self.open().get(&to).map(|keys| keys.try_send(key));
        let body = match sent {
            Some(Ok(())) => Body::Ok(Done::Nothing {}),
            Some(Err(mpsc::error::TrySendError::Full(_))) => {
                Body::Error(Fault::new(Code::Overloaded, "the instance does not read what is typed"))
            }
            Some(Err(mpsc::error::TrySendError::Closed(_))) | None => {
                Body::Error(Fault::new(Code::Refused, format!("request {to} sits at no terminal")))
            }
        };
        out.tell(Some(id), body);
        None
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, mpsc::Sender<Key>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.seats.open().remove(&self.id);
    }
}
