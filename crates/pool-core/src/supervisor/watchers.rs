//! Those who watch: each gets every change of a state, as far as it keeps up.

use super::{PoolSupervisor, now, slot_id};
use crate::supervisor::InstanceStatus;
use tokio::sync::mpsc::error::TrySendError;

impl PoolSupervisor {
    /// The slot may have changed: notes since when, and tells those who watch.
    pub(super) fn show(&mut self, index: usize) {
        let now = now();
        let place = &mut self.places[index];
        if place.status.settle(&place.slot, now) && !self.watchers.is_empty() {
            let status = self.status_of(index);
            // One that does not keep up misses some, and can ask for all of them.
            self.watchers
                .retain(|watcher| !matches!(watcher.try_send(status.clone()), Err(TrySendError::Closed(_))));
        }
    }

    /// Any slot may have changed.
    pub(super) fn show_all(&mut self) {
        for index in 0..self.places.len() {
            self.show(index);
        }
    }

    pub(super) fn status_of(&self, index: usize) -> InstanceStatus {
        let place = &self.places[index];
        let tool = &self.groups[place.group].spec.tool;
        place.status.status(slot_id(index), tool, &place.slot, &place.activity, now())
    }
}
