//! What a user is told of an instance: that it asks, waits, stalls, works again, backs off; in virtual time.

mod support;

use cluster::ClusterManager;
use pool_core::message::{ExitReport, Outcome};
use pool_core::process::fake::{Fakes, Stage};
use pool_core::process::look::Seen;
use pool_core::spec::{Cancel, OnStall, ToolSpec};
use pool_core::supervisor::{InstanceState, InstanceStatus};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, in_virtual_time, job, play, pool, spec};
use tokio::sync::mpsc::Receiver;

const SECOND: Duration = Duration::from_secs(1);

fn patient() -> ToolSpec {
    let mut spec = spec(Cancel::Restart);
    spec.limits.turn = 3600 * SECOND;
    spec.turn.questions = vec![regex::Regex::new(r"\(y/n\) \z").expect("valid")];
    spec.turn.throttled =
        vec![regex::Regex::new(r"(?m)^Retrying in [0-9.]+ seconds\.\.\.\s*\z").expect("valid")];
    spec
}

/// A child that answers sentinels, and acts at any other line.
async fn acting<A>(spec: ToolSpec, act: A) -> ClusterManager
where
    A: AsyncFn(&mut Stage, &str) + Clone + Send + Sync + 'static,
{
    let fakes = Fakes::new(move |mut stage: Stage| {
        let act = act.clone();
        Box::pin(async move {
            while let Some(line) = stage.line().await {
                match line.strip_prefix("/end ") {
                    Some(nonce) => stage.print(format!("end {nonce}\n")).await,
                    None => act(&mut stage, &line).await,
                }
            }
            ExitReport::Exited(0)
        })
    });
    let builder = ClusterManager::builder().tool(spec, 1).launcher(Arc::new(fakes));
    let cluster = builder.on_this_arbiter().build().await.expect("a plan");
    cluster.ready().await.expect("ready");
    cluster
}

/// The next state that is told, and its evidence.
async fn told(watch: &mut Receiver<InstanceStatus>) -> (InstanceState, String) {
    let status = watch.recv().await.expect("a change");
    (status.state, status.evidence)
}

fn process(state: char, ticks: u64) -> Vec<Seen> {
    vec![Seen {
        pid: 1,
        parent: 0,
        state,
        name: "fake".into(),
        ticks,
        memory: 0,
        waits_in: None,
        waits_for: None,
    }]
}

fn seconds(since: tokio::time::Instant) -> u64 {
    since.elapsed().as_secs()
}

#[test]
fn f21_a_question_is_shown_with_its_words_and_gone_with_the_next_output() {
    in_virtual_time(async {
        let cluster = acting(patient(), async |stage, _| {
            stage.print("Proceed? (y/n) ").await;
            tokio::time::sleep(SECOND).await;
            stage.print("\nnobody answered\n").await;
            tokio::time::sleep(SECOND).await;
        })
        .await;
        let mut watch = cluster.watch(8);
        let job = cluster.submit("go");
        let asks = "it asks: Proceed? (y/n)".to_owned();
        let status = watch.recv().await.expect("a change");
        assert_eq!((status.state, status.evidence), (InstanceState::NeedsInput, asks));
        assert_eq!(status.job, Some(job.job().0));
        assert_eq!(told(&mut watch).await.0, InstanceState::Working);
        assert_eq!(job.await.expect("a reply").outcome, Outcome::Ok);
        assert_eq!(cluster.status().await.expect("status")[0].state, InstanceState::Ready);
        cluster.shutdown().await;
    });
}

#[test]
fn f21_a_job_that_nobody_answered_says_so() {
    in_virtual_time(async {
        let mut spec = patient();
        spec.limits.turn = 60 * SECOND;
        let cluster = acting(spec, async |stage, _| {
            stage.print("Proceed? (y/n) ").await;
            std::future::pending::<()>().await;
        })
        .await;
        let reply = cluster.ask("go").await.expect("a reply");
        assert_eq!(reply.outcome, Outcome::TimedOut);
        assert_eq!(
            reply.error.expect("a reason"),
            "no end of turn in time: nobody answered \"Proceed? (y/n)\""
        );
        cluster.shutdown().await;
    });
}

