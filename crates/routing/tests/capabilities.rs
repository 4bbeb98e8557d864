//! Jobs that need a capability, whichever tool has it.

mod common;

use common::{FakeJob, Pool, named, tool};
use pool_core::message::{Needs, Offer, SlotId};
use routing::dispatcher::{PushError, RouterSpec};
use routing::strategy::NAMES;
use std::sync::Arc;
use std::time::Duration;

fn offer(tool: &str, capabilities: &[&str]) -> Arc<Offer> {
    let capabilities = capabilities.iter().map(|word| (*word).into()).collect();
    Arc::new(Offer { tool: tool.into(), capabilities })
}

fn able(capability: &str) -> Needs {
    Needs::Capability(capability.into())
}

/// Two tools that can do sums, one of which can edit; and one that can do neither. All slots are free.
fn mixed(strategy: &str) -> Pool {
    let mut pool = Pool::of(strategy, &[], RouterSpec::default());
    let offers = [
        offer("bc", &["sums"]),
        offer("python", &["sums", "edit"]),
        offer("bash", &[]),
        offer("python", &["sums", "edit"]),
    ];
    for (slot, offer) in (0..).zip(&offers) {
        pool.dispatcher.added(SlotId(slot), offer, pool.now);
    }
    for (slot, offer) in (0..).zip(&offers) {
        pool.credit(slot, &offer.tool, 1);
    }
    pool
}

fn push(pool: &mut Pool, needs: Needs) -> Result<(), PushError> {
    let job = FakeJob { needs, ..pool.job() };
    pool.push(job)
}

#[test]
fn every_strategy_sends_a_job_where_its_capability_is_and_uses_all_of_them() {
    for strategy in NAMES {
        let mut pool = mixed(strategy);
        for needs in [able("edit"), able("sums"), able("edit"), able("sums")] {
            push(&mut pool, needs).unwrap();
        }
        let placed = pool.drain();
        let slot_of = |job| placed.iter().find(|(id, _)| *id == job).map(|(_, slot)| *slot);
        assert!(placed.len() == 3 && placed.iter().all(|(_, slot)| *slot != 2), "{strategy}: {placed:?}");
        assert!(slot_of(1).is_some_and(|slot| slot % 2 == 1), "{strategy}: {placed:?}");
        let (job, slot) = placed[0];
        pool.finish(job, slot, 5, "", 1);
        assert_eq!(pool.drain().len(), 1, "{strategy}: the fourth has waited for a slot that suits it");
    }
}

#[test]
fn each_capability_has_a_rotation_of_its_own() {
    let mut pool = mixed("round_robin");
    let mut slots = Vec::new();
    for needs in ["sums", "edit", "sums", "edit", "sums", "sums"] {
        push(&mut pool, able(needs)).unwrap();
        let [(job, slot)] = pool.drain()[..] else { panic!("all are free") };
        slots.push(slot);
        pool.finish(job, slot, 1, "", 1);
    }
    assert_eq!(slots, [0, 1, 1, 3, 3, 0]);
}

#[test]
fn a_capability_that_nobody_has_is_waited_for_and_then_refused() {
    let mut pool = mixed("least_busy");
    push(&mut pool, able("poetry")).unwrap();
    push(&mut pool, Needs::Anything).unwrap();
    assert_eq!(pool.drain().len(), 1, "it delays nobody");
    pool.pass(Duration::from_secs(30));
    let [(1, error)] = &pool.refused()[..] else { panic!("one job") };
    let told = "no instance has the capability 'poetry': the pool has sums, edit";
    assert_eq!(error.to_string(), told);
}

#[test]
fn a_capability_fails_with_the_last_tool_that_has_it() {
    let mut pool = mixed("least_busy");
    let fail = |pool: &mut Pool, name: &str| {
        pool.dispatcher.failed(&name.into(), &"crashed too often".into(), pool.now);
    };
    let failed = |needs| Err(PushError::Failed { needs, reason: "crashed too often".into() });
    fail(&mut pool, "python");
    assert_eq!(push(&mut pool, able("edit")), failed(able("edit")));
    assert_eq!(push(&mut pool, tool("python")), failed(tool("python")));
    push(&mut pool, able("sums")).unwrap();
    assert_eq!(pool.drain(), [(3, 0)], "bc is there");
    fail(&mut pool, "bc");
    assert_eq!(push(&mut pool, able("sums")), failed(able("sums")));
    push(&mut pool, Needs::Anything).unwrap();
    assert_eq!(pool.drain().len(), 1, "bash is there");
}

#[test]
fn a_session_refuses_what_its_tool_cannot_do() {
    let mut pool = mixed("least_busy");
    let key = named("sums");
    let job = FakeJob { session: Some(key.clone()), needs: tool("bc"), ..pool.job() };
    pool.push(job).unwrap();
    assert_eq!(pool.drain(), [(1, 0)]);
    let job = FakeJob { session: Some(key.clone()), needs: able("sums"), ..pool.job() };
    assert_eq!(pool.push(job), Ok(()));
    let job = FakeJob { session: Some(key), needs: able("edit"), ..pool.job() };
    let error = PushError::Unable { slot: SlotId(0), runs: "bc".into(), wanted: "edit".into() };
    assert_eq!(pool.push(job), Err(error));
}

#[test]
fn the_end_of_a_tool_is_no_concern_of_kinds_that_took_its_place() {
    let mut pool = Pool::of("least_busy", &[], RouterSpec::default());
    let a = offer("a", &["x"]);
    pool.dispatcher.added(SlotId(0), &a, pool.now);
    pool.dispatcher.gone(SlotId(0), 1, true, pool.now);
    push(&mut pool, tool("b")).unwrap();
    pool.dispatcher.added(SlotId(1), &a, pool.now);
    pool.dispatcher.failed(&"a".into(), &"a is broken".into(), pool.now);
    assert_eq!(pool.refused(), [], "b may come");
    pool.dispatcher.added(SlotId(2), &Offer::of("b").into(), pool.now);
    pool.credit(2, "b", 1);
    assert_eq!(pool.drain(), [(1, 2)]);
}

#[test]
fn what_a_tool_could_do_fails_with_it_even_if_its_slots_went_one_by_one() {
    let mut pool = mixed("least_busy");
    for slot in [1, 3] {
        pool.dispatcher.gone(SlotId(slot), 1, true, pool.now);
    }
    push(&mut pool, able("edit")).unwrap();
    pool.dispatcher.failed(&"python".into(), &"python is broken".into(), pool.now);
    let failed = PushError::Failed { needs: able("edit"), reason: "python is broken".into() };
    assert_eq!(pool.refused(), [(1, failed.clone())]);
    assert_eq!(push(&mut pool, able("edit")), Err(failed));
}

#[test]
fn a_slot_that_is_another_one_now_gets_no_jobs_of_the_one_that_it_was() {
    for strategy in NAMES {
        let mut pool = Pool::of(strategy, &["bash", "bash"], RouterSpec::default());
        pool.dispatcher.added(SlotId(0), &offer("bc", &["sums"]), pool.now);
        for needs in [tool("bash"), tool("bash"), tool("bc"), Needs::Anything] {
            push(&mut pool, needs).unwrap();
        }
        assert_eq!(pool.drain(), [(1, 1)], "{strategy}: the credit of the slot that was is void");
        pool.credit(0, "bc", 1);
        assert_eq!(pool.drain(), [(3, 0)], "{strategy}");
    }
}
