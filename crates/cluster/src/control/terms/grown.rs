//! Slots that came after the start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Slots that a pool has been given since it was started.
#[derive(Debug, Default)]
pub struct Grown(Mutex<BTreeMap<u32, Arc<str>>>);

impl Grown {
    /// These are of this tool.
    pub(super) fn add(&self, slots: impl Iterator<Item = u32>, tool: &Arc<str>) {
        self.open().extend(slots.map(|slot| (slot, tool.clone())));
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tool_of(&self, slot: u32) -> Option<Arc<str>> {
        self.open().get(&slot).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.open().len()
    }
}
