//! Who waits for a result.

use super::Tickets;
use crate::control::protocol::TicketId;

/// The right to one result, until it has been told. Dropped before, it gives the result back.
#[derive(Debug)]
#[must_use = "a claim that is dropped gives the result back"]
pub(in crate::control) struct Claim {
    tickets: Tickets,
    ticket: TicketId,
}

impl Claim {
    pub(super) const fn new(tickets: Tickets, ticket: TicketId) -> Self {
        Self { tickets, ticket }
    }

    /// Whose result.
    pub(in crate::control) const fn ticket(&self) -> TicketId {
        self.ticket
    }

    /// The result has been written to whoever waited for it.
    pub(in crate::control) fn told(self) {
        self.tickets.read(self.ticket);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.tickets.shelf().unclaim(self.ticket);
        self.tickets.0.moved.notify_waiters();
    }
}
