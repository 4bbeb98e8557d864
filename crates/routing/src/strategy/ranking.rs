//! Which free slot ranks lowest, of each tool and of all.

use super::slot_at;
use super::tournament::{ABSENT, Tournament};
use pool_core::message::SlotId;
use std::sync::Arc;

/// Ranks of slots, by tool: the lowest is known at once, a change costs log2(n) steps. Equal ranks: the lowest slot.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    groups: Vec<Group>,
    /// By slot.
    seats: Vec<Option<Seat>>,
}

/// The slots of one tool.
#[derive(Debug)]
struct Group {
    tool: Arc<str>,
    tree: Tournament,
    seats: usize,
}

/// Where a slot sits.
#[derive(Debug, Clone, Copy)]
struct Seat {
    group: usize,
    seat: usize,
}

impl Ranking {
    /// The free slot that ranks lowest, among those of `tool` or among all.
    pub(super) fn best(&self, tool: Option<&str>) -> Option<SlotId> {
        let mut groups = self.groups.iter();
        let best = match tool {
            Some(tool) => groups.find(|group| &*group.tool == tool).map(|group| group.tree.best()),
            None => groups.map(|group| group.tree.best()).min(),
        };
        best.filter(|key| *key != ABSENT).map(slot_of)
    }

    /// A slot exists. Said again with another tool, it moves there.
    pub(super) fn add(&mut self, slot: SlotId, tool: &Arc<str>) {
        let index = slot.index();
        if index >= self.seats.len() {
            self.seats.resize(index + 1, None);
        }
        if self.seats[index].is_none_or(|seat| self.groups[seat.group].tool != *tool) {
            self.seats[index] = Some(self.new_seat(tool));
        }
    }

    /// A slot is free, and ranks so: at most 96 bits.
    pub(super) fn set(&mut self, slot: SlotId, rank: u128) {
        self.put(slot, rank << 32 | u128::from(slot.0));
    }

    /// A slot is not free.
    pub(super) fn clear(&mut self, slot: SlotId) {
        self.put(slot, ABSENT);
    }

    fn put(&mut self, slot: SlotId, key: u128) {
        if let Some(Some(seat)) = self.seats.get(slot.index()) {
            self.groups[seat.group].tree.set(seat.seat, key);
        }
    }

    fn new_seat(&mut self, tool: &Arc<str>) -> Seat {
        let known = self.groups.iter().position(|group| group.tool == *tool);
        let group = known.unwrap_or_else(|| {
            self.groups.push(Group { tool: tool.clone(), tree: Tournament::default(), seats: 0 });
            self.groups.len() - 1
        });
        let seat = self.groups[group].seats;
        self.groups[group].seats += 1;
        Seat { group, seat }
    }
}

const fn slot_of(key: u128) -> SlotId {
    slot_at((key & 0xffff_ffff) as usize)
}
