//! What holds whatever happens: a random pool under every strategy, and what each strategy promises on top.

mod common;

use common::referee::Rule;
use common::world::{World, id, ops};
use common::{Placed, Pool};
use pool_core::message::{JobId, Needs, SlotId};
use proptest::prelude::{ProptestConfig, prop, prop_assert, prop_assert_eq, proptest};
use routing::dispatcher::{RouterSpec, Why};
use routing::strategy::{Candidates, Fastest, JobView, LeastBusy, RoundRobin, Sticky, Strategy, Weighted};
use std::collections::HashMap;
use std::num::NonZeroU16;

/// Answers at random, mostly wrong.
struct Rogue(u64);

impl Strategy for Rogue {
    fn name(&self) -> &'static str {
        "rogue"
    }

    fn choose(&mut self, job: &JobView<'_>, _: &Candidates<'_>) -> Option<SlotId> {
        let JobId(job) = job.id;
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(job);
        u32::try_from(self.0 >> 60).ok().filter(|slot| slot % 3 != 0).map(SlotId)
    }
}

/// Nobody is passed over for one who is busier.
struct NobodyBusier;

impl Rule for NobodyBusier {
    fn judge(&mut self, world: &World, placed: &Placed, candidates: &[usize]) {
        assert_eq!(placed.decision.why, Why::Chosen);
        let least = candidates.iter().min_by_key(|&&slot| (world.places[slot].busy, slot));
        assert_eq!(least.copied().map(id), Some(placed.decision.slot));
    }
}

/// Whoever stays free is served within so many rounds: as many placements of a kind as there are slots.
struct InTurn {
    rounds: usize,
    passed_over: HashMap<(Needs, usize), usize>,
}

impl InTurn {
    fn within(rounds: usize) -> Self {
        Self { rounds, passed_over: HashMap::new() }
    }
}

