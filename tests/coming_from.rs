//! Every row of `docs/coming-from.md`, in virtual time.

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use cluster::adapter::Adapter;
use cluster::{ClusterManager, Job, JobError, Piece, ReadError, SlotId};
use pool_core::ToolProcessPool;
use pool_core::process::Launch;
use pool_core::process::fake::Fakes;
use pool_core::spec::Cancel;
use pool_core::supervisor::{InstanceState, InstanceStatus, PoolHealth};
use std::sync::Arc;
use support::{Oracle, in_virtual_time, play, pool, spec};

/// Ready, with so many instances.
async fn cluster(instances: usize) -> ClusterManager {
    let cluster = pool(spec(Cancel::Interrupt), instances, &Oracle::default()).await;
    while cluster.status().await.expect("status").iter().any(|it| it.state != InstanceState::Ready) {
        tokio::task::yield_now().await;
    }
    cluster
}

fn fakes() -> Arc<dyn Launch> {
    Arc::new(Fakes::new(|stage| play(stage, Oracle::default())))
}

/// Without a router.
async fn plain(instances: usize) -> ToolProcessPool {
    let pool = ToolProcessPool::start_with(spec(Cancel::Interrupt), instances, fakes(), 7).expect("valid");
    pool.ready().await.expect("ready");
    pool
}

fn adapter(make: fn(pool_core::spec::ToolSpec) -> Adapter) -> Adapter {
    make(spec(Cancel::Interrupt)).configure(|builder| builder.launcher(fakes()).seed(7).on_this_arbiter())
}

#[test]
fn every_row_has_a_test_and_every_test_a_row() {
    let rows = include_str!("../docs/coming-from.md").lines().filter(|line| line.starts_with("| "));
    let mut rows: Vec<&str> = rows.skip(1).filter_map(|row| row.rsplit('`').nth(1)).collect();
    let tests = include_str!("coming_from.rs").split("#[test]\nfn ").skip(2);
    let mut tests: Vec<&str> = tests.filter_map(|test| test.split('(').next()).collect();
    rows.sort_unstable();
    tests.sort_unstable();
    assert_eq!(rows, tests);
}

#[test]
fn launch_cluster() {
    in_virtual_time(async {
        let error = cluster::launch_cluster("no such tool", 3).await.err().expect("no such profile");
        assert!(error.to_string().contains("no such tool"), "{error}");
        // What it does with one that exists; `tests/outside` calls it with bash.
        let cluster = cluster(3).await;
        cluster.ready().await.expect("ready");
        assert_eq!(cluster.status().await.expect("status").len(), 3);
        cluster.shutdown().await;
    });
}

#[test]
fn routing() {
    in_virtual_time(async {
        for name in routing::strategy::NAMES {
            let strategy = routing::strategy::by_name(name).expect("shipped");
            let builder = ClusterManager::builder().tool(spec(Cancel::Interrupt), 2).launcher(fakes());
            let cluster = builder.strategy(strategy).on_this_arbiter().build().await.expect("valid");
            assert_eq!(cluster.ask("say:x").await.expect("a reply").text(), "x");
            assert_eq!(cluster.metrics().await.expect("figures").strategy, name);
            cluster.shutdown().await;
        }
    });
}

#[test]
fn send_prompt() {
    in_virtual_time(async {
        let pool = plain(2).await;
        let reply = pool.send_prompt(SlotId(1), "say:x").await.expect("a reply");
        assert_eq!((reply.text(), reply.instance.slot), ("x", SlotId(1)));
        let error = pool.send_prompt(SlotId(2), "say:x").await.expect_err("there are two");
        assert_eq!(error, JobError::Unavailable("there is no instance 2".into()));
        pool.shutdown().await.expect("it runs");
    });
}

#[test]
fn read_response() {
    in_virtual_time(async {
        let pool = plain(1).await;
        let (first, second) =
            (pool.send_prompt(SlotId(0), "work:50 say:1"), pool.send_prompt(SlotId(0), "say:2"));
        // Read in the other order.
        assert_eq!(second.await.expect("a reply").text(), "2");
        assert_eq!(first.await.expect("a reply").text(), "1");
        pool.shutdown().await.expect("it runs");
    });
}

