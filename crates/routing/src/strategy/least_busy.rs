//! `least_busy`: who has done the least.

use super::tournament::{ABSENT, Tournament};
use super::{Candidate, Candidates, JobView, Strategy, slot_at};
use pool_core::message::SlotId;
use std::sync::Arc;

/// Fewest jobs in flight, then least accumulated busy time, then lowest index.
///
/// Busy time counts jobs that have ended, over all lives of a slot: one that was away comes back with what it had, so it
/// is preferred only by what it missed; one that is new starts at nothing and is preferred, whenever it is free, until
/// it has caught up.
#[derive(Debug, Default)]
pub struct LeastBusy {
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

impl Strategy for LeastBusy {
    fn name(&self) -> &'static str {
        "least_busy"
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        let key = self.best(job.tool);
        let slot = slot_of(key);
        if key != ABSENT && candidates.contains(slot) {
            return Some(slot);
        }
        // Whoever does not pass the hooks on pays with a scan, not with a wrong choice.
        candidates.iter().map(|candidate| key_of(&candidate)).min().map(slot_of)
    }

    fn on_added(&mut self, slot: &Candidate<'_>) {
        let index = slot.slot.index();
        if index >= self.seats.len() {
            self.seats.resize(index + 1, None);
        }
        if self.seats[index].is_none_or(|seat| self.groups[seat.group].tool != *slot.tool) {
            self.seats[index] = Some(self.new_seat(slot.tool));
        }
    }

    fn on_ready(&mut self, slot: &Candidate<'_>) {
        self.set(slot.slot, key_of(slot));
    }

    fn on_withdrawn(&mut self, slot: SlotId) {
        self.set(slot, ABSENT);
    }
}

impl LeastBusy {
    fn best(&self, tool: Option<&str>) -> u128 {
        let mut groups = self.groups.iter();
        let best = match tool {
            Some(tool) => groups.find(|group| &*group.tool == tool).map(|group| group.tree.best()),
            None => groups.map(|group| group.tree.best()).min(),
        };
        best.unwrap_or(ABSENT)
    }

    fn set(&mut self, slot: SlotId, key: u128) {
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

/// The three criteria in one number, most important first: 32 bits of jobs, 64 of nanoseconds, 32 of the slot.
fn key_of(slot: &Candidate<'_>) -> u128 {
    let busy = u64::try_from(slot.busy.as_nanos()).unwrap_or(u64::MAX);
    u128::from(slot.in_flight) << 96 | u128::from(busy) << 32 | u128::from(slot.slot.0)
}

const fn slot_of(key: u128) -> SlotId {
    slot_at((key & 0xffff_ffff) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, job};
    use super::*;

    #[test]
    fn the_least_busy_free_one_then_the_lowest() {
        let mut strategy = LeastBusy::default();
        // (busy milliseconds of each slot, slots that are away) => picked
        for (busy, away, picked) in
            [([0, 0, 0], &[][..], 0), ([3, 2, 2], &[], 1), ([3, 2, 2], &[1], 2), ([3, 2, 2], &[1, 2], 0)]
        {
            let mut bench = Bench::of(&["bash"; 3]);
            for (slot, &millis) in (0..).zip(&busy) {
                bench.work(slot, millis);
            }
            away.iter().for_each(|&slot| bench.shut(slot));
            bench.tell(&mut strategy);
            assert_eq!(bench.pick(&mut strategy, &job()), Some(picked), "{busy:?} without {away:?}");
            let mut untold = LeastBusy::default();
            assert_eq!(bench.pick(&mut untold, &job()), Some(picked), "without hooks");
        }
    }

    #[test]
    fn fewer_jobs_weigh_more_than_less_busy_time() {
        let mut bench = Bench::of(&["bash"; 2]);
        let mut strategy = LeastBusy::default();
        bench.work(1, 500);
        bench.place(0);
        bench.tell(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1));
    }

    #[test]
    fn each_tool_has_its_own_least_busy() {
        let mut bench = Bench::of(&["bash", "bc", "bash", "bc"]);
        let mut strategy = LeastBusy::default();
        bench.work(0, 5);
        bench.work(1, 1);
        bench.work(3, 2);
        bench.tell(&mut strategy);
        for (tool, picked) in [(Some("bash"), 2), (Some("bc"), 1), (None, 2)] {
            assert_eq!(bench.pick(&mut strategy, &JobView { tool, ..job() }), Some(picked), "{tool:?}");
        }
    }

    #[test]
    fn a_slot_that_comes_back_keeps_its_busy_time() {
        let mut bench = Bench::of(&["bash"; 2]);
        let mut strategy = LeastBusy::default();
        bench.work(0, 10);
        bench.work(1, 20);
        bench.tell(&mut strategy);
        bench.shut(0);
        strategy.on_withdrawn(SlotId(0));
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1));
        bench.open(0);
        bench.tell(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(0));
    }
}
