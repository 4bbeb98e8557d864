//! Lending an instance to somebody who sits down at its terminal.

use super::{PoolSupervisor, now, slot_id};
use crate::instance::{Follower, InstanceActor};
use crate::message::{
    Attended, Event, Generation, Job, JobHandle, Order, Resize, Seat, Size, SlotId, Step, Typed, news,
    reply_channel,
};
use crate::spec::{Io, TurnRule};
use actix::{Addr, Context, Recipient};
use memchr::memmem;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What switches on bracketed paste, and what marks a prompt: a tool that says so edits lines itself.
const EDITS: [&[u8]; 2] = [b"\x1b[?2004h", b"\x1b]133;B"];

/// How much of the last output is shown to who sits down, in bytes.
const SHOWN: usize = 4096;

/// Whether to wait for the job at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Until the instance is free.
    Wait,
    /// Not at all: it is free now, or the answer is no.
    Now,
}

/// Who waits for a terminal.
pub(super) type Asker = oneshot::Sender<Result<Attachment, CannotAttach>>;

/// Why nobody can sit down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotAttach {
    /// There is no such slot.
    #[error("there is no instance {slot}")]
    NoSuchSlot {
        /// Which.
        slot: SlotId,
    },
    /// It speaks a protocol, or there is no process between turns: nobody can type.
    #[error(
        "{tool} speaks a protocol, or is a process for each turn: send it prompts, and read its transcript"
    )]
    Protocol {
        /// The tool.
        tool: Arc<str>,
    },
    /// It is at work, and the asker would not wait.
    #[error("instance {slot} is at work: wait for it, or cancel its job")]
    AtWork {
        /// Which.
        slot: SlotId,
    },
    /// Somebody else is there, or waits to be.
    #[error("somebody else is attached to instance {slot}, or waits to be")]
    Taken {
        /// Which.
        slot: SlotId,
    },
    /// It goes, or has gone, or is just being replaced.
    #[error("instance {slot} is going, or has gone")]
    Going {
        /// Which.
        slot: SlotId,
    },
}

/// An instance that is lent to somebody. Dropping it gives it back: it has to answer, then it gets jobs again.
#[derive(Debug)]
pub struct Attachment {
    /// The slot.
    pub slot: SlotId,
    /// Its life.
    pub generation: Generation,
    /// The tool.
    pub tool: Arc<str>,
    /// What connects it: a terminal, or pipes.
    pub io: Io,
    /// The end of what it said before, as it came.
    pub before: Vec<u8>,
    /// What it says from now on.
    pub output: Follower,
    instance: Addr<InstanceActor>,
    supervisor: Recipient<Event>,
}

impl Attachment {
    /// Types. False if it was not taken: the instance has gone, or has long not read.
    pub async fn type_in(&self, bytes: Vec<u8>) -> bool {
        self.instance.send(Typed(bytes)).await.unwrap_or(false)
    }

    /// Has a turn with a tool that has no terminal; its result, and what comes on the way, is the handle's.
    pub async fn ask(&self, step: Step) -> JobHandle {
        let (reply_to, handle) = reply_channel(true);
        reply_to.place(self.slot, self.generation);
        let job = Job::new(vec![step], reply_to, now());
        // One that cannot be handed over tells its caller so.
        let _ = self.instance.send(Attended(Box::new(job))).await;
        handle
    }

    /// Makes its terminal as large.
    pub async fn resize(&self, size: Size) {
        // One that has gone needs no size.
        let _ = self.instance.send(Resize(size)).await;
    }

    /// Whether it still lives.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.output.life() == Some(self.generation)
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        let event = Event::Detached { slot: self.slot, generation: self.generation };
        news::tell(&self.supervisor, event);
    }
}

impl PoolSupervisor {
    pub(super) fn attach(
        &mut self,
        slot: SlotId,
        patience: Patience,
        home: Asker,
        context: &mut Context<Self>,
    ) {
        if let Err(error) = self.attachable(slot, patience) {
            let _ = home.send(Err(error));
            return;
        }
        let place = &mut self.places[slot.index()];
        let Some(action) = place.slot.attach() else {
            let _ = home.send(Err(CannotAttach::Going { slot }));
            return;
        };
        place.asker = Some(home);
        place.revoke();
        self.act(slot.index(), action, context);
    }

    fn attachable(&self, slot: SlotId, patience: Patience) -> Result<(), CannotAttach> {
        let place = self.places.get(slot.index()).ok_or(CannotAttach::NoSuchSlot { slot })?;
        let spec = &self.groups[place.group].spec;
        if matches!(spec.turn.rule, TurnRule::Protocol(_) | TurnRule::OneShot(_) | TurnRule::Remote(_)) {
            return Err(CannotAttach::Protocol { tool: spec.tool.clone() });
        }
        let is_waited_for = place.asker.as_ref().is_some_and(|asker| !asker.is_closed());
        if is_waited_for || place.is_attached() {
            return Err(CannotAttach::Taken { slot });
        }
        let is_free = place.is_idle() && place.activity.job(now()).is_none();
        match patience {
            Patience::Now if !is_free => Err(CannotAttach::AtWork { slot }),
            _ => Ok(()),
        }
    }

    /// The instance is free: it belongs to who waited, if somebody still does.
    pub(super) fn hand_over(&mut self, index: usize, context: &mut Context<Self>) {
        let account = self.account_of(index);
        let place = &mut self.places[index];
        let asker = place.asker.take().filter(|asker| !asker.is_closed());
        let (Some(asker), Some(instance)) = (asker, place.instance.clone()) else {
            let action = place.slot.decline(&self.accounts[account].hold, now());
            return self.act(index, action, context);
        };
        let spec = &self.groups[place.group].spec;
        let kept = place.transcript.last_said(usize::MAX);
        let edits = EDITS.iter().any(|mark| memmem::find(&kept, mark).is_some());
        place.tell(Order::Attach(if edits { Seat::Person } else { Seat::PersonEditing }));
        let attachment = Attachment {
            slot: slot_id(index),
            generation: place.slot.generation(),
            tool: spec.tool.clone(),
            io: spec.io,
            before: kept[kept.len().saturating_sub(SHOWN)..].to_vec(),
            output: place.transcript.listen(),
            instance,
            supervisor: actix::AsyncContext::address(context).recipient(),
        };
        // One who leaves at this moment gives it back by dropping it.
        let _ = asker.send(Ok(attachment));
    }

    /// Whoever sat there has gone. Past the mailbox's bound, which what was typed may have filled: once for each who sat.
    pub(super) fn detached(&self, slot: SlotId, generation: Generation) {
        let place = &self.places[slot.index()];
        if place.slot.generation() == generation
            && let Some(instance) = &place.instance
        {
            news::tell(&instance.clone().recipient(), Order::Detach);
        }
    }
}
