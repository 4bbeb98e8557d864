//! `watch`: every change from now on.

use super::{Caller, Served};
use crate::control::controller::{Controller, Work};
use crate::control::limits::CHANGES;
use crate::control::protocol::{Done, Event, Fault, TicketChange};
use std::future::pending;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

pub(super) async fn serve(controller: &Controller, caller: &Caller) -> Result<Served, Fault> {
    let mut instances = controller.pool().watch(CHANGES);
    let mut tickets = match controller.work() {
        Work::Prompts { tickets, .. } => Some(tickets.changes()),
        Work::Batch(_) => None,
    };
    loop {
        tokio::select! {
            changed = instances.recv() => match changed {
                Some(status) => caller.event(Event::Instance(Box::new(status))),
                None => return Ok(Done::Nothing {}.into()),
            },
            changed = next(&mut tickets) => caller.event(changed),
        }
    }
}

async fn next(tickets: &mut Option<Receiver<TicketChange>>) -> Event {
    let Some(changes) = tickets else { return pending().await };
    match changes.recv().await {
        Ok(change) => Event::Ticket(change),
        Err(RecvError::Lagged(changes)) => Event::Missed { changes },
        Err(RecvError::Closed) => pending().await,
    }
}
