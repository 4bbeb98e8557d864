//! The dispatcher's rules about queue, credits and slots, one at a time.

mod common;

use common::{FakeJob, Pool, named, report, tool};
use pool_core::message::{Needs, Offer, Report, SessionKey, SlotId};
use routing::dispatcher::{PushError, RouterSpec, Why};
use routing::strategy::{Candidate, Candidates, JobView, Misbehaviour, Strategy};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn more_urgent_first_then_in_order_of_arrival() {
    let mut pool = Pool::bash(0);
    for priority in [0, 5, 0, 9, 5] {
        let job = FakeJob { priority, ..pool.job() };
        pool.push(job).unwrap();
    }
    for slot in 0..5 {
        pool.credit(slot, "bash", 1);
    }
    assert_eq!(pool.drain().iter().map(|(job, _)| *job).collect::<Vec<_>>(), [4, 2, 5, 1, 3]);
}

#[test]
fn a_job_for_another_tool_delays_nobody() {
    let mut pool = Pool::of("round_robin", &["bash", "bc"], RouterSpec::default());
    let first = FakeJob { needs: tool("bc"), ..pool.job() };
    let second = FakeJob { needs: tool("bc"), ..pool.job() };
    pool.push(first).unwrap();
    pool.push(second).unwrap();
    pool.send();
    assert_eq!(pool.drain(), [(1, 1), (3, 0)]);
}

#[test]
fn the_queue_is_bounded_and_cancelled_jobs_make_room() {
    let mut pool = Pool::of("round_robin", &[], RouterSpec { queue: 3, ..RouterSpec::default() });
    let mut calls = Vec::new();
    for _ in 0..3 {
        let job = pool.job();
        calls.push(job.cancelled.clone());
        pool.push(job).unwrap();
    }
    let full = Err(PushError::Overloaded { limit: 3 });
    let extra = pool.job();
    assert_eq!(pool.push(extra), full);
    calls.iter().for_each(|cancelled| cancelled.set(true));
    let taken = (0..4).position(|_| {
        let job = pool.job();
        pool.push(job).is_ok()
    });
    assert!(taken.is_some(), "they are swept after as many pushes as the queue is long");
    assert_eq!(pool.dispatcher.queued(), 1);
    assert_eq!(pool.dispatcher.metrics().counts().cancelled, 3);
}

#[test]
fn a_job_that_comes_back_is_first_again_even_if_the_queue_is_full() {
    let mut pool = Pool::of("round_robin", &["bash"], RouterSpec { queue: 1, ..RouterSpec::default() });
    pool.send();
    let back = pool.poll().unwrap().job;
    pool.send();
    pool.dispatcher.returned(back, pool.now);
    assert_eq!(pool.dispatcher.queued(), 2);
    assert_eq!(pool.dispatcher.snapshot().slots[0].figures.in_flight, 0);
    pool.credit(0, "bash", 1);
    assert_eq!(pool.drain(), [(1, 0)]);
}

/// Its end is told first, then the job itself comes back.
#[test]
fn a_job_that_a_limit_turned_away_goes_to_the_front_and_keeps_its_session() {
    let mut pool = Pool::bash(2);
    let key = named("s");
    let first = pool.say(&key);
    let back = pool.poll().unwrap();
    pool.dispatcher.revoked(SlotId(1), 2);
    let (second, plain) = (pool.say(&key), pool.send());
    pool.dispatcher.finished(SlotId(0), &report(first, 10), pool.now);
    pool.dispatcher.returned(back.job, pool.now);
    assert_eq!(pool.drain(), [], "held: no credit");
    pool.credit(0, "bash", 1);
    let again = pool.poll().unwrap();
    assert_eq!((again.job.id, again.decision.slot, again.context_lost), (first, SlotId(0), false));
    pool.credit(1, "bash", 1);
    assert_eq!(pool.drain(), [(plain, 1)]);
    pool.finish(first, 0, 10, "bash", 1);
    assert_eq!(pool.drain(), [(second, 0)]);
    let counts = *pool.dispatcher.metrics().counts();
    assert_eq!((counts.submitted, counts.returned, counts.placed), (3, 1, 4));
    assert_eq!(pool.dispatcher.snapshot().slots[0].figures.in_flight, 1);
}

