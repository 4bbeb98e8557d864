//! Usage limits: fault 24, "rate-limit text, HTTP 429, login expired". The shipped supervisor and router in virtual time.

mod elsewhere;

use crate::support::{in_virtual_time, spec};
use cluster::{ClusterManager, Job};
use pool_core::message::{JobHandle, Outcome, SlotId};
use pool_core::process::fake::{Fakes, Play, Stage};
use pool_core::spec::{Cancel, OutcomeRule, ToolSpec};
use pool_core::supervisor::InstanceState;
use proptest::prelude::*;
use regex::Regex;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const HOUR: Duration = Duration::from_secs(3600);

/// The other side: an account that answers, or does not before some time has passed.
#[derive(Default)]
struct Backend {
    limited_until: Mutex<Option<Instant>>,
    /// When each text was answered, in seconds, which it was, and whether it was turned away.
    asked: Mutex<Vec<(u64, String, bool)>>,
}

impl Backend {
    /// Turns everybody away from now on.
    fn limit(&self, time: Duration) {
        *self.limited_until.lock().expect("no panic") = Some(Instant::now() + time);
    }

    fn left(&self) -> Option<u64> {
        let until = (*self.limited_until.lock().expect("no panic"))?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| left.as_secs_f64().ceil() as u64)
    }

    fn ask(&self, began: Instant, text: &str) -> Option<u64> {
        let left = self.left();
        let asked = (began.elapsed().as_secs(), text.to_owned(), left.is_some());
        self.asked.lock().expect("no panic").push(asked);
        left
    }

    fn asked(&self) -> Vec<(u64, String, bool)> {
        self.asked.lock().expect("no panic").clone()
    }

    fn turned_away(&self) -> Vec<(u64, String)> {
        self.asked().into_iter().filter(|(.., away)| *away).map(|(at, text, _)| (at, text)).collect()
    }
}

/// What the tool says of a limit.
#[derive(Clone, Copy)]
enum Says {
    /// When it is over.
    Seconds,
    /// Only that there is one.
    Nothing,
    /// When it is over, and goes away in the middle of its reply.
    Farewell,
}

/// A child that takes a second for each text, and then repeats it, or tells of a limit.
fn play(mut stage: Stage, backend: Arc<Backend>, began: Instant, says: Says) -> Play {
    Box::pin(async move {
        while let Some(line) = stage.line().await {
            if let Some(nonce) = line.strip_prefix("/end ") {
                stage.print(format!("end {nonce}\n")).await;
                continue;
            }
            stage.work(Duration::from_secs(1)).await;
            let reply = match (backend.ask(began, &line), says) {
                (Some(left), Says::Farewell) => {
                    stage.print(format!("429: try again in {left}s\n")).await;
                    return pool_core::message::ExitReport::Exited(1);
                }
                (Some(left), Says::Seconds) => format!("429: try again in {left}s\n"),
                (Some(_), Says::Nothing) => "429: slow down\n".to_owned(),
                (None, _) => format!("{line}\n"),
            };
            stage.print(reply).await;
        }
        pool_core::message::ExitReport::Exited(0)
    })
}

fn limited_spec() -> ToolSpec {
    let mut spec = spec(Cancel::Interrupt);
    let pattern = Regex::new(r"(?m)^429: (?:try again in (?P<reset_s>\d+)s)?").expect("valid");
    spec.turn.outcomes = vec![OutcomeRule { outcome: Outcome::Limited, pattern }];
    spec
}

async fn pool_of(tools: Vec<(ToolSpec, usize)>, says: Says) -> (ClusterManager, Arc<Backend>, Instant) {
    let backend = Arc::new(Backend::default());
    let (shared, began) = (backend.clone(), Instant::now());
    let fakes = Fakes::new(move |stage| play(stage, shared.clone(), began, says));
    let builder = ClusterManager::builder().launcher(Arc::new(fakes)).seed(7);
    let builder = tools.into_iter().fold(builder, |builder, (spec, count)| builder.tool(spec, count));
    let cluster = builder.on_this_arbiter().build().await.expect("a valid plan");
    cluster.ready().await.expect("ready");
    (cluster, backend, began)
}

