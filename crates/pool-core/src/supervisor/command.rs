//! What the outside may ask of a supervisor. One-way too: answers go home through a channel.

use super::status::InstanceStatus;
use super::{PoolSupervisor, now};
use crate::message::{Order, PoolEvent, SlotId, news};
use actix::{Context, Handler, Message};
use tokio::sync::oneshot;

/// A command with its way home.
#[derive(Debug)]
pub enum Supervise {
    /// What every instance does.
    Status(oneshot::Sender<Vec<InstanceStatus>>),
    /// Finish the job at hand, stop, and start again; false if there is nothing to restart.
    Restart(SlotId, oneshot::Sender<bool>),
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

    fn handle(&mut self, Command(command): Command, _: &mut Context<Self>) {
        match command {
            Supervise::Status(home) => {
                let _ = home.send(self.status());
            }
            Supervise::Restart(slot, home) => {
                let _ = home.send(self.restart(slot));
            }
            Supervise::Drain(home) => self.close(home, Order::Drain),
            Supervise::Stop(home) => self.close(home, Order::Stop),
            Supervise::Kill(home) => self.close(home, Order::Kill),
        }
    }
}

impl PoolSupervisor {
    fn status(&self) -> Vec<InstanceStatus> {
        let now = now();
        let places = self.places.iter().enumerate();
        places
            .map(|(index, place)| {
                place.status.status(
                    super::slot_id(index),
                    &self.groups[place.group].spec.tool,
                    &place.slot,
                    &place.activity,
                    now,
                )
            })
            .collect()
    }

    fn restart(&mut self, slot: SlotId) -> bool {
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
            place.tell(order);
        }
        self.end_if_over();
    }
}
