//! One call, a process or a pool behind it, in virtual time.

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use cluster::adapter::{Adapter, AskError, ONE_SHOTS};
use cluster::{JobError, Outcome};
use pool_core::process::fake::Fakes;
use pool_core::spec::{Cancel, ToolSpec};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, in_virtual_time, play, spec};
use tokio::time::{Instant, sleep};

/// A tool that takes so long to start; the oracle tells which process got which line.
fn slow(start: Duration, oracle: &Oracle, adapter: impl FnOnce(ToolSpec) -> Adapter) -> Adapter {
    let oracle = oracle.clone();
    let fakes = Arc::new(Fakes::new(move |stage| {
        let oracle = oracle.clone();
        Box::pin(async move {
            sleep(start).await;
            play(stage, oracle).await
        })
    }));
    adapter(spec(Cancel::Interrupt))
        .configure(move |builder| builder.launcher(fakes.clone()).seed(7).on_this_arbiter())
}

/// Which processes were given a prompt, in order.
fn launches(oracle: &Oracle) -> Vec<usize> {
    let oracle = oracle.lock().expect("no panic");
    oracle.iter().filter(|(_, line)| line.starts_with("say:")).map(|(launch, _)| *launch).collect()
}

async fn ask(tool: &Adapter, times: usize) {
    for n in 0..times {
        let reply = tool.ask(format!("say:{n}")).await.expect("a reply");
        assert_eq!((reply.text(), reply.outcome), (n.to_string().as_str(), Outcome::Ok));
    }
}

fn distinct(mut launches: Vec<usize>) -> usize {
    launches.sort_unstable();
    launches.dedup();
    launches.len()
}

#[test]
fn the_same_call_by_processes_and_by_a_pool() {
    in_virtual_time(async {
        for (adapter, processes) in
            [(Adapter::one_shot as fn(ToolSpec) -> Adapter, 4), (|spec| Adapter::pooled(spec, 1), 1)]
        {
            let oracle = Oracle::default();
            let tool = slow(Duration::from_millis(5), &oracle, adapter);
            ask(&tool, 4).await;
            assert_eq!(distinct(launches(&oracle)), processes);
            tool.shutdown().await;
        }
    });
}

#[test]
fn switching_needs_no_other_call_and_loses_no_job() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let tool = slow(Duration::from_millis(5), &oracle, Adapter::one_shot);
        assert_eq!(tool.decision().why(), "a process for each job was asked for");
        ask(&tool, 2).await;
        tool.use_pool(1);
        assert!(tool.decision().is_pool());
        ask(&tool, 3).await;
        assert_eq!(distinct(launches(&oracle)), 3, "two processes, then one instance");
        // One is under way in the pool when it is switched off.
        let other = tool.clone();
        let under_way = actix::spawn(async move { other.ask("work:500 say:kept").await });
        sleep(Duration::from_millis(100)).await;
        tool.disable_pool();
        ask(&tool, 1).await;
        assert_eq!(distinct(launches(&oracle)), 4);
        let reply = under_way.await.expect("no panic").expect("a reply");
        assert_eq!((reply.text(), reply.outcome), ("kept", Outcome::Ok));
        tool.shutdown().await;
    });
}

#[test]
fn auto_pools_when_it_pays_and_says_why() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let tool = slow(Duration::from_secs(2), &oracle, |spec| Adapter::auto(spec, 2));
        let began = Instant::now();
        ask(&tool, 3).await;
        assert!(began.elapsed() >= Duration::from_secs(6), "a start each: {:?}", began.elapsed());
        let decision = tool.decision();
        assert!(decision.is_pool(), "{decision:?}");
        assert!(decision.why().starts_with("a start takes 2.0"), "{decision:?}");
        let began = Instant::now();
        ask(&tool, 20).await;
        assert!(began.elapsed() < Duration::from_millis(2500), "one start: {:?}", began.elapsed());
        tool.shutdown().await;
    });
}

#[test]
fn auto_goes_by_the_number_that_is_announced() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let tool = slow(Duration::from_secs(1), &oracle, |spec| Adapter::auto(spec, 2));
        tool.expect(10);
        ask(&tool, 1).await;
        assert!(tool.decision().is_pool(), "measured by the first: {:?}", tool.decision());
        let tool = slow(Duration::from_millis(1), &oracle, |spec| Adapter::auto(spec, 2));
        tool.expect(100);
        ask(&tool, 50).await;
        assert!(!tool.decision().is_pool(), "{:?}", tool.decision());
    });
}

