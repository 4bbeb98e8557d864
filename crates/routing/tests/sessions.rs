//! The dispatcher's rules about sessions, one at a time.

mod common;

use common::{FakeJob, Pool, named, tool};
use pool_core::message::{SessionKey, SlotId};
use routing::dispatcher::{PushError, RouterSpec, Why};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_session_opens_anywhere_and_stays_there() {
    let mut pool = Pool::bash(3);
    let key = named("review");
    for _ in 0..3 {
        pool.say(&key);
    }
    pool.send();
    assert_eq!(pool.drain(), [(1, 0), (4, 1)], "those behind the opener wait for its slot");
    pool.finish(1, 0, 5, "bash", 1);
    let second = pool.poll().unwrap();
    assert_eq!((second.job.id, second.decision.slot, second.decision.why), (2, SlotId(0), Why::Session));
    assert!(!second.context_lost && !second.reset_first);
    assert_eq!(pool.dispatcher.session_slot(&key), Some(SlotId(0)));
}

#[test]
fn a_cancelled_opener_leaves_its_place_to_the_next() {
    let mut pool = Pool::bash(0);
    let key = named("review");
    let opener = FakeJob { session: Some(key.clone()), ..pool.job() };
    let cancelled = opener.cancelled.clone();
    pool.push(opener).unwrap();
    pool.say(&key);
    cancelled.set(true);
    for slot in 0..2 {
        pool.credit(slot, "bash", 1);
    }
    assert_eq!(pool.drain(), [(2, 0)]);
}

#[test]
fn a_reserved_slot_idles_until_its_session_is_closed() {
    let mut pool = Pool::bash(1);
    let key = named("review");
    pool.say(&key);
    assert_eq!(pool.drain(), [(1, 0)]);
    pool.finish(1, 0, 5, "bash", 1);
    pool.send();
    assert_eq!(pool.drain(), []);
    pool.dispatcher.close_session(&key, pool.now);
    let placed = pool.poll().unwrap();
    assert!(placed.reset_first, "the session's conversation is still in the tool");
    pool.finish(2, 0, 5, "bash", 1);
    pool.say(&key);
    let placed = pool.poll().unwrap();
    assert!(!placed.context_lost, "who closes a session begins a new one");
    assert!(!placed.reset_first, "the plain job left nothing");
}

#[test]
fn closing_while_jobs_wait_and_run() {
    let mut pool = Pool::bash(2);
    let key = named("review");
    for _ in 0..3 {
        pool.say(&key);
    }
    assert_eq!(pool.drain(), [(1, 0)]);
    pool.dispatcher.close_session(&key, pool.now);
    assert_eq!(pool.drain(), [(2, 1)], "the first that waited opens the next conversation elsewhere");
    pool.finish(1, 0, 5, "bash", 1);
    pool.send();
    let plain = pool.poll().unwrap();
    assert_eq!((plain.job.id, plain.decision.slot, plain.reset_first), (4, SlotId(0), true));
}

#[test]
fn work_addressed_by_index_waits_for_nobody() {
    let mut pool = Pool::bash(2);
    for _ in 0..3 {
        pool.send();
    }
    let direct = SessionKey::Slot(SlotId(1));
    pool.say(&direct);
    assert_eq!(pool.drain(), [(4, 1), (1, 0)]);
    let nowhere = FakeJob { session: Some(SessionKey::Slot(SlotId(9))), ..pool.job() };
    assert_eq!(pool.push(nowhere), Err(PushError::NoSuchSlot { slot: SlotId(9), slots: 2 }));
}

#[test]
fn it_may_share_the_slot_of_a_session() {
    let mut pool = Pool::bash(1);
    let (key, direct) = (named("review"), SessionKey::Slot(SlotId(0)));
    pool.say(&key);
    assert_eq!(pool.drain(), [(1, 0)]);
    pool.say(&direct);
    pool.finish(1, 0, 5, "bash", 1);
    let placed = pool.poll().unwrap();
    assert!(!placed.reset_first && !placed.context_lost);
    pool.say(&direct);
    pool.dispatcher.close_session(&direct, pool.now);
    pool.finish(2, 0, 5, "bash", 1);
    let placed = pool.poll().unwrap();
    assert!(!placed.reset_first, "a reset would take the other session's words as well");
    pool.finish(3, 0, 5, "bash", 1);
    pool.dispatcher.close_session(&direct, pool.now);
    pool.send();
    assert_eq!(pool.drain(), [], "the other session still lives there");
}

#[test]
fn a_replaced_instance_has_lost_the_context_once() {
    let mut pool = Pool::bash(1);
    let key = named("review");
    pool.say(&key);
    pool.drain();
    pool.dispatcher.gone(SlotId(0), 1, false, pool.now);
    pool.say(&key);
    pool.say(&key);
    pool.credit(0, "bash", 2);
    let placed = pool.poll().unwrap();
    assert!(placed.context_lost && !placed.reset_first);
    pool.finish(2, 0, 5, "bash", 2);
    assert!(!pool.poll().unwrap().context_lost);
}

#[test]
fn a_job_that_comes_back_undelivered_has_said_nothing() {
    let mut pool = Pool::bash(1);
    let key = named("review");
    pool.say(&key);
    let job = pool.poll().unwrap().job;
    pool.dispatcher.returned(job, pool.now);
    pool.dispatcher.gone(SlotId(0), 1, false, pool.now);
    pool.credit(0, "bash", 2);
    let placed = pool.poll().unwrap();
    assert!(!placed.context_lost, "there was nothing to lose");
}

