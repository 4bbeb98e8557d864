//! `weighted`: everybody in turn, some oftener.

use super::tournament::{ABSENT, Tournament};
use super::{Candidate, Candidates, JobView, Strategy, slot_at};
use pool_core::message::{Needs, Offer, SlotId};
use std::num::NonZeroU16;
use std::sync::Arc;

/// A cycle in units of time: in each, a slot of weight `w` has `w` turns, evenly spread, the first half a step in.
const CYCLE: u128 = 1 << 40;

/// Smooth weighted round robin: whose turn is due first, then the lowest slot.
///
/// While all slots stay free, each is served exactly as often as it weighs in every cycle (as many placements as the
/// weights add up to), and its turns are spread over the cycle as nginx spreads them. A slot weighs 1 unless told. Jobs
/// for one tool have a schedule of their own, and so have those for one capability, and those for any tool.
///
/// A slot that was busy or away is due at once when it is back, and no more: it does not catch up on turns that it
/// missed. One that has gone for ever leaves its turns to the others; added again, it weighs the same.
///
/// nginx adds up all weights for each choice; here every slot knows when its next turn is due, so a choice costs
/// log4(n) steps.
#[derive(Debug, Default)]
pub struct Weighted {
    /// By slot; beyond, everybody weighs 1.
    weights: Vec<u16>,
    /// For jobs that need this; made when the first one comes.
    schedules: Vec<(Needs, Schedule)>,
    /// By slot.
    slots: Vec<Slot>,
}

/// What is known of a slot.
#[derive(Debug, Default)]
struct Slot {
    offer: Option<Arc<Offer>>,
    /// The schedules that it is in.
    schedules: Vec<usize>,
    ready: bool,
}

/// Whose turn is when.
#[derive(Debug, Default)]
struct Schedule {
    due: Tournament,
    /// By slot: how many turns it has had, or let pass.
    turns: Vec<u64>,
    /// When the latest turn was.
    clock: u128,
}

impl Weighted {
    /// Gives some slots a weight other than 1; the last one said counts.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = (SlotId, NonZeroU16)>) -> Self {
        let mut table = Vec::new();
        for (slot, weight) in weights {
            if table.len() <= slot.index() {
                table.resize(slot.index() + 1, 1);
            }
            table[slot.index()] = weight.get();
        }
        Self { weights: table, ..Self::default() }
    }

    /// What a slot weighs.
    #[must_use]
    pub fn weight(&self, slot: SlotId) -> u16 {
        self.weights.get(slot.index()).copied().unwrap_or(1)
    }

    fn schedule(&self, needs: &Needs) -> Option<usize> {
        self.schedules.iter().position(|(known, _)| known == needs)
    }

    fn new_schedule(&mut self, needs: &Needs) -> usize {
        self.schedules.push((needs.clone(), Schedule::default()));
        for slot in 0..self.slots.len() {
            self.enrol(slot_at(slot), self.schedules.len() - 1);
        }
        self.schedules.len() - 1
    }

    /// Takes a slot into a schedule, if it meets what that is for.
    fn enrol(&mut self, slot: SlotId, schedule: usize) {
        let weight = self.weight(slot);
        let known = &mut self.slots[slot.index()];
        let (needs, own) = &mut self.schedules[schedule];
        if known.offer.as_ref().is_some_and(|offer| offer.meets(needs)) {
            known.schedules.push(schedule);
            if known.ready {
                own.join(slot, weight);
            }
        }
    }
}

impl Strategy for Weighted {
    fn name(&self) -> &'static str {
        "weighted"
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        let schedule = self.schedule(job.needs).unwrap_or_else(|| self.new_schedule(job.needs));
        let best = self.schedules[schedule].1.best();
        // Whoever does not pass the hooks on gets somebody, in slot order.
        let slot =
            best.filter(|&slot| candidates.contains(slot)).or_else(|| candidates.first_from(SlotId(0)))?;
        let weight = self.weight(slot);
        self.schedules[schedule].1.take(slot, weight);
        Some(slot)
    }

    fn score(&self, job: &JobView<'_>, slot: &Candidate<'_>) -> String {
        let schedule = self.schedule(job.needs).map(|at| &self.schedules[at].1);
        let weight = self.weight(slot.slot);
        // The first job that needs this makes the schedule.
        let ahead = schedule
            .map_or(due(0, weight), |own| due(own.turns_of(slot.slot), weight).saturating_sub(own.clock));
        format!("weight {weight}, due in {:.3} cycles", ahead as f64 / CYCLE as f64)
    }

    fn on_added(&mut self, slot: &Candidate<'_>) {
        // Its tool may be another one than before.
        self.on_withdrawn(slot.slot);
        if self.slots.len() <= slot.slot.index() {
            self.slots.resize_with(slot.slot.index() + 1, Slot::default);
        }
        self.slots[slot.slot.index()] = Slot { offer: Some(slot.offer.clone()), ..Slot::default() };
        for schedule in 0..self.schedules.len() {
            self.enrol(slot.slot, schedule);
        }
    }

    fn on_ready(&mut self, slot: &Candidate<'_>) {
        let weight = self.weight(slot.slot);
        let Some(known) = self.slots.get_mut(slot.slot.index()) else { return };
        known.ready = true;
        for &schedule in &known.schedules {
            self.schedules[schedule].1.join(slot.slot, weight);
        }
    }

    fn on_withdrawn(&mut self, slot: SlotId) {
        let Some(known) = self.slots.get_mut(slot.index()) else { return };
        known.ready = false;
        for &schedule in &known.schedules {
            self.schedules[schedule].1.due.set(slot.index(), ABSENT);
        }
    }
}