/// Sixty-four of them have a process before anything is known; the others wait for a place, and by then a pool pays.
#[test]
fn of_a_crowd_those_that_wait_for_a_place_go_by_what_the_first_have_learnt() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let tool = slow(Duration::from_secs(2), &oracle, |spec| Adapter::auto(spec, 4));
        tool.expect(300);
        let asks = (0..300).map(|n| {
            let tool = tool.clone();
            actix::spawn(async move { tool.ask(format!("say:{n}")).await.expect("a reply") })
        });
        for reply in asks.collect::<Vec<_>>() {
            assert_eq!(reply.await.expect("no panic").outcome, Outcome::Ok);
        }
        assert_eq!(launches(&oracle).len(), 300);
        assert!(distinct(launches(&oracle)) <= ONE_SHOTS + 4, "{}", distinct(launches(&oracle)));
        tool.shutdown().await;
    });
}

#[test]
fn a_conversation_is_kept_by_a_pool_or_refused() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let turn = |text: &str| cluster::Job::from(text).session("s");
        let tool = slow(Duration::from_millis(5), &oracle, Adapter::one_shot);
        let error = tool.ask(turn("say:x")).await.expect_err("nobody would remember");
        assert!(matches!(error, AskError::Job(JobError::Unavailable(_))), "{error}");
        let tool = slow(Duration::from_millis(5), &oracle, |spec| Adapter::auto(spec, 2));
        for text in ["say:x", "say:y"] {
            let reply = tool.ask(turn(text)).await.expect("a reply");
            assert!(!reply.context_lost, "{reply:?}");
        }
        assert_eq!(distinct(launches(&oracle)), 1, "both turns on one instance");
        assert!(tool.decision().why().contains("conversation"));
        tool.shutdown().await;
    });
}

#[test]
fn a_pool_that_has_given_up_is_left_behind() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let tool = slow(Duration::from_millis(5), &oracle, |mut spec| {
            spec.no_restart_on = vec![0];
            Adapter::pooled(spec, 1)
        });
        let reply = tool.ask("half:x").await.expect("what there was");
        assert_eq!(reply.outcome, Outcome::Truncated);
        let error = tool.ask("say:x").await.expect_err("its only instance has gone for ever");
        assert!(matches!(error, AskError::Job(JobError::GivenUp(_))), "{error}");
        ask(&tool, 2).await;
        tool.shutdown().await;
    });
}

#[test]
fn a_pool_of_the_same_size_stays() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let tool = slow(Duration::from_millis(5), &oracle, Adapter::one_shot);
        for _ in 0..2 {
            tool.use_pool(1);
            ask(&tool, 1).await;
        }
        assert_eq!(distinct(launches(&oracle)), 1);
        tool.use_pool(2);
        ask(&tool, 1).await;
        assert_eq!(distinct(launches(&oracle)), 2);
        tool.shutdown().await;
    });
}

#[test]
fn callers_that_come_together_start_one_pool() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let tool = slow(Duration::from_millis(50), &oracle, |spec| Adapter::pooled(spec, 2));
        let asks = (0..8).map(|n| {
            let tool = tool.clone();
            actix::spawn(
                async move { tool.ask(format!("say:{n}")).await.expect("a reply").text().to_owned() },
            )
        });
        for (n, reply) in asks.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(reply.await.expect("no panic"), n.to_string());
        }
        assert!(distinct(launches(&oracle)) <= 2, "{:?}", launches(&oracle));
        tool.shutdown().await;
        ask(&tool, 1).await;
        tool.shutdown().await;
    });
}

#[test]
fn what_cannot_start_is_an_error_of_the_call() {
    in_virtual_time(async {
        let tool = Adapter::pooled(spec(Cancel::Interrupt), 0);
        let error = tool.ask("say:x").await.expect_err("no instances");
        assert!(matches!(error, AskError::Launch(_)), "{error}");
        let tool = slow(Duration::ZERO, &Oracle::default(), |spec| Adapter::pooled(spec, 1));
        let error = tool.ask(cluster::Job::from("say:x").tool("other")).await.expect_err("no such tool");
        assert!(matches!(error, AskError::Job(JobError::Unavailable(_))), "{error}");
        tool.shutdown().await;
    });
}
