//! A pool that grows and shrinks while it works: the shipped supervisor and router in virtual time.

mod support;

use cluster::ClusterManager;
use cluster::inside::ScaleError;
use pool_core::message::{ExitReport, SlotId};
use pool_core::process::fake::Fakes;
use pool_core::spec::{Cancel, Restart};
use pool_core::supervisor::{CannotScale, InstanceState, SCALE_LIMIT};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, all_free, in_virtual_time, play, pool, spec};

async fn states(cluster: &ClusterManager) -> Vec<InstanceState> {
    cluster.status().await.expect("open").into_iter().map(|status| status.state).collect()
}

/// Waits until as many instances as that have gone for ever.
async fn gone(cluster: &ClusterManager, count: usize) {
    let mut changes = cluster.watch(64);
    while states(cluster).await.iter().filter(|state| **state == InstanceState::Gone).count() < count {
        changes.recv().await.expect("one that goes tells so");
    }
}

fn ids(slots: impl IntoIterator<Item = u32>) -> Vec<SlotId> {
    slots.into_iter().map(SlotId).collect()
}

#[test]
fn new_instances_work_and_those_that_go_finish_their_jobs() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 2, &Oracle::default()).await;
        all_free(&cluster, 2).await;
        let scaled = cluster.scale(None, 4).await.expect("room");
        assert_eq!((scaled.added, scaled.going), (ids([2, 3]), ids([])));
        all_free(&cluster, 4).await;
        let jobs: Vec<_> = (0..4).map(|n| cluster.submit(format!("work:1000 say:{n}").as_str())).collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let scaled = cluster.scale(Some("fake"), 1).await.expect("enough");
        assert_eq!((scaled.added, scaled.going), (ids([]), ids([1, 2, 3])));
        for (n, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await.expect("a reply").text(), n.to_string());
        }
        gone(&cluster, 3).await;
        for n in 0..5 {
            let reply = cluster.submit(format!("say:{n}").as_str()).await.expect("a reply");
            assert_eq!((reply.text(), reply.instance.slot), (n.to_string().as_str(), SlotId(0)));
        }
        cluster.shutdown().await;
    });
}

#[test]
fn a_slot_that_went_comes_back_with_its_next_life() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 3, &Oracle::default()).await;
        all_free(&cluster, 3).await;
        let long: Vec<_> = (0..3).map(|_| cluster.submit("work:1000 say:long")).collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        cluster.scale(None, 1).await.expect("enough");
        // Those that still go are not taken up again: one slot has one life at a time.
        let scaled = cluster.scale(None, 2).await.expect("room");
        assert_eq!(scaled.added, ids([3]));
        gone(&cluster, 2).await;
        for job in long {
            assert_eq!(job.await.expect("a reply").text(), "long");
        }
        let scaled = cluster.scale(None, 5).await.expect("room");
        assert_eq!(scaled.added, ids([1, 2, 4]));
        all_free(&cluster, 5).await;
        let lives: Vec<_> = cluster.status().await.expect("open").iter().map(|it| it.generation).collect();
        assert_eq!(lives, [1, 2, 2, 1, 1]);
        let to_it = cluster.send_to(SlotId(1), "say:again").await;
        let reply = cluster.read(to_it).await.expect("a ticket").expect("a reply");
        assert_eq!((reply.text(), reply.instance.generation), ("again", 2));
        cluster.shutdown().await;
    });
}

#[test]
fn who_waits_for_a_slot_that_goes_is_told() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 2, &Oracle::default()).await;
        all_free(&cluster, 2).await;
        let session = cluster.session("s");
        session.ask("say:here").await.expect("a reply");
        let at_hand = cluster.send_to(SlotId(1), "work:1000 say:whole").await;
        let behind = cluster.send_to(SlotId(1), "say:never").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        cluster.scale(None, 1).await.expect("enough");
        assert_eq!(cluster.read(at_hand).await.expect("a ticket").expect("a reply").text(), "whole");
        let error = cluster.read(behind).await.expect("a ticket").expect_err("it has gone").to_string();
        assert!(error.contains("slot 1 has been given up"), "{error}");
        assert_eq!(session.ask("say:still").await.expect("a reply").text(), "still");
        cluster.shutdown().await;
    });
}