#[test]
fn read_lines() {
    in_virtual_time(async {
        let cluster = cluster(1).await;
        let mut stream = cluster.stream("say:1 work:10 say:2 work:10");
        let mut lines = String::new();
        while let Some(piece) = stream.next().await {
            match piece {
                Piece::Text { text, .. } => lines += &text,
                Piece::End(result) => assert_eq!(result.expect("a reply").text(), "1\n2"),
                _ => {}
            }
        }
        assert_eq!(lines, "1\n2\n");
        cluster.shutdown().await;
    });
}

/// As JSON, with the schema that goes with it.
fn json(status: &InstanceStatus) -> serde_json::Value {
    let schema = serde_json::to_value(schemars::schema_for!(InstanceStatus)).expect("a schema");
    let json = serde_json::to_value(status).expect("JSON");
    let fields = json.as_object().expect("an object").keys();
    for field in fields {
        assert!(schema["properties"].get(field).is_some(), "the schema lacks {field}");
    }
    json
}

#[test]
fn get_status() {
    in_virtual_time(async {
        let cluster = cluster(1).await;
        let live = json(&cluster.status().await.expect("status")[0]);
        for field in ["index", "tool_id", "alive", "return_code", "pid", "started_at", "ended_at", "state"] {
            assert!(live.get(field).is_some(), "{field} is missing: {live}");
        }
        assert_eq!(
            (&live["index"], &live["tool_id"], &live["alive"]),
            (&0.into(), &"fake".into(), &true.into())
        );
        assert!(
            live["started_at"].is_string() && live["ended_at"].is_null() && live["return_code"].is_null()
        );
        // It crashes, and is looked at before it is started again.
        cluster.ask("crash").await.expect("a reply");
        let mut status = cluster.status().await.expect("status");
        while status[0].alive {
            tokio::task::yield_now().await;
            status = cluster.status().await.expect("status");
        }
        let dead = json(&status[0]);
        assert_eq!((&dead["alive"], &dead["return_code"]), (&false.into(), &(-11).into()));
        assert!(
            dead["started_at"].is_string() && dead["ended_at"].is_string() && dead["pid"].is_null(),
            "{dead}"
        );
        cluster.shutdown().await;
        let pool = plain(2).await;
        let live = json(&pool.status().await.expect("status")[1]);
        assert_eq!(
            (&live["index"], &live["alive"], &live["return_code"]),
            (&1.into(), &true.into(), &serde_json::Value::Null)
        );
        pool.shutdown().await.expect("open");
    });
}

#[test]
fn check_health() {
    in_virtual_time(async {
        let cluster = cluster(1).await;
        assert_eq!(cluster.health(), PoolHealth::Up);
        cluster.ask("crash").await.expect("a reply");
        // Nobody has to ask for a new one.
        assert_eq!(cluster.ask("say:x").await.expect("a reply").instance.generation, 2);
        cluster.shutdown().await;
        assert_eq!(cluster.health(), PoolHealth::Gone);
        let pool = plain(1).await;
        assert_eq!(pool.health(), PoolHealth::Up);
        pool.shutdown().await.expect("open");
        assert_eq!(pool.health(), PoolHealth::Gone);
    });
}

#[test]
fn restart_instance() {
    in_virtual_time(async {
        let cluster = cluster(2).await;
        let at_hand = cluster.send_to(SlotId(1), "work:50 say:done").await;
        assert_eq!(cluster.restart_instance(SlotId(1)).await, Ok(true));
        assert_eq!(cluster.restart_instance(SlotId(9)).await, Ok(false));
        assert_eq!(cluster.read(at_hand).await.expect("sent").expect("a reply").text(), "done");
        let next = cluster.send_to(SlotId(1), "say:x").await;
        let reply = cluster.read(next).await.expect("sent").expect("a reply");
        assert_eq!((reply.instance.slot, reply.instance.generation), (SlotId(1), 2));
        cluster.shutdown().await;
        let pool = plain(2).await;
        assert_eq!(pool.restart_instance(SlotId(1)).await, Ok(true));
        let reply = pool.send_prompt(SlotId(1), "say:x").await.expect("a reply");
        assert_eq!((reply.instance.slot, reply.instance.generation), (SlotId(1), 2));
        pool.shutdown().await.expect("open");
    });
}

