use super::super::limits::Limits;
use super::*;
use crate::output::{Level, Output, Style, Tally};
use cluster::batch::item::ItemError;
use cluster::batch::plan::{JobInfo, Planned};
use cluster::batch::run::Order;
use futures_util::stream;
use pool_core::message::{InstanceRef, Outcome, Reply, ReplyTo, SlotId, Timings, reply_channel};
use pool_core::supervisor::{HoldStatus, InstanceDump, InstanceStatus};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;

/// A pool that answers when the test says so.
#[derive(Clone, Default)]
struct Fake {
    jobs: Rc<RefCell<Vec<ReplyTo>>>,
    gives_up: Rc<Cell<bool>>,
    stubborn: bool,
    killed: Rc<Cell<bool>>,
    suspended: Rc<Cell<bool>>,
    holds: Rc<watch::Sender<Vec<HoldStatus>>>,
}

impl Fake {
    fn answer(&self, outcome: Outcome) {
        for job in self.jobs.take() {
            job.send(Ok(reply(outcome)));
        }
    }
}

impl Pool for Fake {
    async fn status(&self) -> Vec<InstanceStatus> {
        Vec::new()
    }

    async fn dump(&self) -> Vec<InstanceDump> {
        Vec::new()
    }

    async fn suspend(&self) {
        self.suspended.set(true);
    }

    fn holds(&self) -> watch::Receiver<Vec<HoldStatus>> {
        self.holds.subscribe()
    }

    async fn failure(&self) -> String {
        if !self.gives_up.get() {
            std::future::pending::<()>().await;
        }
        self.jobs.take();
        "no such program".to_owned()
    }

    async fn shutdown(&self) {
        if self.stubborn {
            std::future::pending::<()>().await;
        }
    }

    async fn kill(&self) {
        self.killed.set(true);
        self.jobs.take();
    }
}

fn reply(outcome: Outcome) -> Reply {
    let instance = InstanceRef { tool: "t".into(), version: None, slot: SlotId(0), generation: 1 };
    Reply {
        outcome,
        steps: Vec::new(),
        instance,
        timings: Timings::default(),
        context_lost: false,
        warnings: Vec::new(),
        error: None,
    }
}

fn planned(index: u64) -> Result<Planned, ItemError> {
    let info = JobInfo { index, id: index.to_string(), ..JobInfo::default() };
    Ok(Planned { info, job: Ok(Job::from("x")) })
}

/// What ends a batch early.
#[derive(Default)]
struct Terms {
    halt: Option<&'static str>,
    deadline: Option<Duration>,
    denial: Option<Denial>,
}

/// Drives endless jobs, two at a time; `script` plays the world, step by step.
fn play(pool: &Fake, count: Option<u64>, script: impl AsyncFnOnce(mpsc::Sender<Heard>)) -> Exit {
    play_on(&Terms::default(), pool, count, script)
}

fn play_on(
    terms: &Terms,
    pool: &Fake,
    count: Option<u64>,
    script: impl AsyncFnOnce(mpsc::Sender<Heard>),
) -> Exit {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (send, mut receive) = mpsc::channel(8);
        let signals = stream::poll_fn(move |context| receive.poll_recv(context));
        let jobs = pool.jobs.clone();
        let submit = move |_| {
            let (reply_to, handle) = reply_channel(false);
            jobs.borrow_mut().push(reply_to);
            handle
        };
        let source: Source = Box::pin(stream::iter((0..count.unwrap_or(u64::MAX)).map(planned)));
        let mut batch = Batch::new(source, submit, 2, Order::finished());
        if let Some(halt) = terms.halt {
            batch = batch.halted_by(halt.parse().unwrap());
        }
        let style = Style { json: false, level: Level::Quiet, total: count, explain: false };
        let (out, err) = (Box::new(std::io::sink()), Box::new(std::io::sink()));
        let mut output = Output::into(out, err, style, Instant::now().into_std());
        let limits = Limits::of_all(1);
        let bounds = Bounds {
            limits,
            fold: None,
            deadline: terms.deadline.and_then(|after| Deadline::new(after, Instant::now())),
            budget: None,
            denial: terms.denial.clone(),
        };
        let run = drive(
            pool,
            mpsc::channel(1).1,
            batch,
            bounds,
            Questions::default(),
            Box::pin(signals),
            &mut output,
        );
        // The sender outlives the script: a process never runs out of signals.
        let (exit, ()) = tokio::join!(run, script(send.clone()));
        drop(send);
        exit
    })
}

