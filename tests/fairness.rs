//! The promises of routing, through the actors: what `crates/routing/tests/properties.rs` says of the dispatcher alone, of
//! whole pools whose instances crash and come back.

#[allow(dead_code, reason = "each test file uses its part of it")]
mod support;

use cluster::{ClusterManager, Job};
use pool_core::message::SlotId;
use pool_core::process::fake::Fakes;
use pool_core::spec::Cancel;
use proptest::prelude::{Just, ProptestConfig, Strategy as _, TestCaseError, prop, prop_assert, proptest};
use routing::metrics::SlotView;
use routing::strategy::by_name;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, all_free, in_virtual_time, play, slots, spec};
use tokio::time::Instant;

async fn pool(strategy: &str, instances: usize) -> ClusterManager {
    let oracle = Oracle::default();
    let fakes = Fakes::new(move |stage| play(stage, oracle.clone()));
    let builder = ClusterManager::builder().tool(spec(Cancel::Restart), instances).launcher(Arc::new(fakes));
    let builder = builder.strategy(by_name(strategy).expect("shipped")).seed(7).on_this_arbiter();
    let cluster = builder.build().await.expect("a valid plan");
    all_free(&cluster, instances).await;
    cluster
}

fn free(slots: &[SlotView]) -> impl Iterator<Item = &SlotView> {
    slots.iter().filter(|slot| slot.credits == 1)
}

/// Jobs one after the other: how long each takes, and whether its instance crashes then.
fn jobs() -> impl proptest::strategy::Strategy<Value = Vec<(u64, bool)>> {
    prop::collection::vec((0_u64..60, prop::bool::weighted(0.15)), 1..40)
}

/// Sends them, and has `judge` look at the slots before each, and at the one that got it.
async fn one_by_one(
    cluster: &ClusterManager,
    jobs: &[(u64, bool)],
    mut judge: impl FnMut(&[SlotView], SlotId) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    for (millis, crashes) in jobs {
        let before = slots(cluster).await;
        let end = if *crashes { "crash" } else { "say:done" };
        let reply = cluster.ask(format!("work:{millis} {end}")).await.expect("a reply");
        judge(&before, reply.instance.slot)?;
    }
    cluster.shutdown().await;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_instances_serve_equally_often(
        strategy in prop::sample::select(vec!["round_robin", "least_busy", "weighted"]),
        instances in 1_usize..6,
        count in 1_usize..30,
    ) {
        in_virtual_time(async {
            let cluster = pool(strategy, instances).await;
            let mut served = vec![0_u32; instances];
            one_by_one(&cluster, &vec![(10, false); count], |_, slot| {
                served[slot.index()] += 1;
                let (least, most) = (served.iter().min(), served.iter().max());
                prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{served:?}");
                Ok(())
            }).await
        })?;
    }

    #[test]
    fn whoever_stays_free_is_served_within_as_many_placements_as_there_are_slots(
        instances in 1_usize..6,
        jobs in jobs(),
    ) {
        in_virtual_time(async {
            let cluster = pool("round_robin", instances).await;
            let mut passed_over = vec![0; instances];
            one_by_one(&cluster, &jobs, |before, slot| {
                for (at, passed) in passed_over.iter_mut().enumerate() {
                    let stays = before[at].credits == 1 && at != slot.index();
                    *passed = if stays { *passed + 1 } else { 0 };
                    prop_assert!(*passed < instances, "slot {at} was passed over {passed} times");
                }
                Ok(())
            }).await
        })?;
    }

    #[test]
    fn nobody_is_passed_over_for_one_who_is_busier(instances in 1_usize..6, jobs in jobs()) {
        in_virtual_time(async {
            let cluster = pool("least_busy", instances).await;
            one_by_one(&cluster, &jobs, |before, slot| {
                let least = free(before).min_by_key(|slot| (slot.figures.busy_us, slot.slot));
                // With nobody free, the job waited for whoever came back first.
                prop_assert!(least.is_none_or(|least| least.slot == slot), "{slot} instead of {least:?}");
                Ok(())
            }).await
        })?;
    }

    #[test]
    fn a_key_keeps_its_home_over_crashes(
        instances in 1_usize..6,
        jobs in prop::collection::vec((0_u8..6, prop::bool::weighted(0.15)), 1..40),
    ) {
        in_virtual_time(async {
            let cluster = pool("sticky", instances).await;
            let mut homes = HashMap::new();
            for (key, crashes) in jobs {
                all_free(&cluster, instances).await;
                let text = if crashes { "work:5 crash" } else { "work:5 say:done" };
                let reply = cluster.ask(Job::from(text).key(format!("key {key}"))).await.expect("a reply");
                let home = *homes.entry(key).or_insert(reply.instance.slot);
                prop_assert!(home == reply.instance.slot, "{key} moved from {home}");
            }
            cluster.shutdown().await;
            Ok(())
        })?;
    }

    /// Jobs of equal length: all instances work all the time, so the last one ends when it must.
    #[test]
    fn neither_a_hot_key_nor_work_for_one_instance_keeps_the_others_from_working(
        (strategy, pinned) in hot_or_pinned(),
        instances in 2_usize..6,
        (hot, rest) in (1_u32..12, 1_u32..12),
    ) {
        const WORK: Duration = Duration::from_millis(50);
        let took = in_virtual_time(async {
            let cluster = pool(strategy, instances).await;
            let job = || Job::from("work:50 say:done");
            let start = Instant::now();
            let hot: Vec<_> = (0..hot)
                .map(|_| cluster.submit(if pinned { job().on_slot(SlotId(0)) } else { job().key("hot") }))
                .collect();
            let others: Vec<_> = (0..rest).map(|n| cluster.submit(job().key(format!("key {n}")))).collect();
            for other in others {
                other.await.expect("a reply");
            }
            let took = start.elapsed();
            for hot in hot {
                hot.await.expect("a reply");
            }
            cluster.shutdown().await;
            took
        });
        let instances = u32::try_from(instances).expect("few");
        let rounds = if pinned { rest.div_ceil(instances - 1) } else { (hot + rest).div_ceil(instances) };
        prop_assert!(took < WORK * rounds + WORK / 2, "{took:?} for {rounds} rounds of {WORK:?}");
    }
}

/// A hot key under the strategy that minds keys; or work for one slot under any.
fn hot_or_pinned() -> impl proptest::strategy::Strategy<Value = (&'static str, bool)> {
    let pinned = prop::sample::select(routing::strategy::NAMES.to_vec()).prop_map(|name| (name, true));
    proptest::prelude::prop_oneof![Just(("sticky", false)), pinned]
}