impl Rule for InTurn {
    fn judge(&mut self, world: &World, placed: &Placed, candidates: &[usize]) {
        assert_eq!(placed.decision.why, Why::Chosen);
        for slot in 0..world.places.len() {
            let passed = self.passed_over.entry((placed.job.needs.clone(), slot)).or_default();
            let stays = candidates.contains(&slot) && id(slot) != placed.decision.slot;
            *passed = if stays { *passed + 1 } else { 0 };
            assert!(*passed < self.rounds * world.places.len(), "slot {slot} was passed over {passed} times");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rogue_strategy_breaks_no_rule(slots in 1_usize..7, seed: u64, ops in ops()) {
        let mut world = World::new(Box::new(Rogue(seed)), slots);
        ops.iter().for_each(|op| world.happen(op, &mut ()));
    }

    #[test]
    fn sticky_breaks_no_rule(slots in 1_usize..7, ops in ops()) {
        let mut world = World::new(Box::new(Sticky::default()), slots);
        ops.iter().for_each(|op| world.happen(op, &mut ()));
    }

    #[test]
    fn least_busy_never_picks_a_busier_one_than_it_passes_over(slots in 1_usize..7, ops in ops()) {
        let mut world = World::new(Box::new(LeastBusy::default()), slots);
        ops.iter().for_each(|op| world.happen(op, &mut NobodyBusier));
    }

    #[test]
    fn round_robin_serves_whoever_stays_free(slots in 1_usize..7, ops in ops()) {
        let mut world = World::new(Box::new(RoundRobin::default()), slots);
        let mut rule = InTurn::within(1);
        ops.iter().for_each(|op| world.happen(op, &mut rule));
    }

    /// Rounds of jobs, each round over before the next: equal work for equal instances, after every job.
    #[test]
    fn equal_instances_serve_equally_often(
        slots in 1_usize..20,
        rounds in prop::collection::vec(1_usize..20, 1..20),
        strategy in 0_usize..3,
    ) {
        let mut pool = Pool::of(["round_robin", "least_busy", "weighted"][strategy], &vec!["bash"; slots], RouterSpec::default());
        let mut served = vec![0; slots];
        for jobs in rounds {
            let mut running = Vec::new();
            for _ in 0..jobs.min(slots) {
                let job = pool.send();
                let placed = pool.poll();
                let slot = placed.map(|placed| placed.decision.slot.0);
                prop_assert!(slot.is_some(), "job {} waits", job);
                running.extend(slot.map(|slot| (job, slot)));
                served[slot.map_or(0, |slot| slot as usize)] += 1;
                let (most, least) = (served.iter().max(), served.iter().min());
                prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{:?}", served);
            }
            for (job, slot) in running.into_iter().rev() {
                pool.finish(job, slot, 10, "bash", 1);
            }
        }
        prop_assert_eq!(served.iter().sum::<u64>(), pool.dispatcher.snapshot().total.served);
    }

    #[test]
    fn weighted_breaks_no_rule(weights in prop::collection::vec(1_u16..9, 1..7), ops in ops()) {
        let mut world = World::new(Box::new(weighted(&weights)), weights.len());
        ops.iter().for_each(|op| world.happen(op, &mut ()));
    }

    /// Over crashes, revokes and restarts; of equal weights. Two rounds: who had the last turn of one may be the first that is
    /// passed over in the next, when those that come back bring the order of slots with them.
    #[test]
    fn weighted_serves_whoever_stays_free(slots in 1_usize..7, ops in ops()) {
        let mut world = World::new(Box::new(weighted(&vec![1; slots])), slots);
        let mut rule = InTurn::within(2);
        ops.iter().for_each(|op| world.happen(op, &mut rule));
    }

    #[test]
    fn fastest_breaks_no_rule(slots in 1_usize..7, ops in ops()) {
        let mut world = World::new(Box::new(Fastest::default()), slots);
        ops.iter().for_each(|op| world.happen(op, &mut ()));
    }

    /// Each job is over before the next comes. Whatever came before, weights are exact over every whole cycle, from
    /// wherever it is counted, but for one turn of a slot that has just come back.
    #[test]
    fn weights_are_exact_over_a_cycle(
        weights in prop::collection::vec(1_u16..9, 1..7),
        lives in prop::collection::vec((0_usize..7, 0_usize..30), 0..6),
    ) {
        let mut pool = Pool::empty(Box::new(weighted(&weights)), RouterSpec::default());
        let slots = weights.len();
        (0..slots).for_each(|slot| { pool.credit(id(slot).0, "bash", 1); });
        let mut generations = vec![1; slots];
        let cycle: usize = weights.iter().map(|weight| usize::from(*weight)).sum();
        for (crashed, jobs) in lives {
            let slot = crashed % slots;
            pool.dispatcher.gone(id(slot), generations[slot], false, pool.now);
            serve(&mut pool, &generations, if slots > 1 { jobs } else { 0 });
            generations[slot] += 1;
            pool.credit(id(slot).0, "bash", generations[slot]);
            let back = serve(&mut pool, &generations, cycle);
            for (slot, weight) in weights.iter().enumerate() {
                prop_assert!(back[slot].abs_diff(u64::from(*weight)) <= 1, "{:?} of {:?}", back, weights);
            }
        }
        serve(&mut pool, &generations, cycle);
        let exact = serve(&mut pool, &generations, cycle);
        prop_assert!(exact.iter().copied().eq(weights.iter().map(|weight| u64::from(*weight))), "{:?} of {:?}", exact, weights);
    }
}

fn weighted(weights: &[u16]) -> Weighted {
    Weighted::new(
        (0..weights.len()).map(id).zip(weights.iter().filter_map(|weight| NonZeroU16::new(*weight))),
    )
}

/// Sequential jobs; how many each slot got.
fn serve(pool: &mut Pool, generations: &[u32], jobs: usize) -> Vec<u64> {
    let mut served = vec![0; generations.len()];
    for _ in 0..jobs {
        let job = pool.send();
        let placed = pool.poll().expect("somebody is free");
        let slot = placed.decision.slot;
        served[slot.index()] += 1;
        pool.finish(job, slot.0, 1, "bash", generations[slot.index()]);
    }
    served
}