#[test]
fn a_dump_says_what_is_awaited_and_how_long() {
    in_virtual_time(async {
        let cluster = acting(patient(), async |stage, _| {
            stage.appear(process('S', 7));
            stage.print("half a rep").await;
            std::future::pending::<()>().await;
        })
        .await;
        let _job = cluster.submit(job(&["go".into(), "on".into()]));
        tokio::time::sleep(60 * SECOND).await;
        let dump = cluster.dump().await.expect("a dump").remove(0);
        let inside = dump.inside.expect("it answers");
        assert_eq!(
            (dump.status.state, inside.doing, inside.step),
            (InstanceState::Working, "a step runs", Some((1, 2)))
        );
        assert!(inside.expects.starts_with("the sentinel "), "{}", inside.expects);
        assert_eq!((inside.tail.as_slice(), inside.processes), (&b"half a rep"[..], process('S', 7)));
        // The clock ticks in milliseconds.
        let timers: Vec<_> =
            inside.timers.iter().map(|(name, left)| (*name, left.as_secs_f64().round())).collect();
        assert_eq!(timers, [("stall", 540.0), ("timeout", 3540.0)]);
        cluster.kill().await;
    });
}

#[test]
fn a_tool_that_tries_again_by_itself_is_throttled_meanwhile() {
    in_virtual_time(async {
        let cluster = acting(patient(), async |stage, _| {
            for wait in ["0.2", "8.0"] {
                stage.print(format!("RateLimitError\nRetrying in {wait} seconds...\n")).await;
                tokio::time::sleep(Duration::from_secs_f64(wait.parse().expect("a number"))).await;
            }
            stage.print("done\n").await;
            tokio::time::sleep(SECOND).await;
        })
        .await;
        let mut watch = cluster.watch(8);
        let job = cluster.submit("go");
        let says = "it says: Retrying in 8.0 seconds...".to_owned();
        assert_eq!(
            told(&mut watch).await,
            (InstanceState::Throttled, says),
            "the first wait is too short to tell"
        );
        assert_eq!(told(&mut watch).await.0, InstanceState::Working);
        assert!(job.await.expect("a reply").text().ends_with("done"));
        cluster.shutdown().await;
    });
}

#[test]
fn f09_a_stopped_tool_is_told_to_go_on_and_then_replaced() {
    in_virtual_time(async {
        let cluster = acting(patient(), async |stage, line| {
            stage.appear(process('T', 1));
            if line == "once" {
                stage.continued().await;
                stage.appear(process('S', 1));
                return stage.print("goes on\n").await;
            }
            std::future::pending::<()>().await;
        })
        .await;
        let mut watch = cluster.watch(8);
        let began = tokio::time::Instant::now();
        assert_eq!(cluster.ask("once").await.expect("a reply").text(), "goes on");
        assert_eq!(seconds(began), 5, "seen at the first look");
        let (state, evidence) = told(&mut watch).await;
        assert_eq!(state, InstanceState::Stalled);
        assert!(evidence.contains("signal"), "{evidence}");
        let stays = cluster.ask("for ever").await.expect("a reply");
        assert_eq!((stays.outcome, seconds(began)), (Outcome::TimedOut, 15));
        assert!(stays.error.expect("a reason").contains("in vain"));
        assert_eq!(cluster.submit("once").await.expect("a reply").instance.generation, 2);
        cluster.shutdown().await;
    });
}