async fn pool(instances: usize, says: Says) -> (ClusterManager, Arc<Backend>, Instant) {
    pool_of(vec![(limited_spec(), instances)], says).await
}

fn waiting(text: &str) -> Job {
    Job::from(text).wait_for_limits(12 * HOUR)
}

async fn texts(jobs: Vec<JobHandle>) -> Vec<String> {
    let mut texts = Vec::new();
    for job in jobs {
        let reply = job.await.expect("a reply");
        assert_eq!(reply.outcome, Outcome::Ok, "{reply:?}");
        texts.push(reply.text().to_owned());
    }
    texts
}

#[test]
fn jobs_wait_for_the_end_of_a_limit_and_one_goes_first() {
    in_virtual_time(async {
        let (cluster, backend, began) = pool(3, Says::Seconds).await;
        backend.limit(Duration::from_secs(100));
        let names: Vec<String> = (0..9).map(|number| format!("job{number}")).collect();
        let jobs = names.iter().map(|name| cluster.submit(waiting(name))).collect();
        assert_eq!(texts(jobs).await, names);
        // The three that ran when the limit was met; nobody else was sent against it.
        let turned_away = backend.turned_away();
        assert_eq!(turned_away.len(), 3, "{turned_away:?}");
        let asked = backend.asked();
        let first = &asked[3];
        assert!((100..=112).contains(&first.0) && !first.2, "{asked:?}");
        assert!(asked[4].0 > first.0, "the others waited for the trial: {asked:?}");
        let front: Vec<&str> = asked[3..6].iter().map(|(_, text, _)| text.as_str()).collect();
        assert!(front.iter().all(|text| ["job0", "job1", "job2"].contains(text)), "to the front: {asked:?}");
        assert!(began.elapsed() < Duration::from_secs(120));
        cluster.shutdown().await;
    });
}

#[test]
fn the_time_grows_while_a_tool_that_names_none_is_turned_away() {
    in_virtual_time(async {
        let mut spec = limited_spec();
        spec.hold = spec.hold.map(|hold| pool_core::spec::HoldSpec { jitter: 0.0, ..hold });
        let (cluster, backend, _) = pool_of(vec![(spec, 2)], Says::Nothing).await;
        backend.limit(Duration::from_secs(600));
        let reply = cluster.ask(waiting("text")).await.expect("a reply");
        assert_eq!(reply.text(), "text");
        let at: Vec<u64> = backend.turned_away().iter().map(|(at, _)| *at).collect();
        // A second each for the job itself: 60, 120, 240 and 480 seconds apart.
        assert_eq!(at, [1, 62, 183, 424], "one trial at a time, rarer and rarer");
        cluster.shutdown().await;
    });
}

#[test]
fn without_a_wish_to_wait_the_caller_hears_of_the_limit_and_the_next_job_waits() {
    in_virtual_time(async {
        let (cluster, backend, began) = pool(2, Says::Seconds).await;
        backend.limit(Duration::from_secs(30));
        let reply = cluster.ask("one").await.expect("a reply");
        assert_eq!(
            (reply.outcome, reply.error.as_deref()),
            (Outcome::Limited, Some("429: try again in 29s"))
        );
        let next = cluster.ask("two").await.expect("a reply");
        assert_eq!((next.outcome, next.text()), (Outcome::Ok, "two"));
        assert!((30..=35).contains(&began.elapsed().as_secs()));
        cluster.shutdown().await;
    });
}

#[test]
fn where_limits_hold_nobody_each_job_meets_its_own() {
    in_virtual_time(async {
        let mut spec = limited_spec();
        spec.hold = None;
        let (cluster, backend, began) = pool_of(vec![(spec, 1)], Says::Seconds).await;
        backend.limit(Duration::from_secs(30));
        for text in ["one", "two"] {
            assert_eq!(cluster.ask(waiting(text)).await.expect("a reply").outcome, Outcome::Limited);
        }
        assert!(began.elapsed() < Duration::from_secs(5));
        cluster.shutdown().await;
    });
}

