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
        pool.dispatcher.added(SlotId(slot), offer);
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
