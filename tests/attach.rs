//! Somebody sits down at an instance's terminal, and the pool goes on: the shipped actors in virtual time.

mod support;

use cluster::ClusterManager;
use cluster::inside::AttachError;
use pool_core::instance::Piece;
use pool_core::message::{ExitReport, Outcome, SlotId, Step};
use pool_core::process::fake::{Fakes, Stage};
use pool_core::spec::{AgentSpec, Cancel, Protocol, Restart, ToolSpec, TurnRule};
use pool_core::supervisor::{Attachment, CannotAttach, InstanceState, Patience};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, all_free, in_virtual_time, pool, spec};

async fn free_pool(instances: usize) -> ClusterManager {
    let cluster = pool(spec(Cancel::Restart), instances, &Oracle::default()).await;
    all_free(&cluster, instances).await;
    cluster
}

async fn attach(cluster: &ClusterManager, index: u32) -> Attachment {
    cluster.attach(SlotId(index), Patience::Wait).await.expect("an instance to be had")
}

async fn refused(cluster: &ClusterManager, index: u32, patience: Patience) -> CannotAttach {
    match cluster.attach(SlotId(index), patience).await {
        Err(AttachError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

async fn state(cluster: &ClusterManager, index: usize) -> InstanceState {
    cluster.status().await.expect("open")[index].state
}

/// Reads until this has been said.
async fn hears(attachment: &mut Attachment, wanted: &str) {
    let mut heard = String::new();
    while !heard.contains(wanted) {
        match attachment.output.next().await.expect("it says so") {
            Piece::Said(bytes) => heard += &String::from_utf8(bytes).expect("text"),
            Piece::Told(_) | Piece::Note(_) | Piece::Missed(_) => {}
        }
    }
}

#[test]
fn the_others_work_while_somebody_sits_at_one() {
    in_virtual_time(async {
        let cluster = free_pool(2).await;
        let mut mine = attach(&cluster, 0).await;
        assert_eq!(state(&cluster, 0).await, InstanceState::Attached);
        assert!(mine.type_in(b"say:hello\n".to_vec()).await);
        hears(&mut mine, "hello\n").await;
        for n in 0..5 {
            let reply = cluster.ask(format!("say:{n}").as_str()).await.expect("a reply");
            assert_eq!((reply.text(), reply.instance.slot), (n.to_string().as_str(), SlotId(1)));
        }
        assert_eq!(refused(&cluster, 0, Patience::Wait).await, CannotAttach::Taken { slot: SlotId(0) });
        drop(mine);
        all_free(&cluster, 2).await;
        let jobs: Vec<_> = (0..2).map(|_| cluster.submit("work:100 say:x")).collect();
        let mut slots = Vec::new();
        for job in jobs {
            let reply = job.await.expect("a reply");
            assert_eq!((reply.text(), reply.instance.generation), ("x", 1), "the same life as before");
            slots.push(reply.instance.slot);
        }
        slots.sort();
        assert_eq!(slots, [SlotId(0), SlotId(1)]);
        cluster.shutdown().await;
    });
}

#[test]
fn the_job_at_hand_is_waited_for_and_jobs_wait_for_who_sits_there() {
    in_virtual_time(async {
        let cluster = free_pool(1).await;
        let job = cluster.submit("work:1000 say:whole");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(refused(&cluster, 0, Patience::Now).await, CannotAttach::AtWork { slot: SlotId(0) });
        let (mine, reply) = tokio::join!(attach(&cluster, 0), job);
        assert_eq!(reply.expect("a reply").text(), "whole");
        let next = cluster.submit("say:next");
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(state(&cluster, 0).await, InstanceState::Attached);
        drop(mine);
        assert_eq!(next.await.expect("a reply").text(), "next");
        cluster.attach(SlotId(0), Patience::Now).await.expect("it is free");
        cluster.shutdown().await;
    });
}

#[test]
fn one_who_stops_waiting_is_forgotten() {
    in_virtual_time(async {
        let cluster = free_pool(1).await;
        let job = cluster.submit("work:1000 say:x");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let waits =
            tokio::time::timeout(Duration::from_millis(100), cluster.attach(SlotId(0), Patience::Wait));
        assert!(waits.await.is_err());
        assert_eq!(job.await.expect("a reply").text(), "x");
        let reply = cluster.ask("say:next").await.expect("a reply");
        assert_eq!((reply.text(), reply.instance.generation), ("next", 1));
        cluster.shutdown().await;
    });
}

#[test]
fn one_that_is_left_in_the_middle_of_something_is_started_again_at_once() {
    in_virtual_time(async {
        for (typed, exit) in
            [("half a line", None), ("deaf\n", None), ("crash\n", Some(ExitReport::Signalled(11)))]
        {
            let cluster = free_pool(1).await;
            let mine = attach(&cluster, 0).await;
            assert!(mine.type_in(typed.into()).await);
            tokio::time::sleep(Duration::from_millis(10)).await;
            if exit.is_none() {
                drop(mine);
            }
            let reply = cluster.ask("say:again").await.expect("a reply");
            assert_eq!((reply.text(), reply.instance.generation), ("again", 2), "{typed:?}");
            let status = &cluster.status().await.expect("open")[0];
            let expected = exit.unwrap_or(ExitReport::Stopped).to_string();
            assert_eq!(status.last_exit.as_deref(), Some(expected.as_str()));
            cluster.shutdown().await;
        }
    });
}

#[test]
fn who_sits_there_notices_that_it_has_gone() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Restart);
        spec.restart = Restart::Transient;
        let cluster = pool(spec, 1, &Oracle::default()).await;
        all_free(&cluster, 1).await;
        let mut mine = attach(&cluster, 0).await;
        assert!(mine.type_in(b"half:bye\n".to_vec()).await);
        hears(&mut mine, "bye").await;
        while mine.is_alive() {
            mine.output.next().await.expect("a note of its end");
        }
        assert!(!mine.type_in(b"x\n".to_vec()).await);
        // It was somebody's wish that it ended, so even a transient one lives again.
        all_free(&cluster, 1).await;
        drop(mine);
        let reply = cluster.ask("say:again").await.expect("a reply");
        assert_eq!(
            (reply.text(), reply.instance.generation),
            ("again", 2),
            "the late news of who sat there is void"
        );
        cluster.shutdown().await;
    });
}

