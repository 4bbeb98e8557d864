//! `cancel`: takes a prompt back, or a job of a batch.

use super::Served;
use crate::control::controller::{Controller, Work, no_such_ticket};
use crate::control::protocol::{CancelAsk, Code, Done, Fault, NotATicket, TicketId};
use crate::control::roster::Roster;
use crate::control::tickets::Tickets;

pub(super) fn serve(controller: &Controller, ask: &CancelAsk) -> Result<Served, Fault> {
    match controller.work() {
        Work::Prompts { tickets, .. } => ticket(tickets, &ask.job)?,
        Work::Batch(roster) => job(roster, &ask.job)?,
    }
    Ok(Done::Nothing {}.into())
}

fn ticket(tickets: &Tickets, word: &str) -> Result<(), Fault> {
    let wrong = |error: NotATicket| Fault::new(Code::Usage, error.to_string());
    let ticket: TicketId = word.parse().map_err(wrong)?;
    if tickets.withdraw(ticket) {
        return Ok(());
    }
    match tickets.claim(ticket) {
        None => Err(no_such_ticket(ticket)),
        Some(_) => Err(Fault::new(Code::Refused, format!("{ticket} has ended"))),
    }
}

fn job(roster: &Roster, word: &str) -> Result<(), Fault> {
    let unknown = || {
        let word: String = word.chars().take(40).collect();
        Fault::new(Code::NoSuchJob, format!("no job {word:?} is queued or at work"))
            .help("name it by its id in the list, or by its number from 1")
    };
    roster.find(word).ok_or_else(unknown)?.cancel();
    Ok(())
}