#[test]
fn credits_that_are_void_are_dropped() {
    let mut pool = Pool::bash(1);
    pool.dispatcher.revoked(SlotId(0), 1);
    pool.send();
    assert_eq!(pool.drain(), []);
    pool.dispatcher.gone(SlotId(0), 1, false, pool.now);
    pool.credit(0, "bash", 1);
    assert_eq!(pool.drain(), [], "a credit of the life that ended");
    pool.credit(0, "bash", 2);
    assert_eq!(pool.drain(), [(1, 0)]);
    pool.dispatcher.gone(SlotId(0), 2, true, pool.now);
    pool.credit(0, "bash", 3);
    pool.send();
    assert_eq!(pool.drain(), [], "a credit of a slot that has gone for ever");
}

#[test]
fn a_slot_that_is_added_again_works_again() {
    let mut pool = Pool::bash(1);
    pool.dispatcher.gone(SlotId(0), 7, true, pool.now);
    pool.dispatcher.added(SlotId(0), &Offer::of("bc").into(), pool.now);
    pool.credit(0, "bc", 1);
    pool.send();
    assert_eq!(pool.drain(), [(1, 0)]);
}

#[test]
fn an_unknown_tool_is_waited_for_and_then_refused() {
    let mut pool = Pool::bash(1);
    for name in ["bc", "pyton"] {
        let job = FakeJob { needs: tool(name), ..pool.job() };
        pool.push(job).unwrap();
    }
    pool.pass(10 * SECOND);
    pool.dispatcher.added(SlotId(1), &Offer::of("bc").into(), pool.now);
    pool.credit(1, "bc", 1);
    assert_eq!(pool.drain(), [(1, 1)]);
    pool.pass(20 * SECOND);
    let refused = pool.refused();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].1.to_string(), "no instance runs 'pyton': the pool has bash, bc");
    assert_eq!(pool.dispatcher.poll_timeout(), None);
}

#[test]
fn a_tool_that_failed_refuses_its_jobs_and_the_last_one_refuses_all() {
    let mut pool = Pool::of("round_robin", &["bash", "bc"], RouterSpec::default());
    pool.drain();
    let push = |pool: &mut Pool, needs| {
        let job = FakeJob { needs, ..pool.job() };
        pool.push(job)
    };
    pool.dispatcher.revoked(SlotId(0), 1);
    push(&mut pool, tool("bash")).unwrap();
    pool.dispatcher.failed(&"bash".into(), &"crashed too often".into(), pool.now);
    let failed = |needs| PushError::Failed { needs, reason: "crashed too often".into() };
    assert_eq!(pool.refused(), [(1, failed(tool("bash")))]);
    assert_eq!(push(&mut pool, tool("bash")), Err(failed(tool("bash"))));
    assert_eq!(push(&mut pool, Needs::Anything), Ok(()));
    assert_eq!(pool.drain(), [(3, 1)]);
    push(&mut pool, Needs::Anything).unwrap();
    pool.dispatcher.failed(&"bc".into(), &"crashed too often".into(), pool.now);
    assert_eq!(pool.refused(), [(4, failed(Needs::Anything))]);
    assert_eq!(push(&mut pool, Needs::Anything), Err(failed(Needs::Anything)));
    pool.dispatcher.added(SlotId(0), &Offer::of("bash").into(), pool.now);
    pool.credit(0, "bash", 5);
    push(&mut pool, Needs::Anything).unwrap();
    assert_eq!(pool.drain().len(), 1, "a slot that is added brings hope again");
}

