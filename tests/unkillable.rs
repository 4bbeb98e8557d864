//! Fault 10: a tool that hangs in the kernel, where not even SIGKILL reaches it. Such a process cannot be made on purpose,
//! so a fake child plays it.

mod support;

use cluster::ClusterManager;
use pool_core::message::{Outcome, SlotId};
use pool_core::process::fake::{Fakes, Stage};
use pool_core::spec::Cancel;
use pool_core::supervisor::{InstanceState, PoolHealth};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, in_virtual_time, play, spec};

/// How long a killed process may take to go.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// A pool in which the first child hangs as soon as it gets a job.
async fn pool(instances: usize) -> ClusterManager {
    let fakes = Fakes::new(|mut stage: Stage| {
        if stage.launch > 0 {
            return play(stage, Oracle::default());
        }
        Box::pin(async move {
            let probe = stage.line().await.unwrap_or_default();
            stage.print(format!("{}\n", probe.trim_start_matches('/'))).await;
            stage.line().await;
            stage.hang_in_the_kernel();
            std::future::pending().await
        })
    });
    let mut spec = spec(Cancel::Restart);
    spec.backoff.jitter = 0.0;
    let builder = ClusterManager::builder().tool(spec, instances).launcher(Arc::new(fakes));
    builder.seed(7).on_this_arbiter().build().await.expect("a valid plan")
}

#[test]
fn f10_a_tool_that_cannot_be_killed_loses_its_slot_after_two_seconds() {
    in_virtual_time(async {
        let cluster = pool(1).await;
        let hung = cluster.submit("say:a");
        let next = cluster.submit("say:b");
        let reply = hung.await.expect("a reply");
        assert_eq!(reply.outcome, Outcome::TimedOut);
        let killed = tokio::time::Instant::now();
        tokio::time::sleep(GIVEN_UP - Duration::from_millis(10)).await;
        let before = &cluster.status().await.expect("status")[0];
        assert_eq!((before.generation, before.alive), (1, true), "not yet: {before:?}");
        assert_eq!(next.await.expect("a reply").text(), "b");
        let took = killed.elapsed();
        assert!(took < GIVEN_UP + Duration::from_millis(200), "{took:?}");
        let after = &cluster.status().await.expect("status")[0];
        assert_eq!((after.generation, after.state), (2, InstanceState::Ready), "{after:?}");
        let exit = after.last_exit.as_deref().unwrap_or_default();
        assert!(exit.contains("cannot be killed"), "{exit}");
        cluster.shutdown().await;
    });
}

#[test]
fn f10_the_end_of_the_pool_does_not_wait_for_what_cannot_be_killed() {
    in_virtual_time(async {
        // A drain waits for the job first, which has five seconds; a kill does not.
        for (drain, job) in [(true, Duration::from_secs(5)), (false, Duration::ZERO)] {
            let cluster = pool(3).await;
            cluster.ready().await.expect("three instances");
            let hung = cluster.send_to(SlotId(0), "say:a").await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            let begun = tokio::time::Instant::now();
            if drain {
                cluster.shutdown().await;
            } else {
                cluster.kill().await;
            }
            let took = begun.elapsed();
            assert_eq!(cluster.health(), PoolHealth::Gone);
            let at_least = job + GIVEN_UP - Duration::from_millis(1);
            assert!(took >= at_least && took < at_least + Duration::from_secs(1), "{drain}: {took:?}");
            let reply = cluster.read(hung).await.expect("a ticket").expect("a reply");
            assert_eq!(reply.outcome, if drain { Outcome::TimedOut } else { Outcome::Cancelled });
        }
    });
}
