use super::*;
use crate::batch::plan::{ItemPlanner, Settings};
use crate::batch::reorder::Reorder;
use crate::batch::template::ToolRules;
use futures_util::FutureExt;
use futures_util::stream;
use pool_core::JobError;
use pool_core::message::{
    InstanceRef, JobResult, Offer, Outcome, Reply, ReplyTo, SlotId, Stage, Timings, reply_channel,
};
use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;

/// A pool that does nothing by itself: the test ends the jobs.
#[derive(Clone, Default)]
struct Pool(Rc<RefCell<Vec<Option<ReplyTo>>>>);

impl Pool {
    fn submit(&self) -> impl Fn(Job) -> JobHandle + use<> {
        let jobs = self.0.clone();
        move |_| {
            let (reply_to, handle) = reply_channel(false);
            jobs.borrow_mut().push(Some(reply_to));
            handle
        }
    }

    fn end(&self, job: usize, result: JobResult) {
        self.0.borrow_mut()[job].take().expect("not yet ended").send(result);
    }

    fn taken(&self) -> usize {
        self.0.borrow().len()
    }

    fn cancelled(&self) -> Vec<usize> {
        let jobs = self.0.borrow();
        let is_cancelled =
            |job: &Option<ReplyTo>| job.as_ref().is_some_and(|job| job.stage() == Stage::Cancelled);
        (0..jobs.len()).filter(|index| is_cancelled(&jobs[*index])).collect()
    }
}

fn ok() -> JobResult {
    Ok(Reply {
        outcome: Outcome::Ok,
        steps: Vec::new(),
        instance: InstanceRef { tool: "t".into(), version: None, slot: SlotId(0), generation: 1 },
        timings: Timings::default(),
        context_lost: false,
        warnings: Vec::new(),
        error: None,
    })
}

type Source = stream::Iter<Box<dyn Iterator<Item = Result<Planned, ItemError>>>>;

fn items(items: impl Iterator<Item = Result<String, ItemError>> + 'static) -> Source {
    let settings = Settings { tools: vec![(Offer::of("t"), ToolRules::default())], ..Settings::default() };
    let mut planner = ItemPlanner::new(&settings).unwrap();
    let planned: Box<dyn Iterator<Item = _>> = Box::new(items.map(move |item| planner.plan(item)));
    stream::iter(planned)
}

fn numbers(count: usize) -> Source {
    items((0..count).map(|number| Ok(number.to_string())))
}

fn poll<S: Fn(Job) -> JobHandle>(batch: &mut Batch<Source, S>) -> Option<Option<u64>> {
    batch.next().now_or_never().map(|record| record.map(|record| record.index))
}

#[test]
fn the_window_is_filled_and_no_more_is_read() {
    let pool = Pool::default();
    let mut batch =
        Batch::new(items(std::iter::repeat_with(|| Ok("x".into()))), pool.submit(), 4, Order::input());
    assert_eq!((poll(&mut batch), pool.taken()), (None, 4));
    pool.end(0, ok());
    assert_eq!(poll(&mut batch), Some(Some(0)));
    assert_eq!((poll(&mut batch), pool.taken()), (None, 5));
    assert_eq!(batch.counts(), Counts { fed: 5, waiting: 4, ended: 1, ..Counts::default() });
}

#[test]
fn results_leave_as_asked_for() {
    for (order, expected) in [(Order::input(), [0, 1, 2]), (Order::finished(), [2, 0, 1])] {
        let pool = Pool::default();
        let mut batch = Batch::new(numbers(3), pool.submit(), 8, order);
        assert_eq!(poll(&mut batch), None);
        let mut seen = Vec::new();
        for job in [2, 0, 1] {
            pool.end(job, ok());
            seen.extend(std::iter::from_fn(|| poll(&mut batch).flatten()));
        }
        assert_eq!((seen.as_slice(), poll(&mut batch)), (expected.as_slice(), Some(None)));
        assert!(matches!(batch.ending(), Some(Ending::AllFed)));
    }
}

#[test]
fn a_slow_first_job_stops_feeding_when_too_much_is_held() {
    let pool = Pool::default();
    let many = 2 * Reorder::RECORDS;
    let mut batch = Batch::new(numbers(many), pool.submit(), 2, Order::input());
    assert_eq!(poll(&mut batch), None);
    let mut next = 1;
    while next < pool.taken() {
        pool.end(next, ok());
        assert_eq!(poll(&mut batch), None);
        next += 1;
    }
    assert_eq!(pool.taken(), Reorder::RECORDS + 1);
    assert!(batch.counts().blocked);
    pool.end(0, ok());
    assert_eq!(poll(&mut batch), Some(Some(0)));
    let rest = std::iter::from_fn(|| poll(&mut batch).flatten()).count();
    assert_eq!((rest, pool.taken(), batch.counts().blocked), (Reorder::RECORDS, Reorder::RECORDS + 3, false));
}

#[test]
fn a_refused_job_is_a_result_and_reaches_no_pool() {
    let bad = || Err(ItemError::NotText { place: "l line 2".into(), shown: String::new() });
    let pool = Pool::default();
    let list = [Ok("a".to_owned()), bad(), Ok("c".to_owned())];
    let mut batch = Batch::new(items(list.into_iter()), pool.submit(), 8, Order::finished());
    let record = batch.next().now_or_never().unwrap().unwrap();
    assert_eq!((record.index, record.outcome), (1, Outcome::Refused));
    assert_eq!((poll(&mut batch), pool.taken()), (None, 2));
}

