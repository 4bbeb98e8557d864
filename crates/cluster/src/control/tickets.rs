//! Tickets: what was sent to a pool, how far it has come, and what came of it.
//!
//! A result belongs to whoever waits for it; else it is unread, until somebody asks for any. It is read when it has been
//! written to a client, and unread again if that client went away before.

mod claim;
mod shelf;

pub(super) use claim::Claim;

use super::limits::CHANGES;
use super::protocol::{Fault, TicketChange, TicketCounts, TicketId, TicketState};
use crate::batch::ResultRecord;
use pool_core::message::Remote;
use shelf::Shelf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, broadcast, watch};

/// The tickets of a pool. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Tickets(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    shelf: Mutex<Shelf>,
    /// There may be something for who wants any result, or waits until nothing is under way.
    moved: Notify,
    changes: broadcast::Sender<TicketChange>,
}

impl Tickets {
    pub(super) fn new() -> Self {
        let shelf = Mutex::new(Shelf::default());
        Self(Arc::new(Shared { shelf, moved: Notify::new(), changes: broadcast::channel(CHANGES).0 }))
    }

    /// A new ticket for a prompt of so many bytes.
    ///
    /// # Errors
    /// [`Code::Overloaded`](super::protocol::Code::Overloaded) if too much is under way, or unread.
    pub(super) fn accept(&self, bytes: usize) -> Result<TicketId, Fault> {
        let ticket = self.shelf().accept(bytes)?;
        self.tell(ticket, TicketState::Queued);
        Ok(ticket)
    }

    /// Its job is with the pool, and can be spoken to.
    pub(super) fn begin(&self, ticket: TicketId, remote: Remote) {
        self.shelf().begin(ticket, remote);
    }

    /// It has come so far.
    pub(super) fn reached(&self, ticket: TicketId, state: TicketState) {
        if self.shelf().reached(ticket, state.clone()) {
            self.tell(ticket, state);
        }
    }

    /// It has ended.
    pub(super) fn ended(&self, ticket: TicketId, record: ResultRecord) {
        let outcome = record.outcome;
        self.shelf().ended(ticket, Arc::new(record));
        self.tell(ticket, TicketState::Ended { outcome });
        self.0.moved.notify_waiters();
    }

    /// Where it stands, from now on; none if there is no such ticket.
    pub(super) fn follow(&self, ticket: TicketId) -> Option<watch::Receiver<TicketState>> {
        self.shelf().follow(ticket)
    }

    /// The claim on its result, which nobody gets from now on who asks for any.
    pub(super) fn claim(&self, ticket: TicketId) -> Option<Claim> {
        self.shelf().claim(ticket).then(|| Claim::new(self.clone(), ticket))
    }

    /// The claim on the oldest result that is unread. Waits for one while something is under way; none if nothing is.
    pub(super) async fn claim_any(&self) -> Option<Claim> {
        self.wait(|shelf| match shelf.claim_any() {
            Some(ticket) => Some(Some(Claim::new(self.clone(), ticket))),
            None if shelf.is_idle() && !shelf.is_claimed() => Some(None),
            None => None,
        })
        .await
    }

    /// Waits until nothing is queued or at work.
    pub(super) async fn idle(&self) {
        self.wait(|shelf| shelf.is_idle().then_some(())).await;
    }

    /// What came of it; none until then, and when it is kept no more.
    pub(super) fn result(&self, ticket: TicketId) -> Option<Arc<ResultRecord>> {
        self.shelf().result(ticket)
    }

    /// The way to its job, while that is under way.
    pub(super) fn remote(&self, ticket: TicketId) -> Option<Remote> {
        self.shelf().remote(ticket)
    }

    /// The ways to all jobs that are under way.
    pub(super) fn remotes(&self) -> Vec<Remote> {
        self.shelf().remotes()
    }

    pub(super) fn counts(&self) -> TicketCounts {
        self.shelf().counts()
    }

    /// Every change from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<TicketChange> {
        self.0.changes.subscribe()
    }

    async fn wait<T>(&self, look: impl Fn(&mut Shelf) -> Option<T>) -> T {
        loop {
            let moved = self.0.moved.notified();
            let mut moved = std::pin::pin!(moved);
            // Listening begins before looking, or what moves in between would be missed.
            moved.as_mut().enable();
            if let Some(found) = look(&mut self.shelf()) {
                return found;
            }
            moved.await;
        }
    }

    fn tell(&self, ticket: TicketId, state: TicketState) {
        // Nobody may be watching.
        let _ = self.0.changes.send(TicketChange { ticket, state });
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