#[test]
fn tools_of_one_account_are_held_together_and_others_are_not() {
    in_virtual_time(async {
        let tool = |name: &str, account: &str| {
            let mut spec = limited_spec();
            (spec.tool, spec.account) = (name.into(), account.into());
            spec
        };
        let tools = vec![(tool("a", "shared"), 1), (tool("b", "shared"), 1), (tool("c", "own"), 1)];
        let (cluster, backend, began) = pool_of(tools, Says::Seconds).await;
        while cluster.status().await.expect("status").iter().any(|it| it.state != InstanceState::Ready) {
            tokio::task::yield_now().await;
        }
        backend.limit(Duration::from_secs(3));
        let met = cluster.ask(Job::from("one").tool("a")).await.expect("a reply");
        assert_eq!(met.outcome, Outcome::Limited);
        let holds = cluster.holds().borrow().clone();
        assert_eq!((holds.len(), &*holds[0].account, holds[0].tools.len()), (1, "shared", 2));
        let states: Vec<_> = cluster.status().await.expect("status").into_iter().map(|it| it.state).collect();
        assert_eq!(states, [InstanceState::Limited, InstanceState::Limited, InstanceState::Ready]);
        // The account of `c` is another one: it is asked at once, and turned away by the same backend.
        let other = cluster.ask(Job::from("three").tool("c")).await.expect("a reply");
        assert_eq!(other.outcome, Outcome::Limited);
        assert!(began.elapsed() < Duration::from_secs(3), "not held");
        let later = cluster.ask(Job::from("two").tool("b")).await.expect("a reply");
        assert_eq!((later.outcome, later.text()), (Outcome::Ok, "two"));
        assert!(cluster.holds().borrow().iter().all(|hold| &*hold.account != "shared"));
        cluster.shutdown().await;
    });
}

#[test]
fn a_trial_that_nobody_can_use_moves_on_to_a_slot_that_somebody_waits_for() {
    in_virtual_time(async {
        let (cluster, backend, began) = pool(4, Says::Seconds).await;
        backend.limit(Duration::from_secs(10));
        let ticket = cluster.send_to(SlotId(3), waiting("bound")).await;
        let reply = cluster.read(ticket).await.expect("a ticket").expect("a reply");
        assert_eq!((reply.text(), reply.instance.slot), ("bound", SlotId(3)));
        // Ten seconds of limit, and a second for each slot that had no use for the trial.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        cluster.shutdown().await;
    });
}

#[test]
fn a_wait_beyond_the_jobs_patience_is_not_begun() {
    in_virtual_time(async {
        let (cluster, backend, began) = pool(1, Says::Seconds).await;
        backend.limit(13 * HOUR);
        assert_eq!(cluster.ask(waiting("text")).await.expect("a reply").outcome, Outcome::Limited);
        assert!(began.elapsed() < Duration::from_secs(5));
        cluster.shutdown().await;
    });
}

#[test]
fn patience_ends_in_the_middle_of_a_limit_too() {
    in_virtual_time(async {
        let (cluster, backend, began) = pool(1, Says::Nothing).await;
        backend.limit(24 * HOUR);
        let job = Job::from("text").wait_for_limits(Duration::from_secs(200));
        assert_eq!(cluster.ask(job).await.expect("a reply").outcome, Outcome::Limited);
        assert!(began.elapsed() < Duration::from_secs(200), "{:?}", began.elapsed());
        cluster.shutdown().await;
    });
}

/// Waits until an account is held.
async fn held(cluster: &ClusterManager) {
    cluster.holds().wait_for(|holds| !holds.is_empty()).await.expect("the cluster is there");
}

#[test]
fn a_job_that_waits_for_a_limit_can_be_taken_back() {
    in_virtual_time(async {
        let (cluster, backend, _) = pool(1, Says::Seconds).await;
        backend.limit(HOUR);
        let job = cluster.submit(waiting("text"));
        held(&cluster).await;
        tokio::task::yield_now().await;
        job.cancel();
        assert!(job.await.is_err());
        let (began, next) = (Instant::now(), cluster.submit("next"));
        assert_eq!(next.await.expect("a reply").text(), "next");
        assert!(began.elapsed() >= HOUR - Duration::from_secs(5), "the hold is the account's, not the job's");
        cluster.shutdown().await;
    });
}

