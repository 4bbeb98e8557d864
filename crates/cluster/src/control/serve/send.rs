//! `send`: a prompt. Whoever asked may go away: the ticket stays.

use super::{Caller, Served};
use crate::control::controller::{Controller, Sent, no_such_ticket};
use crate::control::protocol::{Done, Event, Fault, SendAsk, SendDone, TicketId, TicketState, Until};
use crate::control::tickets::Tickets;
use tokio::sync::watch;

pub(super) async fn serve(controller: &Controller, ask: SendAsk, caller: &Caller) -> Result<Served, Fault> {
    let Sent { ticket, state, claim } = controller.send(&ask).await?;
    let until = ask.until;
    drop(ask);
    let tickets = controller.tickets()?;
    caller.event(Event::Accepted { ticket });
    let done = |result| Done::Send(Box::new(SendDone { ticket, result }));
    match until {
        Until::Accepted => Ok(done(None).into()),
        Until::Delivered => {
            Progress { tickets, ticket, caller, was_delivered: false }.until_delivered(state).await;
            Ok(done(None).into())
        }
        Until::Completed => {
            Progress { tickets, ticket, caller, was_delivered: false }.until_ended(state).await;
            let turn = caller.out.turn().await;
            let result = tickets.result(ticket).ok_or_else(|| no_such_ticket(ticket))?;
            Ok(Served { done: done(Some((*result).clone())), claim, turn })
        }
    }
}

/// What has been told of a ticket.
struct Progress<'a> {
    tickets: &'a Tickets,
    ticket: TicketId,
    caller: &'a Caller,
    was_delivered: bool,
}

impl Progress<'_> {
    async fn until_delivered(mut self, mut state: watch::Receiver<TicketState>) {
        while !self.tell(&mut state) && !self.was_delivered {
            if state.changed().await.is_err() {
                return;
            }
        }
    }

    async fn until_ended(mut self, mut state: watch::Receiver<TicketState>) {
        while !self.tell(&mut state) {
            if state.changed().await.is_err() {
                return;
            }
        }
    }

    /// Tells what is new; true if it has ended.
    fn tell(&mut self, state: &mut watch::Receiver<TicketState>) -> bool {
        let now = state.borrow_and_update().clone();
        match now {
            TicketState::Queued => false,
            TicketState::Working { slot, generation, asks } => {
                self.delivered(slot, generation);
                if let Some(question) = asks {
                    self.caller.event(Event::Asks { ticket: self.ticket, question });
                }
                false
            }
            TicketState::Ended { .. } => {
                // It may have gone through all of it at once.
                let result = self.tickets.result(self.ticket);
                if let Some(instance) = result.and_then(|result| result.instance.clone()) {
                    self.delivered(instance.slot, instance.generation);
                }
                true
            }
        }
    }

    fn delivered(&mut self, slot: u32, generation: u32) {
        if !std::mem::replace(&mut self.was_delivered, true) {
            self.caller.event(Event::Delivered { ticket: self.ticket, slot, generation });
        }
    }
}
