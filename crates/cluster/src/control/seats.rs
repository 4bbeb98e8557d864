//! Who of a connection sits at which terminal: what is typed goes there in the order in which it came, and is answered when
//! it has been taken, so that a client can wait with more.

use super::limits::{KEYS, TYPED};
use super::outbound::Outbound;
use super::protocol::{Ask, Body, Code, Done, Fault, Request};
use pool_core::message::Size;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

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

/// The request that a key came with, until it is answered. Dropped before, it is refused: nobody sits there any more.
#[derive(Debug)]
pub(super) struct Asked {
    out: Outbound,
    id: u64,
    answer: Body,
}

/// What comes to a seat.
pub(super) type Keys = mpsc::Receiver<(Key, Asked)>;

/// The seats that are taken, by the number of the request.
type Open = HashMap<u64, mpsc::Sender<(Key, Asked)>>;

/// The seats of one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats(Arc<Mutex<Open>>);

/// A seat that is taken; dropping it frees it.
#[derive(Debug)]
pub(super) struct Taken {
    seats: Seats,
    id: u64,
    pub(super) keys: Keys,
}

impl Seats {
    /// Takes the seat of this request.
    pub(super) fn take(&self, id: u64) -> Taken {
        let (keys, receive) = mpsc::channel(KEYS);
        self.open().insert(id, keys);
        Taken { seats: self.clone(), id, keys: receive }
    }

    /// Passes on what is for a seat; anything else comes back.
    pub(super) fn pass(&self, request: Request, out: &Outbound) -> Option<Request> {
        let Request { id, ask } = request;
        let (to, key) = match ask {
            Ask::Type(ask) => (ask.to, Key::Bytes(ask.bytes.into())),
            Ask::Resize(ask) => (ask.to, Key::Size(Size { rows: ask.rows, columns: ask.columns })),
            Ask::Detach(ask) => (ask.to, Key::Leave),
            ask => return Some(Request { id, ask }),
        };
        let nobody = Fault::new(Code::Refused, format!("request {to} sits at no terminal"));
        let asked = Asked { out: out.clone(), id, answer: Body::Error(nobody) };
        if matches!(&key, Key::Bytes(bytes) if bytes.len() > TYPED) {
            let why = format!("a 'type' carries at most {} KiB", TYPED >> 10);
            asked.refuse(
                Fault::new(Code::TooLong, why).help("type it in parts, each when the last is answered"),
            );
            return None;
        }
        let keys = self.open().get(&to).cloned();
        if let Some(Err(mpsc::error::TrySendError::Full((_, asked)))) =
            keys.map(|keys| keys.try_send((key, asked)))
        {
            asked.refuse(Fault::new(Code::Overloaded, "the instance does not read what is typed"));
        }
        None
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    /// The seat has it: more may come.
    pub(super) fn taken(mut self) {
        self.answer = Body::Ok(Done::Nothing {});
    }

    /// The seat does not want it.
    pub(super) fn refuse(mut self, fault: Fault) {
        self.answer = Body::Error(fault);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let answer = std::mem::replace(&mut self.answer, Body::Ok(Done::Nothing {}));
        self.out.tell(Some(self.id), answer);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.seats.open().remove(&self.id);
    }
}