#[test]
fn f27_a_silent_tool_that_works_is_no_stall() {
    in_virtual_time(async {
        let cluster = acting(patient(), async |stage, line| {
            for second in 0..1800 {
                stage.appear(process('R', if line == "works" { second * 100 } else { 7 }));
                tokio::time::sleep(SECOND).await;
            }
            stage.print("done\n").await;
        })
        .await;
        let mut watch = cluster.watch(8);
        assert_eq!(cluster.ask("works").await.expect("a reply").text(), "done");
        assert!(watch.try_recv().is_err(), "nothing to tell");
        let began = tokio::time::Instant::now();
        let hangs = cluster.submit("hangs");
        let idle = "neither output nor processor time for 600s".to_owned();
        assert_eq!(told(&mut watch).await, (InstanceState::Stalled, idle));
        assert_eq!(seconds(began), 600);
        assert_eq!(hangs.await.expect("it is only shown").text(), "done");
        cluster.shutdown().await;
    });
}

#[test]
fn a_stall_is_killed_where_that_is_wanted() {
    in_virtual_time(async {
        let mut spec = patient();
        spec.on_stall = OnStall::Kill;
        spec.limits.stall = 60 * SECOND;
        let cluster = pool(spec, 1, &Oracle::default()).await;
        let reply = cluster.ask(job(&["deaf".into()])).await.expect("a reply");
        assert_eq!(reply.outcome, Outcome::TimedOut);
        assert_eq!(reply.error.expect("a reason"), "stalled: neither output nor processor time for 60s");
        assert_eq!(cluster.ask("say:next").await.expect("a reply").instance.generation, 2);
        cluster.shutdown().await;
    });
}

#[test]
fn ends_are_told_with_their_reason_and_what_follows() {
    in_virtual_time(async {
        let mut spec = patient();
        spec.intensity.max = 1;
        spec.backoff.jitter = 0.0;
        spec.start.at_once = Some(1);
        let fakes = Fakes::new(|stage| play(stage, Oracle::default()));
        let builder = ClusterManager::builder().tool(spec, 1).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        cluster.ready().await.expect("ready");
        let status = &cluster.status().await.expect("status")[0];
        assert!(status.evidence.starts_with("it started within"), "{status:?}");
        let mut watch = cluster.watch(8);
        cluster.ask("crash").await.expect("a reply");
        let crashed = "it ended by signal 11; started again in 10.0ms".to_owned();
        assert_eq!(told(&mut watch).await, (InstanceState::BackingOff, crashed));
        for state in [InstanceState::Starting, InstanceState::Warming, InstanceState::Ready] {
            assert_eq!(told(&mut watch).await.0, state);
        }
        cluster.ask("crash").await.expect("a reply");
        let (state, reason) = told(&mut watch).await;
        assert!(state == InstanceState::Failed && reason.contains("ended too often"), "{state:?} {reason}");
        cluster.shutdown().await;
    });
}

#[test]
fn f60_time_in_which_we_are_stopped_is_not_charged() {
    in_virtual_time(async {
        let mut spec = patient();
        spec.limits.turn = 60 * SECOND;
        let cluster = acting(spec, async |_, line| {
            if line == "hangs" {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(8 * 3600 * SECOND + 50 * SECOND).await;
        })
        .await;
        let mut watch = cluster.watch(8);
        for (prompt, outcome, ends) in [("slow", Outcome::Ok, 50), ("hangs", Outcome::TimedOut, 60)] {
            let began = tokio::time::Instant::now();
            let job = cluster.submit(prompt);
            tokio::time::sleep(10 * SECOND).await;
            cluster.pause().await;
            tokio::time::sleep(8 * 3600 * SECOND).await;
            cluster.resume().await;
            let reply = job.await.expect("a reply");
            assert_eq!((reply.outcome, seconds(began)), (outcome, 8 * 3600 + ends), "{prompt}");
            assert_eq!(reply.timings.turn.as_secs(), ends, "{prompt}");
        }
        assert!(!matches!(watch.try_recv(), Ok(status) if status.state == InstanceState::Stalled));
        cluster.shutdown().await;
    });
}