#[test]
fn shutdown() {
    in_virtual_time(async {
        let cluster = cluster(1).await;
        let at_hand = cluster.send("work:50 say:done").await;
        while cluster.status().await.expect("status")[0].job.is_none() {
            tokio::task::yield_now().await;
        }
        cluster.shutdown().await;
        assert_eq!(cluster.read(at_hand).await.expect("sent").expect("a reply").text(), "done");
        assert!(cluster.ask("say:x").await.is_err());
        let pool = plain(1).await;
        let at_hand = pool.send_prompt(SlotId(0), "work:50 say:done");
        while pool.status().await.expect("status")[0].job.is_none() {
            tokio::task::yield_now().await;
        }
        pool.shutdown().await.expect("open");
        assert_eq!(at_hand.await.expect("a reply").text(), "done");
        assert!(pool.send_prompt(SlotId(0), "say:x").await.is_err());
    });
}

#[test]
fn send() {
    in_virtual_time(async {
        let cluster = cluster(1).await;
        let (first, second) = (cluster.send("say:1").await, cluster.send("say:2").await);
        assert_ne!(first, second);
        assert_eq!(cluster.ask("say:3").await.expect("a reply").text(), "3");
        assert_eq!(cluster.read(second).await.expect("sent").expect("a reply").text(), "2");
        cluster.shutdown().await;
    });
}

#[test]
fn send_to() {
    in_virtual_time(async {
        let cluster = cluster(3).await;
        let ticket = cluster.send_to(SlotId(2), Job::from("say:x")).await;
        let reply = cluster.read(ticket).await.expect("sent").expect("a reply");
        assert_eq!((reply.text(), reply.instance.slot), ("x", SlotId(2)));
        cluster.shutdown().await;
    });
}

#[test]
fn read() {
    in_virtual_time(async {
        let cluster = cluster(1).await;
        let ticket = cluster.send("say:x").await;
        assert_eq!(cluster.read(ticket).await.expect("sent").expect("a reply").text(), "x");
        assert_eq!(cluster.read(ticket).await, Err(ReadError::NoSuchTicket), "once");
        cluster.shutdown().await;
    });
}

#[test]
fn read_any() {
    in_virtual_time(async {
        let cluster = cluster(2).await;
        let (slow, quick) = (cluster.send("work:50 say:slow").await, cluster.send("say:quick").await);
        for (ticket, text) in [(quick, "quick"), (slow, "slow")] {
            let (from, reply) = cluster.read_any().await.expect("under way");
            assert_eq!((from, reply.expect("a reply").text()), (ticket, text));
        }
        assert_eq!(cluster.read_any().await, Err(ReadError::Nothing));
        cluster.shutdown().await;
    });
}

#[test]
fn broadcast() {
    in_virtual_time(async {
        let cluster = cluster(2).await;
        let results = cluster.broadcast((0..2).map(|slot| Job::from("say:x").on_slot(SlotId(slot)))).await;
        let slots: Vec<_> = results.into_iter().map(|it| it.expect("a reply").instance.slot).collect();
        assert_eq!(slots, [SlotId(0), SlotId(1)]);
        cluster.shutdown().await;
    });
}

#[test]
fn make_pool_aware() {
    in_virtual_time(async {
        let makes: [fn(pool_core::spec::ToolSpec) -> Adapter; 3] =
            [Adapter::one_shot, |spec| Adapter::pooled(spec, 2), |spec| Adapter::auto(spec, 2)];
        for make in makes {
            let tool = adapter(make);
            assert_eq!(tool.ask("say:x").await.expect("a reply").text(), "x");
            tool.shutdown().await;
        }
    });
}

#[test]
fn use_pool() {
    in_virtual_time(async {
        let tool = adapter(Adapter::one_shot);
        tool.use_pool(2);
        assert!(tool.decision().is_pool());
        assert_eq!(tool.ask("say:x").await.expect("a reply").text(), "x");
        tool.shutdown().await;
    });
}

#[test]
fn disable_pool() {
    in_virtual_time(async {
        let tool = adapter(|spec| Adapter::pooled(spec, 2));
        assert_eq!(tool.ask("say:x").await.expect("a reply").text(), "x");
        tool.disable_pool();
        assert!(!tool.decision().is_pool());
        assert_eq!(tool.ask("say:x").await.expect("a reply").text(), "x");
    });
}
