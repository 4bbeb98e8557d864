//! What the supervisor keeps: a [`Group`] per tool, a [`Place`] per slot.

use super::attach::Asker;
use super::status::StatusBook;
use crate::instance::{Activity, InstanceActor, Transcript};
use crate::machine::breaker::{Change, Trust};
use crate::machine::restart::Window;
use crate::machine::slot::{Slot, SlotState};
use crate::message::{Event, Generation, Offer, Order, SlotId};
use crate::spec::ToolSpec;
use actix::Addr;
use std::sync::Arc;
use std::time::Instant;

/// One tool; restart intensity is counted over all its instances.
pub(super) struct Group {
    pub(super) spec: Arc<ToolSpec>,
    /// What each of its instances can be had for.
    pub(super) offer: Arc<Offer>,
    pub(super) window: Window,
    /// Whose limits it shares.
    pub(super) account: usize,
    /// Why none of its instances will live again.
    pub(super) failure: Option<Arc<str>>,
}

impl Group {
    pub(super) fn new(spec: Arc<ToolSpec>, account: usize) -> Self {
        Self { window: Window::new(spec.intensity), offer: spec.offer().into(), spec, account, failure: None }
    }
}

/// One slot, the actor that lives in it, and what is known of it.
pub(super) struct Place {
    pub(super) group: usize,
    pub(super) slot: Slot,
    pub(super) instance: Option<Addr<InstanceActor>>,
    pub(super) activity: Arc<Activity>,
    /// Who waits for its terminal.
    pub(super) asker: Option<Asker>,
    /// What was told and said here, in all lives.
    pub(super) transcript: Arc<Transcript>,
    pub(super) status: StatusBook,
    /// The conversation to be taken up by the next life, and the life that it is of.
    pub(super) thread: Option<(Generation, Arc<str>)>,
    /// The life whose conversation the present one was started with, and whether it has taken it up.
    pub(super) continues: Option<(Generation, bool)>,
}

impl Place {
    pub(super) fn new(group: usize, spec: &ToolSpec, now: Instant) -> Self {
        let activity = Arc::new(Activity::new(now));
        Self {
            group,
            slot: Slot::new(spec),
            instance: None,
            activity,
            transcript: Arc::default(),
            asker: None,
            status: StatusBook::new(now),
            thread: None,
            continues: None,
        }
    }

    /// Remembers what is said of its conversation.
    pub(super) fn note_conversation(&mut self, event: &Event) {
        match event {
            Event::Conversing { generation, thread, .. } if *generation == self.slot.generation() => {
                self.thread = thread.clone().map(|thread| (*generation, thread));
            }
            Event::TakenUp { generation, .. } if *generation == self.slot.generation() => {
                if let Some((_, is_taken_up)) = &mut self.continues {
                    *is_taken_up = true;
                }
            }
            _ => {}
        }
    }

    /// The life whose conversation goes on in the present one.
    pub(super) fn continues(&self) -> Option<Generation> {
        self.continues.filter(|(_, is_taken_up)| *is_taken_up).map(|(generation, _)| generation)
    }

    /// Gives an order. An instance whose mailbox is full or closed has worse problems, and its exit tells.
    pub(super) fn tell(&self, order: Order) {
        if let Some(instance) = &self.instance
            && let Err(error) = instance.try_send(order)
        {
            tracing::warn!(%error, "an order could not be given");
        }
    }

    /// A change of trust goes to the log, once.
    pub(super) fn tell_trust(&mut self, groups: &[Group], slot: SlotId) {
        let Some(Change { to, why, .. }) = self.slot.poll_change() else { return };
        let tool = &groups[self.group].spec.tool;
        match to {
            Trust::Open => tracing::warn!(%tool, %slot, %why, "an instance gets no jobs for a while"),
            Trust::HalfOpen => tracing::info!(%tool, %slot, "an instance gets a job again, as a trial"),
            Trust::Closed => tracing::info!(%tool, %slot, %why, "an instance is trusted again"),
        }
    }

    /// Takes its credit back, if that is out and has not been spent.
    pub(super) fn revoke(&self) {
        if let SlotState::Ready(serial) = self.slot.state() {
            self.tell(Order::Revoke(*serial));
        }
    }

    /// Whether somebody sits at its terminal.
    pub(super) const fn is_attached(&self) -> bool {
        matches!(self.slot.state(), SlotState::Attached)
    }

    /// Whether it lives and waits for a job, trusted or not.
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.slot.state(), SlotState::Ready(_) | SlotState::Open(_) | SlotState::Limited(_))
    }

    /// Why it, one of `tool`, will not live again.
    pub(super) fn failure(&self, tool: &str) -> String {
        match self.slot.state() {
            SlotState::Failed(reason) => reason.clone(),
            _ => format!(
                "the last instance of {tool} {}, and is not to be started again",
                self.status.last_exit()
            ),
        }
    }
}

impl Drop for Place {
    /// Nobody else writes once the pool has gone.
    fn drop(&mut self) {
        self.transcript.close();
    }
}