#[test]
fn what_cannot_be_lent_is_refused_with_the_reason() {
    in_virtual_time(async {
        let cluster = free_pool(1).await;
        assert_eq!(refused(&cluster, 7, Patience::Wait).await, CannotAttach::NoSuchSlot { slot: SlotId(7) });
        let mine = attach(&cluster, 0).await;
        let (gone, ()) = tokio::join!(
            async {
                mine.type_in(b"deaf\n".to_vec()).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
                refused(&cluster, 0, Patience::Wait).await
            },
            cluster.shutdown()
        );
        assert_eq!(gone, CannotAttach::Going { slot: SlotId(0) });

        let rule = TurnRule::Protocol(AgentSpec::new(Protocol::StreamJson).into());
        let agent = ToolSpec { turn: pool_core::spec::TurnSpec::new(rule), ..spec(Cancel::Restart) };
        let fakes = Fakes::new(|_: Stage| Box::pin(std::future::pending::<ExitReport>()));
        let builder = ClusterManager::builder().tool(agent, 1).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        let why = refused(&cluster, 0, Patience::Wait).await.to_string();
        assert!(why.starts_with("fake speaks a protocol"), "{why}");
        cluster.kill().await;
    });
}

#[test]
fn one_that_starts_or_is_not_trusted_can_be_looked_at() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Interrupt);
        spec.breaker.failures = 1;
        let cluster = pool(spec, 1, &Oracle::default()).await;
        drop(attach(&cluster, 0).await);
        assert_eq!(cluster.ask("hang").await.expect("a reply").outcome, Outcome::TimedOut);
        assert_eq!(state(&cluster, 0).await, InstanceState::Open);
        let mut mine = attach(&cluster, 0).await;
        mine.type_in(b"say:well\n".to_vec()).await;
        hears(&mut mine, "well\n").await;
        drop(mine);
        assert_eq!(cluster.ask("say:x").await.expect("a reply").text(), "x");
        cluster.shutdown().await;
    });
}

#[test]
fn who_waits_is_not_forgotten_by_a_restart_and_told_of_the_end() {
    in_virtual_time(async {
        let cluster = free_pool(1).await;
        let job = cluster.submit("work:1000 say:x");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (mine, restarted, reply) = tokio::join!(
            attach(&cluster, 0),
            async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                cluster.restart_instance(SlotId(0)).await
            },
            job
        );
        assert_eq!((mine.generation, restarted), (2, Ok(true)));
        assert_eq!(reply.expect("a reply").text(), "x");
        drop(mine);
        all_free(&cluster, 1).await;
        let job = cluster.submit("work:1000 crash");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (told, ()) = tokio::join!(cluster.attach(SlotId(0), Patience::Wait), async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            cluster.kill().await;
        });
        assert!(matches!(told, Err(AttachError::Closed(_))), "{told:?}");
        drop(job);
    });
}

#[test]
fn a_tool_without_a_terminal_has_turns() {
    in_virtual_time(async {
        let cluster = free_pool(1).await;
        let mine = attach(&cluster, 0).await;
        for n in 0..3 {
            let reply = mine.ask(Step::Say(format!("say:{n}"))).await.await.expect("a reply");
            assert_eq!(reply.text(), n.to_string());
        }
        let runs = mine.ask(Step::Say("work:4000 say:late".into())).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(mine);
        assert_eq!(runs.await.expect("a reply").outcome, Outcome::Cancelled);
        assert_eq!(cluster.ask("say:x").await.expect("a reply").text(), "x");
        let counts = cluster.metrics().await.expect("figures").counts;
        assert_eq!((counts.submitted, counts.placed), (1, 1), "the router hears only of its own");
        cluster.shutdown().await;
    });
}
