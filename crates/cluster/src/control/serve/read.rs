//! `read`: a result, by its ticket or the oldest that nobody has read.

use super::{Caller, Served};
use crate::control::controller::{Controller, no_such_ticket};
use crate::control::protocol::{Code, Done, Fault, ReadAsk, ReadDone, TicketState};
use crate::control::tickets::{Claim, Tickets};
use std::time::Duration;
use tokio::time::timeout;

pub(super) async fn serve(controller: &Controller, ask: &ReadAsk, caller: &Caller) -> Result<Served, Fault> {
    let tickets = controller.tickets()?;
    let result = async {
        match (ask.ticket, ask.any) {
            (Some(ticket), false) => {
                let claim = tickets.claim(ticket).ok_or_else(|| no_such_ticket(ticket))?;
                until_ended(tickets, &claim).await;
                Ok(claim)
            }
            (None, true) => tickets.claim_any().await.ok_or_else(nothing),
            _ => Err(Fault::new(Code::Usage, "read wants one of 'ticket' and 'any'")),
        }
    };
    let claim = match ask.wait_ms {
        None => result.await?,
        Some(wait) => {
            timeout(Duration::from_millis(wait), result).await.map_err(|_| late(tickets, ask))??
        }
    };
    let ticket = claim.ticket();
    let turn = caller.out.turn().await;
    let result = tickets.result(ticket).ok_or_else(|| no_such_ticket(ticket))?;
    let done = Done::Read(Box::new(ReadDone { ticket, result: (*result).clone() }));
    Ok(Served { done, claim: Some(claim), turn })
}

async fn until_ended(tickets: &Tickets, claim: &Claim) {
    if let Some(mut state) = tickets.follow(claim.ticket()) {
        // A ticket that is no longer known has ended.
        let _ = state.wait_for(|state| matches!(state, TicketState::Ended { .. })).await;
    }
}

fn nothing() -> Fault {
    Fault::new(Code::Nothing, "nothing is under way, and nothing is unread").help("send something first")
}

fn late(tickets: &Tickets, ask: &ReadAsk) -> Fault {
    let Some(ticket) = ask.ticket else { return Fault::new(Code::TimedOut, "no reply has come") };
    let state = tickets.follow(ticket).map(|state| state.borrow().clone());
    let (what, help) = match state {
        Some(TicketState::Queued) => (format!("{ticket} waits for an instance"), None),
        Some(TicketState::Working { asks: Some(question), .. }) => {
            (format!("{ticket} asks: {question}"), Some(format!("'cluster answer {ticket} TEXT' answers")))
        }
        _ => (format!("{ticket} goes on"), None),
    };
    Fault { code: Code::TimedOut, message: what, help }
}
