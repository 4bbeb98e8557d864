//! Where a job goes whose last attempt failed.

mod common;

use common::{FakeJob, Pool};
use pool_core::message::SlotId;
use routing::dispatcher::{RouterSpec, Why};
use std::time::Duration;

/// A job that avoids slot 0; its number.
fn retry(pool: &mut Pool) -> u64 {
    let job = FakeJob { avoids: Some(SlotId(0)), ..pool.job() };
    let id = job.id;
    pool.push(job).expect("taken");
    id
}

#[test]
fn it_goes_elsewhere_if_there_is_elsewhere() {
    for strategy in routing::strategy::NAMES {
        for _ in 0..5 {
            let mut pool = Pool::of(strategy, &["bash"; 2], RouterSpec::default());
            let job = retry(&mut pool);
            let placed = pool.poll().expect("placed");
            assert_eq!((placed.job.id, placed.decision.slot.0, placed.decision.why), (job, 1, Why::Chosen));
            // The strategy has not forgotten the slot that was out of its sight.
            let next = pool.send();
            assert_eq!(pool.drain(), [(next, 0)], "{strategy}");
        }
    }
}

#[test]
fn alone_there_is_no_choice() {
    let mut pool = Pool::bash(1);
    let job = retry(&mut pool);
    assert_eq!(pool.drain(), [(job, 0)]);
}

#[test]
fn it_waits_for_another_slot_and_delays_nobody() {
    let mut pool = Pool::bash(2);
    let (first, second) = (pool.send(), pool.send());
    assert_eq!(pool.drain(), [(first, 0), (second, 1)]);
    let job = retry(&mut pool);
    let behind = pool.send();
    pool.finish(first, 0, 1, "bash", 1);
    assert_eq!(pool.drain(), [(behind, 0)], "the one behind takes what it does not want");
    pool.finish(behind, 0, 1, "bash", 1);
    assert_eq!(pool.drain(), []);
    pool.finish(second, 1, 1, "bash", 1);
    assert_eq!(pool.drain(), [(job, 1)]);
}

#[test]
fn its_patience_ends() {
    let mut pool = Pool::bash(2);
    let (first, second) = (pool.send(), pool.send());
    assert_eq!(pool.drain(), [(first, 0), (second, 1)]);
    let job = retry(&mut pool);
    pool.finish(first, 0, 1, "bash", 1);
    assert_eq!(pool.drain(), []);
    let patience = RouterSpec::default().patience;
    assert_eq!(pool.dispatcher.poll_timeout(), Some(pool.now + patience));
    pool.pass(patience - Duration::from_millis(1));
    assert_eq!(pool.drain(), []);
    pool.pass(Duration::from_millis(1));
    assert_eq!(pool.drain(), [(job, 0)]);
}

#[test]
fn it_waits_no_longer_when_the_others_have_gone_for_ever() {
    let mut pool = Pool::bash(2);
    let (first, second) = (pool.send(), pool.send());
    assert_eq!(pool.drain(), [(first, 0), (second, 1)]);
    let job = retry(&mut pool);
    pool.finish(first, 0, 1, "bash", 1);
    assert_eq!(pool.drain(), []);
    pool.dispatcher.gone(SlotId(1), 1, true, pool.now);
    assert_eq!(pool.drain(), [(job, 0)]);
}
