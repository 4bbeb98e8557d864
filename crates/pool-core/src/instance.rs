//! One process, one actor: feeds the [conversation](crate::machine::conversation) and does what it says.
//!
//! The actor and its helper tasks (reader, writer, timer, watcher) share one driver on one arbiter. The reader puts
//! bytes straight into the dialect's buffer and completes the turn itself: no message per line, no hop through a
//! mailbox. Reader and writer are independent, for a tool that is busy writing does not read.

mod activity;
mod backlog;
mod driver;
mod folder;
mod inside;
mod record;
mod tasks;
#[cfg(test)]
mod tests;
mod transcript;

pub use crate::machine::conversation::Inside;
pub use activity::Activity;
pub use inside::Describe;
pub use transcript::{Follower, Heard, Piece, TRANSCRIPT, Transcript};

use crate::message::{
    Assign, Attended, ControlMessage, Event, ExitReport, Generation, Order, Pause, Resize, SlotId, Typed,
};
use crate::process::{Launch, relay};
use crate::spec::ToolSpec;
use actix::{Actor, AsyncContext, Context, Handler, Recipient};
use driver::Driver;
use std::rc::Rc;
use std::sync::Arc;

/// One life of one slot.
pub struct InstanceActor {
    plan: Option<Plan>,
    driver: Option<Rc<Driver>>,
}

/// What a new life is made of.
pub struct Plan {
    /// The tool.
    pub spec: Arc<ToolSpec>,
    /// The place.
    pub slot: SlotId,
    /// The life.
    pub generation: Generation,
    /// How processes are started.
    pub launcher: Arc<dyn Launch>,
    /// Where to show what it works on.
    pub activity: Arc<Activity>,
    /// Where to put what it is told and says.
    pub transcript: Arc<Transcript>,
    /// Whom to tell.
    pub supervisor: Recipient<Event>,
    /// Makes the nonces of this life unlike those of any other.
    pub seed: u64,
    /// The conversation to be taken up again, as the tool calls it.
    pub thread: Option<Arc<str>>,
}

impl InstanceActor {
    /// A life that begins when the actor is started.
    #[must_use]
    pub const fn new(plan: Plan) -> Self {
        Self { plan: Some(plan), driver: None }
    }

    fn driver(&self) -> Option<&Rc<Driver>> {
        self.driver.as_ref()
    }
}

impl Actor for InstanceActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        if let Some(plan) = self.plan.take() {
            let me = Arc::new(context.address().recipient());
            let (launcher, slot) = (plan.launcher.clone(), plan.slot);
            let spec = plan.spec.taking_up(plan.thread.as_deref());
            let driver = Driver::new(plan, me);
            let launching = if spec.turn.rule.is_relayed() {
                relay::launch(launcher, spec, slot)
            } else {
                launcher.launch(&spec, slot)
            };
            tasks::start(driver.clone(), launching);
            self.driver = Some(driver);
        }
    }
}

impl Handler<Assign> for InstanceActor {
    type Result = ();

    fn handle(&mut self, assign: Assign, _: &mut Self::Context) {
        if let Some(driver) = self.driver() {
            driver.assign(assign);
        }
    }
}

impl Handler<ControlMessage> for InstanceActor {
    type Result = ();

    fn handle(&mut self, message: ControlMessage, _: &mut Self::Context) {
        if let Some(driver) = self.driver() {
            driver.feed(|conversation, now| conversation.control(message, now));
        }
    }
}

impl Handler<Order> for InstanceActor {
    type Result = ();

    fn handle(&mut self, order: Order, _: &mut Self::Context) {
        if let Some(driver) = self.driver() {
            driver.feed(|conversation, now| conversation.order(order, now));
        }
    }
}

impl Handler<Typed> for InstanceActor {
    type Result = bool;

    fn handle(&mut self, Typed(bytes): Typed, _: &mut Self::Context) -> bool {
        self.driver().is_some_and(|driver| driver.type_in(&bytes))
    }
}

impl Handler<Attended> for InstanceActor {
    type Result = ();

    fn handle(&mut self, Attended(job): Attended, _: &mut Self::Context) {
        if let Some(driver) = self.driver() {
            driver.attend(job);
        }
    }
}

impl Handler<Resize> for InstanceActor {
    type Result = ();

    fn handle(&mut self, Resize(size): Resize, _: &mut Self::Context) {
        if let Some(driver) = self.driver() {
            driver.feed(|conversation, _| conversation.resized(size));
        }
    }
}

impl Handler<Pause> for InstanceActor {
    type Result = ();

    fn handle(&mut self, fence: Pause, _: &mut Self::Context) {
        if let Some(driver) = self.driver() {
            driver.feed(|conversation, now| conversation.pause(now));
        }
        drop(fence);
    }
}

impl Drop for InstanceActor {
    /// A handler that panics ends the actor: its process and its job must not outlive it unnoticed.
    fn drop(&mut self) {
        if let Some(driver) = self.driver() {
            driver.abandon(&ExitReport::Panicked);
        }
    }
}
