//! Jobs that instances fail, jobs that crash instances: the shipped actors in virtual time.

mod support;

use cluster::{ClusterManager, Job};
use pool_core::JobError;
use pool_core::message::{Errand, ErrandFuture, Outcome, Placement, Refused};
use pool_core::process::fake::Fakes;
use pool_core::spec::{Backoff, Cancel, Intensity, ToolSpec};
use pool_core::supervisor::{InstanceState, PoolHealth};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, in_virtual_time, play, pool, spec};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// A tool whose restarts take 10 s.
fn slow_restarts(max: u32) -> ToolSpec {
    let mut spec = spec(Cancel::Restart);
    spec.intensity = Intensity { max, within: HOUR };
    spec.backoff = Backoff { min: 10 * SECOND, max: 10 * SECOND, jitter: 0.0, ..Backoff::default() };
    spec
}

/// How often the children received this line.
fn received(oracle: &Oracle, wanted: &str) -> usize {
    oracle.lock().expect("no panic").iter().filter(|(_, line)| line == wanted).count()
}

async fn states(cluster: &ClusterManager) -> Vec<InstanceState> {
    cluster.status().await.expect("status").into_iter().map(|status| status.state).collect()
}

/// Fault 85: a poison job ends as a dead letter after two different instances; the others finish; what it did is charged
/// to no instance, and none waits for it.
#[test]
fn a_poison_job_is_a_dead_letter_after_two_instances() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(slow_restarts(1), 3, &oracle).await;
        while states(&cluster).await != [InstanceState::Ready; 3] {
            sleep(Duration::from_millis(1)).await;
        }
        for round in 1..=5 {
            let began = Instant::now();
            let poison = cluster.submit(Job::from("say:dying crash").retries(9));
            let others: Vec<_> =
                (0..20).map(|n| cluster.submit(format!("work:10 say:{n}").as_str())).collect();
            let dead = poison.await.expect("a reply");
            assert_eq!(dead.outcome, Outcome::Crashed);
            let error = dead.error.expect("a reason");
            let evidence = "it ended by signal 11 in the middle of its reply; its last output: \"dying\"";
            assert!(error.starts_with("dead letter: crashed instances "), "{error}");
            assert_eq!(error.matches(evidence).count(), 2, "{error}");
            assert_eq!(dead.warnings.len(), 1, "{:?}", dead.warnings);
            for (n, other) in others.into_iter().enumerate() {
                assert_eq!(other.await.expect("a reply").text(), n.to_string());
            }
            assert_eq!(received(&oracle, "say:dying crash"), 2 * round, "and never a third one");
            assert!(began.elapsed() < SECOND, "the two are back at once: {:?}", began.elapsed());
            // One crash of an hour is allowed, and none has been counted.
            while states(&cluster).await != [InstanceState::Ready; 3] {
                assert!(began.elapsed() < SECOND, "{:?}", states(&cluster).await);
                sleep(Duration::from_millis(1)).await;
            }
        }
        assert_eq!(cluster.health(), PoolHealth::Up);
        cluster.shutdown().await;
    });
}

/// The same without further attempts: each crash is the instance's, as far as anybody knows.
#[test]
fn without_retries_nothing_is_sent_twice() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(slow_restarts(1), 3, &oracle).await;
        for crash in 1..=2 {
            let handle = cluster.submit("crash");
            assert_eq!(handle.await.expect("a reply").error.expect("a reason"), CRASH);
            assert_eq!(received(&oracle, "crash"), crash);
        }
        assert!(cluster.failure().await.contains("too often"));
        cluster.shutdown().await;
    });
}

const CRASH: &str = "it ended by signal 11 in the middle of its reply";

#[test]
fn a_job_that_one_instance_failed_succeeds_on_another() {
    for (first_life, outcome) in [("crash", "crashed"), ("half:x", "truncated"), ("hang", "timed_out")] {
        in_virtual_time(async {
            let fakes = Fakes::new(move |stage| {
                let slot = stage.slot.0;
                let oracle = Oracle::default();
                // Only the first instance is bad.
                if slot == 0 { Box::pin(bad(stage, first_life)) } else { play(stage, oracle) }
            });
            let builder = ClusterManager::builder().tool(slow_restarts(9), 2).launcher(Arc::new(fakes));
            let cluster = builder.on_this_arbiter().build().await.expect("a plan");
            cluster.ready().await.expect("ready");
            let mut handle = cluster.submit_watched(Job::from("say:done").retries(1));
            let reply = (&mut handle).await.expect("a reply");
            assert_eq!((reply.text(), handle.attempts(), reply.instance.slot.0), ("done", 2, 1));
            assert!(reply.warnings[0].starts_with(&format!("attempt 1: {outcome} on instance 0: ")));
            cluster.shutdown().await;
        });
    }
}

