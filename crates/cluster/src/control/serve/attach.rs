//! `attach`: an instance belongs to the client for a while. It is given back when the client goes, however that happens.

mod lines;

use super::{Caller, Served};
use crate::control::controller::Controller;
use crate::control::protocol::{AttachAsk, AttachDone, AttachedTo, Code, Done, Event, Fault, Left};
use crate::control::seats::{Asked, Key, Keys};
use crate::inside::AttachError;
use pool_core::instance::Piece;
use pool_core::spec::Io;
use pool_core::supervisor::{Attachment, CannotAttach, Patience};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// After this time a tool that had no room for what was typed is asked again.
const AGAIN: Duration = Duration::from_millis(10);

/// How long a tool may read nothing before what is typed is refused.
const DEAF: Duration = Duration::from_secs(1);

pub(super) async fn serve(controller: &Controller, ask: AttachAsk, caller: &Caller) -> Result<Served, Fault> {
    let slot = controller.slot(ask.index).await?;
    let patience = if ask.now { Patience::Now } else { Patience::Wait };
    // Before it waits, so that somebody who waits can get up.
    let mut seat = caller.seats.take(caller.id);
    let lent = tokio::select! {
        lent = controller.pool().attach(slot, patience) => lent,
        () = leaves(&mut seat.keys) => return Ok(Done::Attach(AttachDone { left: Left::Detached }).into()),
    };
    let mut lent = lent.map_err(|error| refusal(controller, error))?;
    caller.event(Event::Attached(AttachedTo {
        tool: lent.tool.to_string(),
        terminal: lent.io == Io::Pty,
        before: std::mem::take(&mut lent.before).into(),
    }));
    let left = match lent.io {
        Io::Pty => sit(&mut lent, &mut seat.keys, caller).await,
        Io::Pipes => lines::sit(controller, &mut lent, &mut seat.keys, caller).await,
    };
    Ok(Done::Attach(AttachDone { left }).into())
}

async fn sit(lent: &mut Attachment, keys: &mut Keys, caller: &Caller) -> Left {
    let mut typist = Typist::default();
    while lent.is_alive() {
        typist.type_in(lent).await;
        let may_type = typist.held.is_none();
        tokio::select! {
            // Only who reads is shown more; what it misses is counted.
            piece = async { caller.out.roomy().await; lent.output.next().await } => match piece {
                Some(Piece::Said(bytes)) => caller.event(Event::Output(bytes.into())),
                Some(Piece::Missed(count)) => caller.event(Event::Unshown { bytes: count }),
                Some(Piece::Told(_) | Piece::Note(_)) => {}
                None => return Left::Ended,
            },
            () = sleep(AGAIN), if !may_type => {}
            key = keys.recv(), if may_type => match key {
                Some((Key::Bytes(bytes), asked)) => typist.held = Some((bytes, asked)),
                Some((Key::Size(size), asked)) => {
                    lent.resize(size).await;
                    asked.taken();
                }
                Some((Key::Leave, asked)) => {
                    asked.taken();
                    return Left::Detached;
                }
                None => return Left::Detached,
            },
        }
    }
    // Its last words.
    while let Some(piece) = lent.output.try_next() {
        match piece {
            Piece::Said(bytes) => caller.event(Event::Output(bytes.into())),
            // Another life has begun, which is nobody's.
            Piece::Note(_) => break,
            Piece::Told(_) | Piece::Missed(_) => {}
        }
    }
    Left::Ended
}

/// Types as fast as the tool reads. A tool that has not read for [`DEAF`] gets no more, so that whoever sits there can get
/// up behind all that was typed.
#[derive(Default)]
struct Typist {
    held: Option<(Vec<u8>, Asked)>,
    /// Since when the tool has taken nothing.
    deaf: Option<Instant>,
}

impl Typist {
    async fn type_in(&mut self, lent: &Attachment) {
        let Some((bytes, asked)) = self.held.take() else { return };
        if lent.type_in(bytes.clone()).await {
            self.deaf = None;
            asked.taken();
        } else if self.deaf.get_or_insert_with(Instant::now).elapsed() < DEAF {
            self.held = Some((bytes, asked));
        } else {
            asked.refuse(Fault::new(Code::Overloaded, "the tool does not read what is typed"));
        }
    }
}

/// Resolves when the person has gone; what is typed before there is anybody to read it is lost.
async fn leaves(keys: &mut Keys) {
    loop {
        match keys.recv().await {
            Some((Key::Leave, asked)) => return asked.taken(),
            Some((Key::Bytes(_) | Key::Size(_), _)) => {}
            None => return,
        }
    }
}

fn refusal(controller: &Controller, error: AttachError) -> Fault {
    let AttachError::Refused(why) = error else { return controller.gone() };
    let code = match why {
        CannotAttach::NoSuchSlot { .. } => Code::NoSuchInstance,
        CannotAttach::Protocol { .. }
        | CannotAttach::AtWork { .. }
        | CannotAttach::Taken { .. }
        | CannotAttach::Going { .. } => Code::Refused,
    };
    let help = match why {
        CannotAttach::Protocol { .. } => Some("'cluster send --to I' and 'cluster logs -f I' do that"),
        CannotAttach::AtWork { .. } => Some("without --now it is waited for; 'cluster status' shows its job"),
        _ => None,
    };
    let fault = Fault::new(code, why.to_string());
    match help {
        Some(help) => fault.help(help),
        None => fault,
    }
}