#[test]
fn a_list_that_breaks_off_ends_the_feeding() {
    let list = [
        Ok("a".to_owned()),
        Err(ItemError::TooLong { place: "l line 2".into(), limit: 1 }),
        Ok("c".to_owned()),
    ];
    let pool = Pool::default();
    let mut batch = Batch::new(items(list.into_iter()), pool.submit(), 8, Order::input());
    assert_eq!((poll(&mut batch), pool.taken()), (None, 1));
    pool.end(0, ok());
    assert_eq!((poll(&mut batch), poll(&mut batch)), (Some(Some(0)), Some(None)));
    assert!(matches!(batch.ending(), Some(Ending::BadList(_))));
}

#[test]
fn stopping_takes_back_what_waits() {
    for stop in [Batch::feed_no_more, Batch::cancel_all] {
        let pool = Pool::default();
        let submit: Box<dyn Fn(Job) -> JobHandle> = Box::new(pool.submit());
        let mut batch = Batch::new(numbers(100), submit, 3, Order::input());
        assert_eq!(poll(&mut batch), None);
        pool.end(0, ok());
        stop(&mut batch);
        assert_eq!(pool.cancelled(), [1, 2]);
        assert_eq!(poll(&mut batch), Some(Some(0)));
        // The pool still holds on to them.
        let record = batch.next().now_or_never().unwrap().unwrap();
        assert_eq!((record.index, record.outcome), (1, Outcome::Cancelled));
        assert_eq!((poll(&mut batch), poll(&mut batch)), (Some(Some(2)), Some(None)));
        assert!(matches!(batch.ending(), Some(Ending::Stopped)));
        assert_eq!(pool.taken(), 3, "nothing was submitted after the stop");
    }
}

#[test]
fn a_pool_that_gave_up_ends_the_batch() {
    let pool = Pool::default();
    let mut batch = Batch::new(numbers(100), pool.submit(), 3, Order::finished());
    assert_eq!(poll(&mut batch), None);
    pool.end(1, Err(JobError::GivenUp("no such program".into())));
    assert_eq!(poll(&mut batch), Some(Some(1)));
    assert_eq!(pool.cancelled(), [0, 2]);
    assert_eq!(std::iter::from_fn(|| poll(&mut batch).flatten()).count(), 2);
    assert!(matches!(batch.ending(), Some(Ending::PoolFailed(reason)) if &**reason == "no such program"));
    assert_eq!(pool.taken(), 3, "nothing was submitted after the pool gave up");
}

#[test]
fn a_tool_that_gave_up_ends_its_own_jobs_only() {
    let pool = Pool::default();
    let mut batch = Batch::new(numbers(3), pool.submit(), 2, Order::finished());
    assert_eq!(poll(&mut batch), None);
    pool.end(0, Err(JobError::Unavailable("no such program".into())));
    assert_eq!((poll(&mut batch), pool.taken()), (Some(Some(0)), 2));
    assert_eq!((poll(&mut batch), pool.taken(), batch.ending().is_none()), (None, 3, true));
}

proptest! {
    #[test]
    fn every_job_ends_in_exactly_one_result(
        count in 0..30_usize,
        window in 1..6_usize,
        in_order: bool,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 30),
    ) {
        let pool = Pool::default();
        let order = if in_order { Order::input() } else { Order::finished() };
        let mut batch = Batch::new(numbers(count), pool.submit(), window, order);
        let mut seen = Vec::new();
        let mut picks = picks.into_iter();
        loop {
            match poll(&mut batch) {
                Some(Some(index)) => seen.push(index),
                Some(None) => break,
                None => {
                    let open: Vec<usize> =
                        (0..pool.taken()).filter(|job| pool.0.borrow()[*job].is_some()).collect();
                    prop_assert!(!open.is_empty() && open.len() <= window);
                    pool.end(*picks.next().unwrap().get(&open), ok());
                }
            }
        }
        if !in_order {
            seen.sort_unstable();
        }
        prop_assert_eq!(seen, (0..count as u64).collect::<Vec<_>>());
    }
}

#[test]
fn failures_halt_it_as_they_come_whatever_waits_for_its_turn() {
    let failed = || Err(JobError::Lost { stage: Stage::Delivered });
    for halt in ["soon,fail=2", "now,fail=2"] {
        let pool = Pool::default();
        let batch = Batch::new(numbers(9), pool.submit(), 3, Order::input());
        let mut batch = batch.halted_by(halt.parse().unwrap());
        assert_eq!((poll(&mut batch), pool.taken()), (None, 3));
        pool.end(1, failed());
        assert_eq!((poll(&mut batch), batch.halted(), pool.taken()), (None, None, 4));
        pool.end(2, failed());
        assert_eq!((poll(&mut batch), pool.taken()), (Some(Some(0)), 4), "the first was taken back");
        assert_eq!(
            (batch.halted().map(|halt| halt.to_string()).as_deref(), batch.counts().failed),
            (Some(halt), 2)
        );
        assert_eq!(pool.cancelled(), [0, 3], "{halt}");
    }
}