#[test]
fn a_reset_that_was_not_delivered_is_asked_for_again() {
    let mut pool = Pool::bash(1);
    let key = named("review");
    pool.say(&key);
    pool.drain();
    pool.finish(1, 0, 5, "bash", 1);
    pool.dispatcher.close_session(&key, pool.now);
    for _ in 0..2 {
        pool.send();
        let placed = pool.poll().unwrap();
        assert!(placed.reset_first);
        let job = FakeJob { cancelled: std::rc::Rc::new(true.into()), ..placed.job };
        pool.dispatcher.returned(job, pool.now);
        pool.credit(0, "bash", 1);
    }
}

#[test]
fn the_sessions_of_a_slot_that_has_gone_for_ever_move() {
    let mut pool = Pool::bash(2);
    let (key, direct) = (named("review"), SessionKey::Slot(SlotId(0)));
    pool.say(&key);
    pool.drain();
    for _ in 0..2 {
        pool.say(&key);
    }
    pool.say(&direct);
    pool.dispatcher.gone(SlotId(0), 1, true, pool.now);
    assert_eq!(pool.refused(), [(4, PushError::SlotGone { slot: SlotId(0) })]);
    let placed = pool.poll().unwrap();
    assert_eq!((placed.job.id, placed.decision.slot, placed.context_lost), (2, SlotId(1), true));
    pool.finish(2, 1, 5, "bash", 1);
    assert!(!pool.poll().unwrap().context_lost);
}

#[test]
fn an_idle_session_of_a_slot_that_has_gone_for_ever_is_remembered() {
    let mut pool = Pool::bash(2);
    let key = named("review");
    pool.say(&key);
    pool.drain();
    pool.dispatcher.gone(SlotId(0), 1, true, pool.now);
    assert_eq!(pool.dispatcher.session_slot(&key), None);
    pool.say(&key);
    assert!(pool.poll().unwrap().context_lost);
}

#[test]
fn a_session_ends_when_it_has_been_idle_for_long() {
    let mut pool = Pool::bash(1);
    let key = named("review");
    assert_eq!(pool.dispatcher.poll_timeout(), None);
    pool.say(&key);
    pool.drain();
    assert_eq!(pool.dispatcher.poll_timeout(), None, "it works");
    pool.finish(1, 0, 5, "bash", 1);
    let idle = pool.dispatcher.spec().session_idle;
    assert_eq!(pool.dispatcher.poll_timeout(), Some(pool.now + idle));
    pool.pass(idle - SECOND);
    assert_eq!(pool.dispatcher.session_slot(&key), Some(SlotId(0)));
    pool.pass(SECOND);
    assert_eq!(pool.dispatcher.session_slot(&key), None);
    assert_eq!(pool.dispatcher.poll_timeout(), None);
    pool.say(&key);
    let placed = pool.poll().unwrap();
    assert!(placed.context_lost && placed.reset_first);
}

#[test]
fn patience_ends_the_session_that_has_been_idle_longest() {
    let mut pool = Pool::bash(2);
    let keys = [named("first"), named("second")];
    for key in &keys {
        pool.say(key);
    }
    assert_eq!(pool.drain(), [(1, 0), (2, 1)]);
    pool.finish(2, 1, 5, "bash", 1);
    pool.now += SECOND;
    pool.finish(1, 0, 5, "bash", 1);
    pool.send();
    let patience = pool.dispatcher.spec().patience;
    assert_eq!(pool.dispatcher.poll_timeout(), Some(pool.now + patience));
    pool.pass(patience - SECOND);
    assert_eq!(pool.drain(), []);
    pool.pass(SECOND);
    assert_eq!(pool.drain(), [(3, 1)]);
    assert_eq!(pool.dispatcher.session_slot(&keys[0]), Some(SlotId(0)));
}

#[test]
fn patience_waits_for_sessions_that_work_and_goes_on_at_once_when_one_is_idle() {
    let mut pool = Pool::bash(1);
    pool.say(&named("busy"));
    pool.drain();
    pool.send();
    pool.pass(600 * SECOND);
    assert_eq!(pool.dispatcher.poll_timeout(), None, "nothing to wait for but the end of the job");
    pool.finish(1, 0, 5, "bash", 1);
    assert!(pool.dispatcher.poll_timeout().unwrap() <= pool.now);
    pool.pass(Duration::ZERO);
    assert_eq!(pool.drain(), [(2, 0)]);
}

#[test]
fn a_job_whose_tool_does_not_fit_its_session_is_refused() {
    let mut pool = Pool::of("round_robin", &["bash", "bc"], RouterSpec::default());
    let key = named("review");
    pool.say(&key);
    let behind = FakeJob { session: Some(key.clone()), needs: tool("bc"), ..pool.job() };
    pool.push(behind).unwrap();
    assert_eq!(pool.drain(), [(1, 0)]);
    let error = PushError::OtherTool { slot: SlotId(0), runs: "bash".into(), wanted: "bc".into() };
    assert_eq!(pool.refused(), [(2, error.clone())]);
    let later = FakeJob { session: Some(key), needs: tool("bc"), ..pool.job() };
    assert_eq!(pool.push(later), Err(error));
}
