//! Restarts, back-off, trust, draining: the shipped supervisor and router in virtual time.

mod limits;
mod support;

use cluster::ClusterManager;
use pool_core::message::{ExitReport, Outcome, SlotId};
use pool_core::process::fake::{Fakes, Stage};
use pool_core::spec::{Cancel, Intensity, Restart};
use pool_core::supervisor::{InstanceState, PoolHealth};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{Oracle, in_virtual_time, job, play, pool, spec};

fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[test]
fn a_crash_costs_its_own_job_and_nothing_else() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(spec(Cancel::Restart), 2, &oracle).await;
        let crash = cluster.submit("say:a crash");
        let others: Vec<_> = (0..10).map(|n| cluster.submit(format!("work:10 say:{n}").as_str())).collect();
        assert_eq!(crash.await.expect("a reply").outcome, Outcome::Crashed);
        for (n, other) in others.into_iter().enumerate() {
            assert_eq!(other.await.expect("a reply").text(), n.to_string());
        }
        cluster.shutdown().await;
        assert_eq!(cluster.health(), PoolHealth::Gone);
    });
}

#[test]
fn restarts_wait_longer_and_longer() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Restart);
        spec.backoff.min = Duration::from_secs(1);
        spec.backoff.max = Duration::from_secs(16);
        spec.backoff.jitter = 0.0;
        spec.intensity = Intensity { max: 8, within: Duration::from_secs(3600) };
        spec.breaker.failures = 0;
        let cluster = pool(spec, 1, &Oracle::default()).await;
        let mut waits = Vec::new();
        for _ in 0..5 {
            let crash = cluster.submit("crash").await.expect("a reply");
            assert_eq!(crash.outcome, Outcome::Crashed);
            let began = now();
            while cluster.status().await.expect("status")[0].state != InstanceState::Ready {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            waits.push(began.elapsed().as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16]);
        cluster.shutdown().await;
    });
}

#[test]
fn a_tool_that_cannot_start_gives_up_and_says_why() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Restart);
        spec.intensity = Intensity { max: 5, within: Duration::from_secs(60) };
        let launches = Arc::new(AtomicUsize::new(0));
        let counted = launches.clone();
        let fakes = Fakes::new(move |mut stage: Stage| {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                stage.print("no such model\n").await;
                ExitReport::Exited(2)
            })
        });
        let builder = ClusterManager::builder().tool(spec, 3).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        let waiting = cluster.submit("say:hello");
        let error = cluster.ready().await.expect_err("nothing starts").to_string();
        assert!(error.contains("ended too often") && error.contains("no such model"), "{error}");
        let lost = waiting.await.expect_err("nobody can run it").to_string();
        assert!(lost.starts_with("no instance can take the job"), "{lost}");
        // Five ends are within the limit; the sixth, of the third restart, is one too many.
        assert_eq!(launches.load(Ordering::Relaxed), 6);
        cluster.shutdown().await;
    });
}

#[test]
fn a_tool_that_never_gets_ready_is_given_up_too() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Restart);
        spec.intensity = Intensity { max: 5, within: Duration::from_secs(60) };
        let fakes = Fakes::new(|mut stage: Stage| {
            Box::pin(async move {
                while stage.line().await.is_some() {}
                ExitReport::Exited(0)
            })
        });
        let builder = ClusterManager::builder().tool(spec, 2).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        let error = cluster.ready().await.expect_err("nothing gets ready").to_string();
        assert!(error.contains("not ready after 60s"), "{error}");
        cluster.shutdown().await;
    });
}

#[test]
fn a_temporary_instance_is_not_started_again() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Restart);
        spec.restart = Restart::Temporary;
        let cluster = pool(spec, 2, &Oracle::default()).await;
        for _ in 0..2 {
            assert_eq!(cluster.submit("crash").await.expect("a reply").outcome, Outcome::Crashed);
        }
        assert!(cluster.failure().await.contains("signal 11"));
        assert!(cluster.submit("say:x").await.is_err());
        cluster.shutdown().await;
    });
}

#[test]
fn a_sick_instance_loses_our_trust_for_a_while() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Interrupt);
        spec.breaker.failures = 2;
        let cluster = pool(spec, 1, &Oracle::default()).await;
        for _ in 0..2 {
            assert_eq!(cluster.submit("hang").await.expect("a reply").outcome, Outcome::TimedOut);
        }
        let began = now();
        let next = cluster.submit("say:next");
        tokio::task::yield_now().await;
        assert_eq!(cluster.status().await.expect("status")[0].state, InstanceState::Open);
        assert_eq!(next.await.expect("a reply").text(), "next");
        assert_eq!(began.elapsed().as_secs(), 30);
        cluster.shutdown().await;
    });
}

