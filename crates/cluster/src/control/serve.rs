//! What is done about each request, one file a request.

mod answer;
mod attach;
mod cancel;
mod down;
mod logs;
mod read;
mod restart;
mod scale;
mod send;
mod status;
mod wait;
mod watch;
mod why;

use super::controller::Controller;
use super::outbound::{Outbound, Turn};
use super::protocol::{Ask, Body, Code, Done, Event, Fault, Request};
use super::seats::Seats;
use super::tickets::Claim;

/// Does what a client asks for, and answers.
pub(super) async fn serve(controller: Controller, request: Request, out: Outbound, seats: Seats) {
    let Request { id, ask } = request;
    let caller = Caller { out, id, seats };
    match dispatch(&controller, ask, &caller).await {
        Ok(Served { done, claim, turn: _turn }) => caller.out.tell_claimed(Some(id), Body::Ok(done), claim),
        Err(fault) => caller.out.tell(Some(id), Body::Error(fault)),
    }
}

async fn dispatch(controller: &Controller, ask: Ask, caller: &Caller) -> Result<Served, Fault> {
    match ask {
        Ask::Status {} => status::serve(controller, caller).await,
        Ask::Watch {} => watch::serve(controller, caller).await,
        Ask::Send(ask) => send::serve(controller, ask, caller).await,
        Ask::Read(ask) => read::serve(controller, &ask, caller).await,
        Ask::Answer(ask) => answer::serve(controller, ask),
        Ask::Cancel(ask) => cancel::serve(controller, &ask),
        Ask::Restart(ask) => restart::serve(controller, ask).await,
        Ask::Wait(ask) => wait::serve(controller, ask).await,
        Ask::Down(ask) => down::serve(controller, ask).await,
        Ask::Scale(ask) => scale::serve(controller, ask).await,
        Ask::Logs(ask) => logs::serve(controller, ask, caller).await,
        Ask::Why(ask) => why::serve(controller, ask).await,
        Ask::Attach(ask) => attach::serve(controller, ask, caller).await,
        // Those went to their seats before.
        Ask::Type(_) | Ask::Resize(_) | Ask::Detach(_) => {
            Err(Fault::new(Code::Refused, "nobody sits at a terminal here"))
        }
    }
}

/// Whoever asked.
#[derive(Debug)]
struct Caller {
    out: Outbound,
    id: u64,
    seats: Seats,
}

impl Caller {
    /// Tells of something on the way.
    fn event(&self, event: Event) {
        self.out.tell(Some(self.id), Body::Event(event));
    }
}

/// What was asked for.
#[derive(Debug)]
struct Served {
    done: Done,
    /// It tells a result, which is read when this has been written.
    claim: Option<Claim>,
    /// It is large: the next one waits until this one is put in.
    turn: Option<Turn>,
}

impl From<Done> for Served {
    fn from(done: Done) -> Self {
        Self { done, claim: None, turn: None }
    }
}