#[test]
fn one_that_has_not_been_started_goes_at_once() {
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
        let builder = ClusterManager::builder().tool(spec, 3).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        cluster.scale(None, 1).await.expect("enough");
        let (starting, gone) = (InstanceState::Starting, InstanceState::Gone);
        assert_eq!(states(&cluster).await, [starting, gone, gone]);
        assert_eq!(cluster.submit("say:x").await.expect("a reply").text(), "x");
        cluster.shutdown().await;
    });
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    in_virtual_time(async {
        let (fake, other) = (spec(Cancel::Restart), spec(Cancel::Restart));
        let other = pool_core::spec::ToolSpec { tool: "other".into(), restart: Restart::Temporary, ..other };
        let oracle = Oracle::default();
        let fakes = Fakes::new(move |stage| play(stage, oracle.clone()));
        let builder = ClusterManager::builder().tool(fake, 1).tool(other, 1).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        all_free(&cluster, 2).await;
        let crash = cluster.submit(cluster::Job::from("crash").tool("other")).await;
        assert_eq!(crash.expect("a reply").outcome, cluster::Outcome::Crashed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let table = [
            (None, 2, "the pool runs fake, other: say which of them is to be scaled"),
            (Some("bash"), 2, "the pool has no tool bash: it runs fake, other"),
            (Some("fake"), 0, "a tool has from 1 to 1000 instances: take the pool down to have none"),
            (Some("fake"), SCALE_LIMIT + 1, "a tool has from 1 to 1000 instances"),
            (Some("other"), 2, "other has been given up: the last instance of other ended by signal 11"),
        ];
        for (tool, count, expected) in table {
            let error = cluster.scale(tool, count).await.expect_err("cannot be");
            assert!(error.to_string().starts_with(expected), "{error}");
            assert!(matches!(error, ScaleError::Refused(_)));
        }
        assert_eq!(states(&cluster).await.len(), 2);
        let last = cluster.submit("work:1000 say:last");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (refused, ()) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                cluster.scale(Some("fake"), 2).await
            },
            cluster.shutdown()
        );
        assert_eq!(refused, Err(ScaleError::Refused(CannotScale::Closing)));
        assert_eq!(last.await.expect("a reply").text(), "last");
    });
}

#[test]
fn a_pool_that_breathes_loses_nothing() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 3, &Oracle::default()).await;
        let jobs: Vec<_> =
            (0..200).map(|n| cluster.submit(format!("work:{} say:{n}", 1 + n % 7).as_str())).collect();
        for round in 0..40_usize {
            tokio::time::sleep(Duration::from_millis(3)).await;
            cluster.scale(None, 1 + (round * 5) % 7).await.expect("within bounds");
        }
        cluster.scale(None, 2).await.expect("within bounds");
        for (n, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await.expect("a reply").text(), n.to_string());
        }
        let slots = cluster.status().await.expect("open").len();
        assert!(slots <= 14, "slots are taken up again: {slots}");
        cluster.shutdown().await;
    });
}

#[test]
fn an_end_during_the_drain_is_the_end() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 2, &Oracle::default()).await;
        all_free(&cluster, 2).await;
        let crash = cluster.send_to(SlotId(1), "work:500 crash").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        cluster.scale(None, 1).await.expect("enough");
        let reply = cluster.read(crash).await.expect("a ticket").expect("a reply");
        assert_eq!(reply.outcome, cluster::Outcome::Crashed);
        gone(&cluster, 1).await;
        let last = &cluster.status().await.expect("open")[1];
        assert_eq!(last.last_exit.as_deref(), Some(ExitReport::Signalled(11).to_string().as_str()));
        cluster.shutdown().await;
    });
}
