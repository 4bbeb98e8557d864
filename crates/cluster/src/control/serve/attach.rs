//! `attach`: an instance belongs to the client for a while. It is given back when the client goes, however that happens.

mod lines;

use super::{Caller, Served};
use crate::control::controller::Controller;
use crate::control::protocol::{AttachAsk, AttachDone, AttachedTo, Code, Done, Event, Fault, Left};
use crate::control::seats::Key;
use crate::inside::AttachError;
use pool_core::instance::Piece;
use pool_core::spec::Io;
use pool_core::supervisor::{Attachment, CannotAttach, Patience};

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

async fn sit(lent: &mut Attachment, keys: &mut tokio::sync::mpsc::Receiver<Key>, caller: &Caller) -> Left {
    while lent.is_alive() {
        tokio::select! {
            // Only who reads is shown more; what it misses is counted.
            piece = async { caller.out.roomy().await; lent.output.next().await } => match piece {
                Some(Piece::Said(bytes)) => caller.event(Event::Output(bytes.into())),
                Some(Piece::Missed(count)) => caller.event(Event::Unshown { bytes: count }),
                Some(Piece::Told(_) | Piece::Note(_)) => {}
                None => return Left::Ended,
            },
            key = keys.recv() => match key {
                Some(Key::Bytes(bytes)) => {
                    if !lent.type_in(bytes).await && lent.is_alive() {
                        caller.event(Event::Untyped {});
                    }
                }
                Some(Key::Size(size)) => lent.resize(size).await,
                Some(Key::Leave) | None => return Left::Detached,
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

/// Resolves when the person has gone; what is typed before there is anybody to read it is lost.
async fn leaves(keys: &mut tokio::sync::mpsc::Receiver<Key>) {
    while !matches!(keys.recv().await, Some(Key::Leave) | None) {}
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