/// Lets the loop take in what has happened.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn the_code_tells_how_it_went() {
    for (outcome, expected) in [(Outcome::Ok, Exit::Ok), (Outcome::Error, Exit::Failed)] {
        let pool = Fake::default();
        let exit = play(&pool, Some(2), async |_signals| {
            settle().await;
            pool.answer(outcome);
        });
        assert_eq!(exit, expected);
    }
}

#[test]
fn a_first_answer_that_is_a_denial_ends_the_run() {
    let table = [
        ([Outcome::Denied, Outcome::Ok], 2, Exit::Stopped),
        // A crash says nothing of permissions.
        ([Outcome::Crashed, Outcome::Denied], 4, Exit::Stopped),
        ([Outcome::Ok, Outcome::Denied], 6, Exit::Failed),
    ];
    for (outcomes, run, expected) in table {
        let pool = Fake::default();
        let terms = Terms { denial: Some(Denial::Open(cluster::spec::Allow::Read)), ..Terms::default() };
        let answered = Cell::new(0);
        let exit = play_on(&terms, &pool, Some(6), async |_signals| {
            for outcome in outcomes.into_iter().chain([Outcome::Ok; 6]) {
                settle().await;
                answered.set(answered.get() + pool.jobs.borrow().len());
                pool.answer(outcome);
            }
        });
        assert_eq!((exit, answered.get()), (expected, run), "{outcomes:?}");
    }
}

#[test]
fn f60_a_suspended_run_goes_on_afterwards() {
    let pool = Fake::default();
    let exit = play(&pool, Some(2), async |signals| {
        signals.send(Heard::Suspend).await.unwrap();
        settle().await;
        pool.answer(Outcome::Ok);
    });
    assert_eq!((exit, pool.suspended.get()), (Exit::Ok, true));
}

#[test]
fn the_first_signal_begins_no_more() {
    let pool = Fake::default();
    let exit = play(&pool, None, async |signals| {
        settle().await;
        signals.send(Heard::Terminate).await.unwrap();
        settle().await;
        assert!(pool.jobs.borrow().iter().all(ReplyTo::is_cancelled), "they only wait in this pool");
    });
    assert_eq!((exit, pool.killed.get(), pool.jobs.borrow().len()), (Exit::Terminated, false, 2));
}

#[test]
fn the_third_signal_kills_even_while_the_tools_take_their_time() {
    for count in [None, Some(0)] {
        let pool = Fake { stubborn: true, ..Fake::default() };
        let exit = play(&pool, count, async |signals| {
            for _ in 0..3 {
                settle().await;
                signals.send(Heard::Interrupt).await.unwrap();
            }
        });
        assert_eq!((exit, pool.killed.get()), (Exit::Interrupted, true));
    }
}

#[test]
fn a_pool_that_gives_up_has_its_own_code() {
    let pool = Fake::default();
    pool.gives_up.set(true);
    assert_eq!(play(&pool, None, async |_signals| ()), Exit::Pool);
}

#[test]
fn a_limit_that_lasts_too_long_ends_the_run() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let hold = |from: Instant, until: u64| HoldStatus {
        account: "t".into(),
        tools: vec!["t".into()],
        since: from.into_std(),
        until: (from + hours(until)).into_std(),
        reason: "429".into(),
    };
    let pool = Fake::default();
    let exit = play(&pool, None, async |_signals| {
        settle().await;
        let began = Instant::now();
        pool.holds.send_replace(vec![hold(began, 11)]);
        tokio::time::sleep(hours(11)).await;
        assert!(pool.jobs.borrow().iter().all(|job| !job.is_cancelled()), "it may still end");
        pool.holds.send_replace(vec![hold(began, 13)]);
        settle().await;
        assert!(pool.jobs.borrow().iter().all(ReplyTo::is_cancelled));
    });
    assert_eq!(exit, Exit::Stopped);
}

