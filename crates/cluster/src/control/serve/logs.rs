//! `logs`: what instances were told and said, as far as it is kept, then what comes.

use super::{Caller, Served};
use crate::control::controller::Controller;
use crate::control::protocol::{Done, Event, Fault, LogPiece, Logged, LogsAsk};
use pool_core::instance::{Follower, Piece};
use pool_core::message::SlotId;
use std::future::poll_fn;
use std::task::Poll;

pub(super) async fn serve(controller: &Controller, ask: LogsAsk, caller: &Caller) -> Result<Served, Fault> {
    let slots: Vec<SlotId> = match ask.index {
        Some(index) => vec![controller.slot(index).await?],
        None => {
            let all = controller.pool().status().await.map_err(|_| controller.gone())?;
            all.into_iter().map(|status| status.index).collect()
        }
    };
    let mut readers = Vec::new();
    for slot in slots {
        let follower = controller.pool().transcript(slot).await.map_err(|_| controller.gone())?;
        readers.extend(follower.map(|follower| (slot, follower)));
    }
    for (slot, follower) in &mut readers {
        while let Some(piece) = follower.try_next() {
            tell(caller, *slot, piece).await;
        }
    }
    while ask.follow
        && let Some((slot, piece)) = next(&mut readers).await
    {
        tell(caller, slot, piece).await;
    }
    Ok(Done::Nothing {}.into())
}

/// The client is waited for; what comes meanwhile is kept as long as there is room in the transcript.
async fn tell(caller: &Caller, slot: SlotId, piece: Piece) {
    caller.out.roomy().await;
    caller.event(Event::Log(LogPiece { slot: slot.0, what: piece.into() }));
}

/// The next piece of any; `None` when there will be no more of one: the pool goes.
async fn next(readers: &mut [(SlotId, Follower)]) -> Option<(SlotId, Piece)> {
    poll_fn(|context| {
        for (slot, follower) in readers.iter_mut() {
            if let Poll::Ready(piece) = follower.poll_next(context) {
                return Poll::Ready(piece.map(|piece| (*slot, piece)));
            }
        }
        Poll::Pending
    })
    .await
}

impl From<Piece> for Logged {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Said(bytes) => Self::Said(bytes.into()),
            Piece::Told(bytes) => Self::Told(bytes.into()),
            Piece::Note(note) => Self::Note(note),
            Piece::Missed(count) => Self::Missed(count),
        }
    }
}
