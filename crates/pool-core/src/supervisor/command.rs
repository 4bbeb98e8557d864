//! What the outside may ask of a supervisor. One-way too: answers go home through a channel.

use super::PoolSupervisor;
use super::attach::{Attachment, CannotAttach, Patience};
use super::dump::InstanceDump;
use super::scale::{CannotScale, Scaled};
use super::status::InstanceStatus;
use crate::instance::Follower;
use crate::message::{Order, Pause, PoolEvent, SlotId, news};
use actix::{Context, Handler, Message};
use tokio::sync::{mpsc, oneshot};

/// A command with its way home.
#[derive(Debug)]
pub enum Supervise {
    /// What every instance does.
    Status(oneshot::Sender<Vec<InstanceStatus>>),
    /// What every instance does, and what it waits for.
    Dump(oneshot::Sender<Vec<InstanceDump>>),
    /// What this instance does, and what it waits for; nothing if there is no such slot.
    Why(SlotId, oneshot::Sender<Vec<InstanceDump>>),
    /// What the instance was told and said, the last of it and what comes; none if there is no such slot.
    Follow(SlotId, oneshot::Sender<Option<Follower>>),
    /// From now on, every change of an instance's state goes there; some are missed if it is full.
    Watch(mpsc::Sender<InstanceStatus>),
    /// Our program is about to be stopped: no job's time passes until [`Supervise::Resume`]. The fence is dropped once
    /// every instance knows.
    Pause(Pause),
    /// Our program goes on.
    Resume,
    /// Finish the job at hand, stop, and start again; false if there is nothing to restart.
    Restart(SlotId, oneshot::Sender<bool>),
    /// Let the tool of this name, or the only one, have so many instances; at most [`super::SCALE_LIMIT`].
    Scale(Option<String>, usize, oneshot::Sender<Result<Scaled, CannotScale>>),
    /// Lend this instance to somebody who sits down at its terminal, as soon as it is free.
    Attach(SlotId, Patience, oneshot::Sender<Result<Attachment, CannotAttach>>),
    /// Take no more jobs, finish those at hand, stop everything; answered when all are gone.
    Drain(oneshot::Sender<()>),
    /// Stop everything by the ladder, now; answered when all are gone.
    Stop(oneshot::Sender<()>),
    /// Kill everything; answered when all are gone.
    Kill(oneshot::Sender<()>),
}

/// [`Supervise`] as a message.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Command(pub Supervise);

impl Handler<Command> for PoolSupervisor {
    type Result = ();

    fn handle(&mut self, Command(command): Command, context: &mut Context<Self>) {
        match command {
            Supervise::Status(home) => {
                let _ = home.send(self.status());
            }
            Supervise::Dump(home) => self.dump(None, home),
            Supervise::Why(slot, home) => self.dump(Some(slot), home),
            Supervise::Follow(slot, home) => {
                let _ = home.send(self.places.get(slot.index()).map(|place| place.transcript.follow()));
            }
            Supervise::Watch(watcher) => self.watchers.push(watcher),
            Supervise::Restart(slot, home) => {
                let _ = home.send(self.restart(slot));
            }
            Supervise::Scale(tool, count, home) => {
                let _ = home.send(self.scale(tool.as_deref(), count, context));
            }
            Supervise::Attach(slot, patience, home) => self.attach(slot, patience, home, context),
            Supervise::Pause(pause) => self.stand_still(&pause),
            Supervise::Resume => self.places.iter().for_each(|place| place.tell(Order::Resume)),
            Supervise::Drain(home) => self.close(home, Order::Drain),
            Supervise::Stop(home) => self.close(home, Order::Stop),
            Supervise::Kill(home) => self.close(home, Order::Kill),
        }
        self.show_all();
    }
}

impl PoolSupervisor {
    fn status(&self) -> Vec<InstanceStatus> {
        (0..self.places.len()).map(|index| self.status_of(index)).collect()
    }

    fn stand_still(&self, pause: &Pause) {
        for instance in self.places.iter().filter_map(|place| place.instance.as_ref()) {
            // One whose mailbox is full or closed misses it, and its time goes on.
            let _ = instance.try_send(pause.clone());
        }
    }

    pub(super) fn restart(&mut self, slot: SlotId) -> bool {
        let Some(place) = self.places.get_mut(slot.index()) else { return false };
        let lives = place.slot.recycle();
        if lives {
            place.tell(Order::Drain);
        }
        lives
    }

    /// All at once, each by its own ladder.
    fn close(&mut self, home: oneshot::Sender<()>, order: Order) {
        self.closing = true;
        self.gone.push(home);
        news::tell(&self.router, PoolEvent::Closed);
        for place in &mut self.places {
            place.slot.drain();
            place.asker = None;
            place.tell(order);
        }
        self.end_if_over();
    }
}