impl Schedule {
    fn best(&self) -> Option<SlotId> {
        let key = self.due.best();
        (key != ABSENT).then(|| slot_at((key & 0xffff_ffff) as usize))
    }

    fn turns_of(&self, slot: SlotId) -> u64 {
        self.turns.get(slot.index()).copied().unwrap_or(0)
    }

    /// A slot is free: turns that were due before the latest one have passed.
    fn join(&mut self, slot: SlotId, weight: u16) {
        if self.turns.len() <= slot.index() {
            self.turns.resize(slot.index() + 1, 0);
        }
        let turns = &mut self.turns[slot.index()];
        if due(*turns, weight) < self.clock {
            *turns = first_not_before(self.clock, weight);
        }
        self.due.set(slot.index(), due(*turns, weight) << 32 | u128::from(slot.0));
    }

    fn take(&mut self, slot: SlotId, weight: u16) {
        self.clock = self.clock.max(due(self.turns_of(slot), weight));
        if let Some(turns) = self.turns.get_mut(slot.index()) {
            *turns += 1;
        }
    }
}

/// When a slot that has had `turns` is due again. Computed from the count, so that no error adds up.
fn due(turns: u64, weight: u16) -> u128 {
    let weight = u64::from(weight);
    // Within a cycle everything fits into 64 bits: 2 * 2^16 * 2^40.
    let within = (2 * (turns % weight) + 1) * CYCLE as u64 / (2 * weight);
    u128::from(turns / weight) * CYCLE + u128::from(within)
}

/// After how many turns a slot is due at `clock` or later, for the first time.
fn first_not_before(clock: u128, weight: u16) -> u64 {
    // A turn may be due a rounding earlier than its exact time, never later.
    let turns = (clock * 2 * u128::from(weight)).saturating_sub(CYCLE) / (2 * CYCLE);
    let turns = u64::try_from(turns).unwrap_or(u64::MAX / 2);
    if due(turns, weight) < clock { turns + 1 } else { turns }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, job};
    use super::*;
    use proptest::prelude::{ProptestConfig, prop, prop_assert, prop_assert_eq, proptest};

    fn weights(weights: &[u16]) -> Weighted {
        Weighted::new((0..).map(SlotId).zip(weights.iter().filter_map(|weight| NonZeroU16::new(*weight))))
    }

    /// As many picks, each over before the next; all stay free.
    fn picks(bench: &Bench, strategy: &mut Weighted, jobs: usize) -> Vec<u32> {
        bench.tell(strategy);
        let pick = |_| {
            let slot = bench.pick(strategy, &job()).unwrap();
            strategy.on_withdrawn(SlotId(slot));
            bench.tell(strategy);
            slot
        };
        (0..jobs).map(pick).collect()
    }

    #[test]
    fn turns_are_spread_over_the_cycle() {
        for (given, cycle) in [
            (&[5, 1, 1][..], &[0, 0, 0, 1, 2, 0, 0][..]),
            (&[3, 1], &[0, 0, 1, 0]),
            (&[1, 3], &[1, 0, 1, 1]),
            (&[1, 1, 1], &[0, 1, 2]),
            (&[2, 3], &[1, 0, 1, 0, 1]),
        ] {
            let bench = Bench::of(&vec!["bash"; given.len()]);
            let got = picks(&bench, &mut weights(given), 3 * cycle.len());
            assert_eq!(got, cycle.repeat(3), "{given:?}");
        }
    }

    #[test]
    fn who_was_away_is_due_at_once_and_does_not_catch_up() {
        let mut bench = Bench::of(&["bash"; 2]);
        let mut strategy = weights(&[3, 1]);
        bench.shut(0);
        assert_eq!(picks(&bench, &mut strategy, 50), [1; 50]);
        bench.open(0);
        let back = picks(&bench, &mut strategy, 40);
        let turns = back.iter().filter(|slot| **slot == 0).count();
        assert!((30..=31).contains(&turns), "{back:?}");
        bench.shut(1);
        assert_eq!(picks(&bench, &mut strategy, 3), [0; 3], "its turns go to the others");
    }

    #[test]
    fn each_tool_has_its_own_cycle() {
        let bench = Bench::of(&["bash", "bc", "bash", "bc"]);
        let mut strategy = weights(&[1, 1, 2, 2]);
        bench.tell(&mut strategy);
        let pick = |tool: &str| {
            let needs = Needs::Tool(tool.into());
            let slot = bench.pick(&mut strategy, &JobView { needs: &needs, ..job() }).unwrap();
            bench.tell(&mut strategy);
            slot
        };
        let got: Vec<_> = ["bash", "bc"].repeat(3).into_iter().map(pick).collect();
        assert_eq!(got, [2, 3, 0, 1, 2, 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn weights_are_exact_over_every_cycle(given in prop::collection::vec(1_u16..30, 1..8), cycles in 1_usize..4) {
            let bench = Bench::of(&vec!["bash"; given.len()]);
            let mut strategy = weights(&given);
            let cycle: usize = given.iter().map(|weight| usize::from(*weight)).sum();
            for _ in 0..cycles {
                let got = picks(&bench, &mut strategy, cycle);
                for (slot, weight) in given.iter().enumerate() {
                    prop_assert_eq!(got.iter().filter(|pick| **pick as usize == slot).count(), usize::from(*weight));
                }
            }
        }

        #[test]
        fn the_next_turn_is_the_first_that_is_not_past(clock in 0_u128..CYCLE * 1000, weight in 1_u16..) {
            let turns = first_not_before(clock, weight);
            prop_assert!(due(turns, weight) >= clock);
            prop_assert!(turns == 0 || due(turns - 1, weight) < clock);
        }
    }
}