/// It rather waits for another instance than meet the one that has just failed it, although that is free again.
#[test]
fn a_further_attempt_goes_elsewhere() {
    in_virtual_time(async {
        let mut spec = slow_restarts(9);
        (spec.backoff.min, spec.backoff.max) = (Duration::ZERO, Duration::ZERO);
        let cluster = pool(spec, 2, &Oracle::default()).await;
        while states(&cluster).await != [InstanceState::Ready; 2] {
            sleep(Duration::from_millis(1)).await;
        }
        let began = Instant::now();
        let busy = cluster.submit("work:1000 say:whole");
        let poison = cluster.submit(Job::from("crash").retries(9));
        let behind = cluster.ask("say:behind").await.expect("a reply");
        assert_eq!((behind.text(), began.elapsed() < SECOND), ("behind", true), "it delays nobody");
        let dead = poison.await.expect("a reply").error.expect("a reason");
        assert!(dead.starts_with("dead letter: crashed instances 1 and 0: "), "{dead}");
        assert_eq!(began.elapsed().as_secs(), 1, "as long as the other one was busy");
        assert_eq!(busy.await.expect("a reply").text(), "whole");
        cluster.shutdown().await;
    });
}

/// Does the one word for whatever it is told.
async fn bad(mut stage: pool_core::process::fake::Stage, word: &str) -> pool_core::message::ExitReport {
    use pool_core::message::ExitReport;
    while let Some(line) = stage.line().await {
        if line.starts_with("/end ") {
            stage.print(format!("{}\n", &line[1..])).await;
            continue;
        }
        match word {
            "crash" => return ExitReport::Signalled(11),
            "hang" => std::future::pending().await,
            _ => {
                stage.print("x").await;
                return ExitReport::Exited(0);
            }
        }
    }
    ExitReport::Exited(0)
}

/// With one instance only, further attempts go to its next lives; they prove nothing against the job.
#[test]
fn a_pool_of_one_tries_again_where_it_can() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(slow_restarts(9), 1, &oracle).await;
        let mut handle = cluster.submit(Job::from("crash").retries(2));
        let reply = (&mut handle).await.expect("a reply");
        assert_eq!((reply.outcome, handle.attempts(), received(&oracle, "crash")), (Outcome::Crashed, 3, 3));
        assert_eq!((reply.error.as_deref(), reply.instance.generation), (Some(CRASH), 3));
        cluster.shutdown().await;
    });
}

#[test]
fn a_job_that_is_taken_back_is_not_tried_again() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(slow_restarts(9), 1, &oracle).await;
        let mut handle = cluster.submit(Job::from("crash").retries(9));
        while received(&oracle, "crash") == 0 || cluster.status().await.expect("status")[0].alive {
            sleep(Duration::from_millis(1)).await;
        }
        // It waits for the next life now.
        handle.cancel();
        let reply = (&mut handle).await.expect("what the first attempt brought");
        assert_eq!((reply.outcome, handle.attempts()), (Outcome::Crashed, 1));
        assert!(reply.warnings[0].starts_with("no further attempt: cancelled"), "{:?}", reply.warnings);
        assert_eq!(cluster.ask("say:next").await.expect("a reply").text(), "next");
        assert_eq!(received(&oracle, "crash"), 1);
        cluster.shutdown().await;
    });
}

#[test]
fn when_the_pool_gives_up_the_job_keeps_what_its_attempt_brought() {
    in_virtual_time(async {
        let cluster = pool(slow_restarts(0), 1, &Oracle::default()).await;
        let mut handle = cluster.submit(Job::from("crash").retries(9));
        let reply = (&mut handle).await.expect("what the first attempt brought");
        assert_eq!((reply.outcome, handle.attempts()), (Outcome::Crashed, 1));
        assert!(reply.warnings[0].contains("ended too often"), "{:?}", reply.warnings);
        cluster.shutdown().await;
    });
}

/// Panics where the instance's actor calls it.
struct Trap;

impl Errand for Trap {
    fn before(&mut self, _: &Placement) -> ErrandFuture<Result<(), Refused>> {
        panic!("a trap");
    }
}

/// Fault 62: a panic in an actor costs the job at hand and that life; the slot is started again, the others go on.
#[test]
fn a_panic_costs_its_job_and_its_instance() {
    in_virtual_time(async {
        let cluster = pool(slow_restarts(9), 2, &Oracle::default()).await;
        while states(&cluster).await != [InstanceState::Ready; 2] {
            sleep(Duration::from_millis(1)).await;
        }
        let lost = cluster.submit(Job::from("say:x").errand(Trap).retries(9));
        let other = cluster.submit("work:1000 say:whole");
        assert!(matches!(lost.await, Err(JobError::Lost { .. })), "once: its errand is used up");
        assert_eq!(other.await.expect("a reply").text(), "whole");
        sleep(20 * SECOND).await;
        let status = cluster.status().await.expect("status");
        let mut lives: Vec<_> =
            status.iter().map(|status| (status.generation, status.last_exit.as_deref())).collect();
        lives.sort_unstable();
        assert_eq!(lives, [(1, None), (2, Some("the actor that drove it panicked"))]);
        assert_eq!(states(&cluster).await, [InstanceState::Ready; 2]);
        cluster.shutdown().await;
    });
}
