//! What the supervisor keeps: a [`Group`] per tool, a [`Place`] per slot.

use super::status::StatusBook;
use crate::instance::{Activity, InstanceActor};
use crate::machine::restart::Window;
use crate::machine::slot::{Slot, SlotState};
use crate::message::Order;
use crate::spec::ToolSpec;
use actix::Addr;
use std::sync::Arc;
use std::time::Instant;

/// One tool; restart intensity is counted over all its instances.
pub(super) struct Group {
    pub(super) spec: Arc<ToolSpec>,
    pub(super) window: Window,
}

impl Group {
    pub(super) fn new(spec: Arc<ToolSpec>) -> Self {
        Self { window: Window::new(spec.intensity), spec }
    }
}

/// One slot, the actor that lives in it, and what is known of it.
pub(super) struct Place {
    pub(super) group: usize,
    pub(super) slot: Slot,
    pub(super) instance: Option<Addr<InstanceActor>>,
    pub(super) activity: Arc<Activity>,
    pub(super) status: StatusBook,
}

impl Place {
    pub(super) fn new(group: usize, spec: &ToolSpec, now: Instant) -> Self {
        let activity = Arc::new(Activity::new(now));
        Self { group, slot: Slot::new(spec), instance: None, activity, status: StatusBook::new(now) }
    }

    /// Gives an order. An instance whose mailbox is full or closed has worse problems, and its exit tells.
    pub(super) fn tell(&self, order: Order) {
        if let Some(instance) = &self.instance
            && let Err(error) = instance.try_send(order)
        {
            tracing::warn!(%error, "an order could not be given");
        }
    }

    /// Why it will not live again.
    pub(super) fn failure(&self) -> String {
        match self.slot.state() {
            SlotState::Failed(reason) => reason.clone(),
            _ => self.status.last_exit(),
        }
    }
}
