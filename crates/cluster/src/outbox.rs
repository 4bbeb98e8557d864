//! Replies that wait to be read: each once, by ticket, by instance, or whichever is oldest.

use crate::error::ReadError;
use pool_core::JobError;
use pool_core::message::{JobHandle, JobResult, Remote, Reply};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How many jobs may be under way or unread at a time; a further `send` waits.
pub const OUTBOX: usize = 1024;

/// Names a job that was sent; cancelling is explicit, dropping it does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "t{}", self.0)
    }
}

/// See the module.
pub(crate) struct Outbox {
    room: Arc<Semaphore>,
    shelf: Mutex<Shelf>,
    arrived: Notify,
}

#[derive(Default)]
struct Shelf {
    given_out: u64,
    /// In the order in which they finished: the key counts arrivals.
    unread: BTreeMap<u64, (Ticket, JobResult)>,
    arrivals: u64,
    under_way: BTreeMap<Ticket, Remote>,
    places: BTreeMap<Ticket, OwnedSemaphorePermit>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(OUTBOX)), shelf: Mutex::default(), arrived: Notify::new() }
    }
}

impl Outbox {
    /// Waits for room.
    pub(crate) async fn reserve(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        self.room.clone().acquire_owned().await.ok()
    }

    pub(crate) fn expect(&self, place: Option<OwnedSemaphorePermit>, remote: Remote) -> Ticket {
        let mut shelf = self.shelf();
        shelf.given_out += 1;
        let ticket = Ticket(shelf.given_out);
        shelf.under_way.insert(ticket, remote);
        shelf.places.extend(place.map(|place| (ticket, place)));
        ticket
    }

    pub(crate) fn deliver(&self, ticket: Ticket, result: JobResult) {
        let mut shelf = self.shelf();
        shelf.under_way.remove(&ticket);
        shelf.arrivals += 1;
        let arrival = shelf.arrivals;
        shelf.unread.insert(arrival, (ticket, result));
        drop(shelf);
        self.arrived.notify_waiters();
    }

    pub(crate) fn cancel(&self, ticket: Ticket) {
        if let Some(remote) = self.shelf().under_way.get(&ticket) {
            remote.cancel();
        }
    }

    pub(crate) async fn take(&self, ticket: Ticket) -> Result<JobResult, ReadError> {
        let wanted = |shelf: &Shelf| shelf.under_way.contains_key(&ticket);
        let found = self.wait(|(candidate, _)| *candidate == ticket, wanted).await;
        found.map(|(_, result)| result).ok_or(ReadError::NoSuchTicket)
    }

    pub(crate) async fn take_first(
        &self,
        is_wanted: impl Fn(&Reply) -> bool,
    ) -> Result<(Ticket, JobResult), ReadError> {
        let matches = |(_, result): &(Ticket, JobResult)| result.as_ref().is_ok_and(&is_wanted);
        self.wait(matches, |shelf| !shelf.under_way.is_empty()).await.ok_or(ReadError::Nothing)
    }

    pub(crate) async fn take_any(&self) -> Result<(Ticket, JobResult), ReadError> {
        self.wait(|_| true, |shelf| !shelf.under_way.is_empty()).await.ok_or(ReadError::Nothing)
    }

    /// Takes the oldest match; waits for one as long as there is hope.
    async fn wait(
        &self,
        matches: impl Fn(&(Ticket, JobResult)) -> bool,
        hope: impl Fn(&Shelf) -> bool,
    ) -> Option<(Ticket, JobResult)> {
        loop {
            let arrived = self.arrived.notified();
            let mut arrived = std::pin::pin!(arrived);
            // Listening begins before looking, or an arrival in between would be missed.
            arrived.as_mut().enable();
            {
                let mut shelf = self.shelf();
                let found =
                    shelf.unread.iter().find(|(_, entry)| matches(entry)).map(|(arrival, _)| *arrival);
                if let Some(arrival) = found {
                    let entry = shelf.unread.remove(&arrival)?;
                    shelf.places.remove(&entry.0);
                    return Some(entry);
                }
                if !hope(&shelf) {
                    return None;
                }
            }
            arrived.await;
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings a job's result to the outbox. Dropped before, for whatever reason, it brings what there is, or
/// [`JobError::Closed`]: nobody waits for it in vain.
pub(crate) struct Delivery {
    outbox: Arc<Outbox>,
    ticket: Ticket,
    handle: Option<JobHandle>,
}

impl Delivery {
    pub(crate) const fn new(outbox: Arc<Outbox>, ticket: Ticket, handle: JobHandle) -> Self {
        Self { outbox, ticket, handle: Some(handle) }
    }

    pub(crate) async fn carry_out(mut self) {
        if let Some(handle) = &mut self.handle {
            let result = handle.await;
            self.handle = None;
            self.outbox.deliver(self.ticket, result);
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let Some(mut handle) = self.handle.take() else { return };
        let result = match Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(JobError::Closed),
        };
        self.outbox.deliver(self.ticket, result);
    }
}