#[test]
fn a_closed_router_refuses_what_waits_and_what_comes() {
    let mut pool = Pool::bash(1);
    let key = named("review");
    for _ in 0..3 {
        pool.say(&key);
    }
    let placed = pool.poll().unwrap();
    let behind = named("other");
    for _ in 0..2 {
        pool.say(&behind);
    }
    pool.send();
    pool.dispatcher.closed(pool.now);
    let mut refused = pool.refused();
    refused.sort_by_key(|(job, _)| *job);
    assert_eq!(refused, (2..=6).map(|job| (job, PushError::Closed)).collect::<Vec<_>>());
    let job = pool.job();
    assert_eq!(pool.push(job), Err(PushError::Closed));
    pool.dispatcher.returned(placed.job, pool.now);
    assert_eq!(pool.refused(), [(1, PushError::Closed)]);
    assert_eq!(pool.dispatcher.queued(), 0);
}

struct Rogue(Option<SlotId>);

impl Strategy for Rogue {
    fn name(&self) -> &'static str {
        "rogue"
    }

    fn choose(&mut self, _: &JobView<'_>, _: &Candidates<'_>) -> Option<SlotId> {
        self.0
    }
}

#[test]
fn a_strategy_that_is_wrong_loses_nothing_and_is_named() {
    for (answer, wrong) in
        [(None, Misbehaviour::ChoseNobody), (Some(SlotId(77)), Misbehaviour::ChoseNoCandidate(SlotId(77)))]
    {
        let mut pool = Pool::empty(Box::new(Rogue(answer)), RouterSpec::default());
        pool.credit(3, "bash", 1);
        pool.send();
        let placed = pool.poll().unwrap();
        assert_eq!((placed.decision.slot, placed.decision.why), (SlotId(3), Why::Fallback(wrong)));
        let counts = pool.dispatcher.metrics().counts();
        assert_eq!(counts.chose_nobody + counts.chose_no_candidate, 1);
    }
}

/// Panics in the method of this name.
struct Fragile(&'static str);

impl Fragile {
    fn reach(&self, method: &str) {
        assert_ne!(self.0, method, "a bug");
    }
}

impl Strategy for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn choose(&mut self, _: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        self.reach("choose");
        candidates.first_from(SlotId(0))
    }

    fn score(&self, _: &JobView<'_>, _: &Candidate<'_>) -> String {
        self.reach("score");
        String::new()
    }

    fn on_added(&mut self, _: &Candidate<'_>) {
        self.reach("on_added");
    }

    fn on_ready(&mut self, _: &Candidate<'_>) {
        self.reach("on_ready");
    }

    fn on_withdrawn(&mut self, _: SlotId) {
        self.reach("on_withdrawn");
    }

    fn on_taken(&mut self, _: SlotId, _: &JobView<'_>) {
        self.reach("on_taken");
    }

    fn on_finished(&mut self, _: SlotId, _: &Report) {
        self.reach("on_finished");
    }

    fn on_gone(&mut self, _: SlotId) {
        self.reach("on_gone");
    }

    fn on_removed(&mut self, _: SlotId) {
        self.reach("on_removed");
    }
}

#[test]
fn a_strategy_that_panics_is_dismissed_and_jobs_go_out_in_turn() {
    for method in [
        "choose",
        "score",
        "on_added",
        "on_ready",
        "on_withdrawn",
        "on_taken",
        "on_finished",
        "on_gone",
        "on_removed",
    ] {
        let mut pool = Pool::empty(Box::new(Fragile(method)), RouterSpec::default());
        pool.dispatcher.explain(true);
        for slot in 0..3 {
            pool.credit(slot, "bash", 1);
        }
        pool.send();
        assert_eq!(pool.drain().len(), 1, "{method}");
        pool.dispatcher.finished(SlotId(0), &report(1, 1), pool.now);
        pool.dispatcher.gone(SlotId(0), 1, true, pool.now);
        for _ in 0..2 {
            pool.send();
        }
        let placed: Vec<_> = std::iter::from_fn(|| pool.poll()).map(|placed| placed.decision).collect();
        assert_eq!(placed.iter().map(|decision| decision.slot.0).collect::<Vec<_>>(), [1, 2], "{method}");
        let panicked = Why::Fallback(Misbehaviour::Panicked);
        assert!(placed.iter().all(|decision| decision.why == panicked), "{method}");
        assert!(pool.dispatcher.metrics().counts().after_panic >= 2, "{method}");
        assert_eq!(pool.dispatcher.snapshot().strategy, "fragile");
    }
}

