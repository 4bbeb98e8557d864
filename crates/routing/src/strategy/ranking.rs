//! Which free slot ranks lowest: of each tool, of each capability, and of all.

use super::slot_at;
use super::tournament::{ABSENT, Tournament};
use pool_core::message::{Needs, Offer, SlotId};

/// Ranks of slots: the lowest is known at once, a change costs log4(n) steps, once for the slot's tool and once for each
/// of its capabilities. Equal ranks: the lowest slot.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    groups: Vec<Group>,
    /// By slot: that of its tool, then those of its capabilities.
    seats: Vec<Vec<Seat>>,
}

/// The slots of one tool, or of one capability.
#[derive(Debug)]
struct Group {
    needs: Needs,
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
    /// The free slot that ranks lowest, among those that meet this.
    pub(super) fn best(&self, needs: &Needs) -> Option<SlotId> {
        let of_tools = |group: &&Group| matches!(group.needs, Needs::Tool(_));
        let mut groups = self.groups.iter();
        let best = match needs {
            // Every slot has one tool.
            Needs::Anything => groups.filter(of_tools).map(|group| group.tree.best()).min(),
            _ => groups.find(|group| group.needs == *needs).map(|group| group.tree.best()),
        };
        best.filter(|key| *key != ABSENT).map(slot_of)
    }

    /// A slot exists. Said again with another offer, it moves there; it is not free then.
    pub(super) fn add(&mut self, slot: SlotId, offer: &Offer) {
        let index = slot.index();
        if index >= self.seats.len() {
            self.seats.resize(index + 1, Vec::new());
        }
        let needs = self.seats[index].iter().map(|seat| &self.groups[seat.group].needs);
        if !needs.eq(&offer.met().collect::<Vec<_>>()) {
            self.clear(slot);
            self.seats[index] = offer.met().map(|needs| self.new_seat(needs)).collect();
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
        for seat in self.seats.get(slot.index()).into_iter().flatten() {
            self.groups[seat.group].tree.set(seat.seat, key);
        }
    }

    fn new_seat(&mut self, needs: Needs) -> Seat {
        let known = self.groups.iter().position(|group| group.needs == needs);
        let group = known.unwrap_or_else(|| {
            self.groups.push(Group { needs, tree: Tournament::default(), seats: 0 });
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