#[test]
fn a_restart_by_hand_finishes_the_job_first() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(spec(Cancel::Restart), 1, &oracle).await;
        cluster.ready().await.expect("ready");
        let long = cluster.submit("work:1000 say:whole");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(cluster.restart_instance(SlotId(0)).await.expect("open"));
        assert_eq!(long.await.expect("a reply").text(), "whole");
        let next = cluster.submit("say:next").await.expect("a reply");
        assert_eq!(next.instance.generation, 2);
        assert!(!cluster.restart_instance(SlotId(9)).await.expect("open"));
        cluster.shutdown().await;
    });
}

#[test]
fn starts_are_staggered_and_the_first_works_while_the_last_still_loads() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Restart);
        spec.start.at_once = Some(1);
        let oracle = Oracle::default();
        let fakes = Fakes::new(move |stage| {
            let child = play(stage, oracle.clone());
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(4)).await;
                child.await
            })
        });
        let builder = ClusterManager::builder().tool(spec, 5).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        let began = now();
        cluster.submit("say:early").await.expect("a reply");
        assert_eq!(began.elapsed().as_secs(), 4);
        let states = cluster.status().await.expect("status").into_iter().map(|status| status.state);
        let starting = states.filter(|state| *state == InstanceState::Starting).count();
        assert_eq!(starting, 1, "one at a time");
        cluster.shutdown().await;
    });
}

#[test]
fn a_session_keeps_its_slot_and_says_when_its_context_is_gone() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 3, &Oracle::default()).await;
        let session = cluster.session("s");
        let first = session.ask("say:one").await.expect("a reply");
        let noise: Vec<_> = (0..20).map(|_| cluster.submit("work:5 say:noise")).collect();
        for other in noise {
            assert_ne!(
                other.await.expect("a reply").instance.slot,
                first.instance.slot,
                "its slot is reserved"
            );
        }
        let second = session.ask("say:two").await.expect("a reply");
        assert_eq!((second.instance.slot, second.context_lost), (first.instance.slot, false));
        session.ask("crash").await.expect("a reply");
        assert!(session.ask("say:three").await.expect("a reply").context_lost);
        cluster.shutdown().await;
    });
}

#[test]
fn send_and_read_give_each_reply_once() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 2, &Oracle::default()).await;
        let slow = cluster.send("work:500 say:slow").await;
        let quick = cluster.send("work:10 say:quick").await;
        let (first, reply) = cluster.read_any().await.expect("under way");
        assert_eq!((first, reply.expect("a reply").text()), (quick, "quick"));
        assert_eq!(cluster.read(slow).await.expect("a ticket").expect("a reply").text(), "slow");
        assert!(cluster.read(slow).await.is_err(), "each once");
        assert!(cluster.read_any().await.is_err(), "nothing is under way");
        let addressed = cluster.send_to(SlotId(1), "say:here").await;
        let (ticket, reply) = cluster.read_from(SlotId(1)).await.expect("under way");
        assert_eq!((ticket, reply.expect("a reply").instance.slot), (addressed, SlotId(1)));
        cluster.shutdown().await;
    });
}

#[test]
fn dropping_an_ask_cancels_its_job() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(spec(Cancel::Interrupt), 1, &oracle).await;
        let asked = tokio::time::timeout(Duration::from_secs(1), cluster.ask(job(&["hang".into()])));
        assert!(asked.await.is_err());
        let began = now();
        assert_eq!(cluster.ask("say:next").await.expect("a reply").text(), "next");
        assert!(began.elapsed() < Duration::from_secs(1), "the hang was interrupted, not waited for");
        cluster.shutdown().await;
    });
}

#[test]
fn the_queue_is_bounded() {
    in_virtual_time(async {
        let fakes = Fakes::new(|stage| play(stage, Oracle::default()));
        let builder =
            ClusterManager::builder().tool(spec(Cancel::Restart), 1).launcher(Arc::new(fakes)).queue(4);
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        cluster.ready().await.expect("ready");
        let jobs: Vec<_> = (0..20).map(|_| cluster.submit("work:10 say:x")).collect();
        let mut refused = 0;
        for job in jobs {
            refused += usize::from(job.await.is_err());
        }
        assert!((10..=16).contains(&refused), "{refused}");
        cluster.shutdown().await;
    });
}