#[test]
fn a_limit_is_no_sickness_and_nobody_is_restarted() {
    in_virtual_time(async {
        let (cluster, backend, _) = pool(2, Says::Nothing).await;
        backend.limit(2 * HOUR);
        assert_eq!(cluster.ask(waiting("text")).await.expect("a reply").text(), "text");
        for status in cluster.status().await.expect("status") {
            assert_eq!((status.generation, status.state), (1, InstanceState::Ready));
        }
        cluster.shutdown().await;
    });
}

#[test]
fn a_tool_that_goes_away_at_a_limit_is_held_and_not_started_again_and_again() {
    in_virtual_time(async {
        let (cluster, backend, began) = pool(2, Says::Farewell).await;
        backend.limit(HOUR);
        let jobs = (0..6).map(|number| cluster.submit(waiting(&format!("job{number}")))).collect();
        assert_eq!(texts(jobs).await.len(), 6);
        assert!((3600..3700).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
        assert_eq!(backend.turned_away().len(), 2, "those that ran when the limit was met");
        for status in cluster.status().await.expect("status") {
            assert_eq!(status.generation, 2, "each was started again once: {status:?}");
        }
        cluster.shutdown().await;
    });
}

#[test]
fn closing_the_pool_brings_a_job_that_waits_for_a_limit_home() {
    in_virtual_time(async {
        let (cluster, backend, began) = pool(1, Says::Seconds).await;
        backend.limit(HOUR);
        let job = cluster.submit(waiting("text"));
        held(&cluster).await;
        cluster.shutdown().await;
        assert!(job.await.is_err());
        assert!(began.elapsed() < Duration::from_secs(30));
    });
}

/// What happened to an account whose limits came at these times and lasted so long, by the log of the backend: every
/// job was done once, and whoever ran into a limit that was known did so alone.
fn check(jobs: usize, asked: &[(u64, String, bool)]) -> Result<(), TestCaseError> {
    let mut done: Vec<&str> =
        asked.iter().filter(|(.., away)| !away).map(|(_, text, _)| text.as_str()).collect();
    done.sort_unstable();
    prop_assert!(done.windows(2).all(|pair| pair[0] != pair[1]), "done twice: {:?}", asked);
    prop_assert_eq!(done.len(), jobs, "lost: {:?}", asked);
    let mut known: Option<u64> = None;
    for (place, (at, _, away)) in asked.iter().enumerate() {
        // Each takes a second: what is answered later than that was sent when the limit was known.
        let was_sent_into_it = known.is_some_and(|since| *at > since + 1);
        if *away && was_sent_into_it {
            let others = asked.iter().enumerate().filter(|(other, _)| *other != place);
            let together = others.filter(|(_, (other, ..))| other.abs_diff(*at) < 1).count();
            prop_assert_eq!(together, 0, "a trial is alone: {:?}", asked);
        }
        known = if *away { known.or(Some(*at)) } else { known.filter(|since| *at <= since + 1) };
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_limits_nothing_is_lost_and_trials_are_alone(
        instances in 1..5_usize,
        jobs in 1..20_usize,
        limits in proptest::collection::vec((0..300_u64, 1..400_u64), 0..4),
        names_times in any::<bool>(),
    ) {
        in_virtual_time(async {
            let says = if names_times { Says::Seconds } else { Says::Nothing };
            let (cluster, backend, _) = pool(instances, says).await;
            let handles: Vec<_> =
                (0..jobs).map(|number| cluster.submit(waiting(&format!("job{number}")))).collect();
            let weather = backend.clone();
            let storms = async move {
                for (pause, lasts) in limits {
                    weather.limit(Duration::from_secs(lasts));
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
            };
            let (all, ()) = tokio::join!(texts(handles), storms);
            prop_assert_eq!(all.len(), jobs);
            cluster.shutdown().await;
            check(jobs, &backend.asked())
        })?;
    }
}