#[test]
fn a_placement_explains_itself_when_asked() {
    let mut pool = Pool::of("weighted", &["bash"; 10], RouterSpec::default());
    pool.send();
    assert_eq!(pool.poll().unwrap().explanation, None);
    pool.dispatcher.explain(true);
    pool.send();
    let told = pool.poll().unwrap().explanation.unwrap();
    assert_eq!(told.considered.len(), 9);
    let line = told.to_string();
    let (begin, end) = (
        "job 2 to slot 1, life 1, waited 0.0ns: weighted, of slot 1 (weight 1, due in 0.000 cycles), slot 2 (",
        "slot 8 (weight 1, due in 0.000 cycles) and 1 more",
    );
    assert!(line.starts_with(begin) && line.ends_with(end), "{line}");
    pool.say(&SessionKey::Slot(SlotId(5)));
    let told = pool.poll().unwrap().explanation.unwrap().to_string();
    assert_eq!(told, "job 3 to slot 5, life 1, waited 0.0ns: its session lives there");
}

#[test]
fn every_strategy_has_words_for_its_scores() {
    let words = [
        ("round_robin", "0 in flight, 0 served"),
        ("least_busy", "0 in flight, 0.000ns busy"),
        ("sticky", "0 in flight, 0.000ns busy"),
        ("weighted", "weight 1, due in 0.500 cycles"),
        ("fastest", "0 in flight, not known yet"),
    ];
    for (strategy, word) in words {
        let mut pool = Pool::of(strategy, &["bash"], RouterSpec::default());
        pool.dispatcher.explain(true);
        pool.send();
        let told = pool.poll().unwrap().explanation.unwrap();
        assert_eq!(told.considered[0].score, word, "{strategy}");
    }
}

#[test]
fn a_snapshot_tells_what_happened() {
    let mut pool = Pool::bash(2);
    pool.send();
    pool.now += SECOND;
    pool.drain();
    pool.dispatcher.finished(SlotId(0), &report(1, 40), pool.now);
    pool.dispatcher.gone(SlotId(1), 1, false, pool.now);
    pool.credit(1, "bash", 2);
    pool.dispatcher.gone(SlotId(1), 1, false, pool.now);
    pool.dispatcher.added(SlotId(2), &Offer::of("bash").into(), pool.now);
    pool.dispatcher.gone(SlotId(2), 1, false, pool.now);
    pool.dispatcher.gone(SlotId(2), 1, true, pool.now);
    let ended = pool.dispatcher.snapshot();
    assert_eq!(
        (ended.total.lives, ended.slots[1].figures.lives),
        (2, 1),
        "once, however late the news is repeated"
    );
    let direct = SessionKey::Slot(SlotId(0));
    pool.say(&direct);
    let snapshot = pool.dispatcher.snapshot();
    assert_eq!((snapshot.strategy.as_str(), snapshot.queued, snapshot.sessions), ("least_busy", 1, 1));
    assert_eq!((snapshot.slots[0].queued, snapshot.slots[0].credits, snapshot.slots[1].credits), (1, 0, 1));
    assert_eq!(
        (snapshot.total.served, snapshot.total.wait.max_us, snapshot.total.turn.p50_us),
        (1, 1_000_000, 40_000)
    );
}