#[test]
fn failures_halt_a_run_if_something_of_it_is_left() {
    let fails = |halt, count, expected| {
        let pool = Fake::default();
        let terms = Terms { halt: Some(halt), ..Terms::default() };
        let exit = play_on(&terms, &pool, count, async |_signals| {
            settle().await;
            pool.answer(Outcome::Error);
            settle().await;
        });
        assert_eq!((exit, pool.killed.get()), (expected, false), "{halt} of {count:?}");
        assert!(pool.jobs.borrow().iter().all(ReplyTo::is_cancelled), "{halt} of {count:?}");
    };
    fails("soon,fail=2", None, Exit::Stopped);
    fails("now,fail=1", None, Exit::Stopped);
    fails("now,fail=1", Some(1), Exit::Failed);
    fails("soon,fail=3", Some(2), Exit::Failed);
}

#[test]
fn a_deadline_stops_a_run_if_something_of_it_is_left() {
    let terms = Terms { deadline: Some(Duration::from_secs(60)), ..Terms::default() };
    let pool = Fake::default();
    let exit = play_on(&terms, &pool, None, async |_signals| {
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert!(pool.jobs.borrow().iter().all(|job| !job.is_cancelled()), "there is time");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(pool.jobs.borrow().iter().all(ReplyTo::is_cancelled));
    });
    assert_eq!(exit, Exit::Stopped);
    let exit = play_on(&terms, &pool, Some(2), async |_signals| {
        tokio::time::sleep(Duration::from_secs(59)).await;
        pool.answer(Outcome::Ok);
    });
    assert_eq!(exit, Exit::Ok);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_nothing_is_shown_now_and_then() {
    let start = Instant::now();
    let mut idle = Idle::since(start);
    let mut shown = |waiting, running, seconds| {
        let counts = Counts { waiting, running, ..Counts::default() };
        idle.is_worth_showing(counts, start + Duration::from_secs(seconds))
    };
    let table = [
        (2, 0, 19, false),
        (2, 0, 20, true),
        (2, 0, 39, false),
        (2, 0, 40, true),
        (2, 1, 59, false),
        (2, 0, 60, false),
        (0, 0, 79, false),
        (2, 0, 98, false),
        (2, 0, 99, true),
    ];
    for (waiting, running, seconds, expected) in table {
        assert_eq!(shown(waiting, running, seconds), expected, "at {seconds} s");
    }
}

#[test]
fn codes_go_by_what_weighs_most() {
    use std::io::ErrorKind;
    let interrupted = || {
        let mut ladder = Ladder::default();
        ladder.climb(Heard::Interrupt);
        ladder
    };
    let calm = Ladder::default;
    let gave_up = Ending::PoolFailed("x".into());
    let bad_list = Ending::BadList(ItemError::TooLong { place: String::new(), limit: 1 });
    let none = Tally::default();
    let table = [
        (interrupted(), Some(&gave_up), None, Exit::Interrupted),
        (calm(), Some(&gave_up), Some(ErrorKind::BrokenPipe), Exit::Pool),
        (calm(), Some(&Ending::Stopped), Some(ErrorKind::BrokenPipe), Exit::Stopped),
        (calm(), Some(&Ending::Stopped), Some(ErrorKind::StorageFull), Exit::Failed),
        (calm(), Some(&bad_list), None, Exit::Usage),
        (calm(), Some(&Ending::AllFed), None, Exit::Ok),
    ];
    for (ladder, ending, write_error, exit) in table {
        assert_eq!(verdict(&ladder, ending, false, write_error, &none), exit, "{ending:?} {write_error:?}");
    }
}
