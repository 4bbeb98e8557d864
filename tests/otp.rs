//! Cases of OTP's `supervisor_SUITE` that apply to a pool, each under its name there: the shipped supervisor and router
//! in virtual time. Those about one slot alone are tables beside the machine; `one_for_all` and `rest_for_one` have no
//! counterpart, for instances do not depend on each other.

mod support;

use cluster::{ClusterManager, Job};
use pool_core::error::StartError;
use pool_core::message::{ExitReport, Outcome, SlotId};
use pool_core::process::fake::{Fakes, Play, Stage};
use pool_core::process::{Launch, Launching};
use pool_core::spec::{Backoff, Cancel, Intensity, Restart, Shutdown, ToolSpec};
use pool_core::supervisor::{InstanceState, PoolHealth};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Oracle, in_virtual_time, play, pool, spec};
use tokio::time::{Instant, sleep, timeout};

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);

/// A tool whose restarts cost no time.
fn tool(name: &str, restart: Restart, max: u32, within: Duration) -> ToolSpec {
    let mut spec = spec(Cancel::Restart);
    (spec.tool, spec.restart, spec.intensity) = (name.into(), restart, Intensity { max, within });
    spec.backoff = Backoff { min: Duration::ZERO, max: Duration::ZERO, jitter: 0.0, ..Backoff::default() };
    spec.breaker.failures = 0;
    spec
}

/// A cluster of several tools.
async fn cluster(
    tools: impl IntoIterator<Item = (ToolSpec, usize)>,
    child: impl Fn(Stage) -> Play + Send + Sync + 'static,
) -> ClusterManager {
    let launcher = Arc::new(Fakes::new(child));
    let builder =
        tools.into_iter().fold(ClusterManager::builder(), |builder, (spec, n)| builder.tool(spec, n));
    builder.launcher(launcher).seed(7).on_this_arbiter().build().await.expect("a valid plan")
}

fn plays(stage: Stage) -> Play {
    play(stage, Oracle::default())
}

async fn states(cluster: &ClusterManager) -> Vec<InstanceState> {
    cluster.status().await.expect("status").into_iter().map(|status| status.state).collect()
}

/// Waits until the instances are in these states.
async fn until(cluster: &ClusterManager, wanted: &[InstanceState]) {
    let come = async {
        while states(cluster).await != wanted {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let came = timeout(HOUR, come).await;
    assert!(came.is_ok(), "{:?}", states(cluster).await);
}

async fn crash(cluster: &ClusterManager, tool: &str) {
    let reply = cluster.ask(Job::from("crash").tool(tool)).await.expect("a reply");
    assert_eq!(reply.outcome, Outcome::Crashed);
}

#[test]
fn temporary_bystander() {
    in_virtual_time(async {
        let permanent = tool("permanent", Restart::Permanent, 1, HOUR);
        let temporary = tool("temporary", Restart::Temporary, 1, HOUR);
        let cluster = cluster([(permanent, 1), (temporary, 1)], plays).await;
        crash(&cluster, "permanent").await;
        let reply = cluster.ask(Job::from("say:here").tool("temporary")).await.expect("a reply");
        assert_eq!((reply.text(), reply.instance.generation), ("here", 1), "it was not touched");
        crash(&cluster, "temporary").await;
        let reply = cluster.ask(Job::from("say:here").tool("permanent")).await.expect("a reply");
        assert_eq!(reply.instance.generation, 2);
        assert_eq!(states(&cluster).await[1], InstanceState::Gone);
        cluster.shutdown().await;
    });
}

#[test]
fn multiple_restarts() {
    in_virtual_time(async {
        let cluster = cluster([(tool("t", Restart::Permanent, 1, SECOND), 1)], plays).await;
        for generation in 1..=15 {
            let reply = cluster.ask("crash").await.expect("a reply");
            assert_eq!((reply.outcome, reply.instance.generation), (Outcome::Crashed, generation));
            sleep(SECOND + Duration::from_millis(1)).await;
        }
        assert_eq!(cluster.health(), PoolHealth::Up, "never two in one second");
        cluster.shutdown().await;
    });
}

/// `one_for_one_escalation`, `simple_one_for_one_escalation`: the tool is given up as a whole, and stays so. What it has
/// at hand may end; what only it could run is refused with its name; the rest of the pool goes on. Fault 6.
#[test]
fn one_for_one_escalation() {
    in_virtual_time(async {
        let (bad, good) =
            (tool("bad", Restart::Permanent, 1, HOUR), tool("good", Restart::Permanent, 1, HOUR));
        let cluster = cluster([(bad, 2), (good, 1)], plays).await;
        cluster.ready().await.expect("ready");
        let long = cluster.submit(Job::from("work:4000 say:whole").tool("bad"));
        sleep(SECOND).await;
        crash(&cluster, "bad").await;
        crash(&cluster, "bad").await;
        let refused = cluster.ask(Job::from("say:x").tool("bad")).await.expect_err("given up").to_string();
        assert!(refused.contains("bad ended too often"), "{refused}");
        let any = cluster.ask("say:x").await.expect("a reply");
        assert_eq!(&*any.instance.tool, "good");
        assert_eq!(long.await.expect("a reply").text(), "whole", "the job at hand is not lost");
        sleep(HOUR).await;
        let left = [InstanceState::Failed, InstanceState::Failed, InstanceState::Ready];
        assert_eq!(states(&cluster).await, left, "nobody comes back");
        assert_eq!(cluster.health(), PoolHealth::Up);
        crash(&cluster, "good").await;
        crash(&cluster, "good").await;
        let reason = cluster.failure().await;
        assert!(
            reason.contains("bad ended too often") && reason.contains("good ended too often"),
            "{reason}"
        );
        cluster.shutdown().await;
    });
}

/// `one_for_one_other_child_fails_restart`: one fails to restart while another one ends.
#[test]
fn one_for_one_other_child_fails_restart() {
    in_virtual_time(async {
        let launches = AtomicUsize::new(0);
        let child = move |stage: Stage| -> Play {
            match launches.fetch_add(1, Ordering::Relaxed) {
                // The first two restarts fail.
                2 | 3 => Box::pin(async { ExitReport::Exited(1) }),
                _ => plays(stage),
            }
        };
        let cluster = cluster([(tool("t", Restart::Permanent, 4, HOUR), 2)], child).await;
        until(&cluster, &[InstanceState::Ready; 2]).await;
        cluster.ask(Job::from("crash").on_slot(SlotId(0))).await.expect("a reply");
        cluster.ask(Job::from("crash").on_slot(SlotId(1))).await.expect("a reply");
        until(&cluster, &[InstanceState::Ready; 2]).await;
        let lives: Vec<_> =
            cluster.status().await.expect("status").into_iter().map(|status| status.generation).collect();
        assert_eq!(
            lives.iter().sum::<u32>(),
            6,
            "two crashes and two failed starts, each followed by a start"
        );
        cluster.ask(Job::from("crash").on_slot(SlotId(0))).await.expect("a reply");
        assert!(cluster.failure().await.contains("too often"), "they all counted");
        cluster.shutdown().await;
    });
}

/// `child_adm`: an instance that runs is restarted on demand, without being charged for it; one that is not there, or
/// will not live again, is not.
#[test]
fn child_adm() {
    in_virtual_time(async {
        let (kept, gone) =
            (tool("kept", Restart::Permanent, 0, HOUR), tool("gone", Restart::Temporary, 0, HOUR));
        let cluster = cluster([(kept, 1), (gone, 1)], plays).await;
        crash(&cluster, "gone").await;
        until(&cluster, &[InstanceState::Ready, InstanceState::Gone]).await;
        for (slot, restarts) in [(0, true), (1, false), (2, false), (0, true)] {
            assert_eq!(cluster.restart_instance(SlotId(slot)).await.expect("open"), restarts, "slot {slot}");
            until(&cluster, &[InstanceState::Ready, InstanceState::Gone]).await;
        }
        let reply = cluster.ask("say:here").await.expect("a reply");
        assert_eq!((reply.text(), reply.instance.generation), ("here", 3), "restarted twice");
        cluster.shutdown().await;
    });
}

/// `any_significant` and `all_significant`, of which ours is the second: a pool ends with the last of its instances, not
/// with the first.
#[test]
fn all_significant() {
    in_virtual_time(async {
        let cluster = cluster([(tool("t", Restart::Temporary, 1, HOUR), 2)], plays).await;
        cluster.ready().await.expect("ready");
        crash(&cluster, "t").await;
        sleep(HOUR).await;
        assert_eq!(cluster.health(), PoolHealth::Up);
        assert_eq!(cluster.ask("say:here").await.expect("a reply").text(), "here");
        crash(&cluster, "t").await;
        let reason = timeout(SECOND, cluster.failure()).await.expect("the last one has gone");
        assert!(!reason.is_empty());
        assert!(cluster.ask("say:x").await.is_err());
        cluster.shutdown().await;
    });
}

/// `sup_start_fail`: what cannot start at all fails at once, and is not tried again.
#[test]
fn sup_start_fail() {
    in_virtual_time(async {
        let launches = Arc::new(Launches::of([]));
        let spec = tool("t", Restart::Permanent, 5, HOUR);
        let builder = ClusterManager::builder().tool(spec, 3).launcher(launches.clone());
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        let began = Instant::now();
        let error = cluster.ready().await.expect_err("nothing starts").to_string();
        assert!(error.contains("program 'x' not found"), "{error}");
        assert_eq!((began.elapsed(), launches.so_far()), (Duration::ZERO, 3));
        cluster.shutdown().await;
    });
}

/// `hanging_restart_loop`: the supervisor answers while a child fails to start for ever.
#[test]
fn hanging_restart_loop() {
    in_virtual_time(async {
        let shortage = || Err(StartError::System("resource temporarily unavailable".into()));
        let launches = Arc::new(Launches::of((0..10_000).map(|_| shortage())));
        let spec = tool("t", Restart::Permanent, 1, HOUR);
        let builder = ClusterManager::builder().tool(spec, 1).launcher(launches.clone());
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        let waiting = cluster.submit("say:x");
        for _ in 0..100 {
            sleep(SECOND).await;
            let status = timeout(Duration::from_millis(1), cluster.status()).await.expect("an answer");
            assert_eq!(status.expect("status")[0].state, InstanceState::BackingOff);
        }
        assert!((100..=101).contains(&launches.so_far()), "{} starts in 100 s", launches.so_far());
        assert!(!cluster.restart_instance(SlotId(0)).await.expect("open"), "there is nobody to restart");
        let began = Instant::now();
        cluster.shutdown().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert!(waiting.await.is_err(), "refused, not forgotten");
    });
}

/// `count_restarting_children`.
#[test]
fn count_restarting_children() {
    in_virtual_time(async {
        let mut spec = tool("t", Restart::Permanent, 10, HOUR);
        (spec.backoff.min, spec.backoff.max) = (SECOND, SECOND);
        let cluster = cluster([(spec, 3)], plays).await;
        until(&cluster, &[InstanceState::Ready; 3]).await;
        for down in 1..=3_u32 {
            let slot = SlotId(down - 1);
            cluster.ask(Job::from("crash").on_slot(slot)).await.expect("a reply");
            let restarting = |status: &&InstanceState| **status == InstanceState::BackingOff;
            assert_eq!(states(&cluster).await.iter().filter(restarting).count(), down as usize);
        }
        until(&cluster, &[InstanceState::Ready; 3]).await;
        cluster.shutdown().await;
    });
}

/// A child that works on for `time` after it was asked to go.
fn lingers(time: Duration) -> impl Fn(Stage) -> Play + Send + Sync + 'static {
    move |mut stage| {
        Box::pin(async move {
            while let Some(line) = stage.line().await {
                if let Some(nonce) = line.strip_prefix("/end ") {
                    stage.print(format!("end {nonce}\n")).await;
                }
            }
            sleep(time).await;
            ExitReport::Exited(0)
        })
    }
}

/// `sup_stop_infinity`, `sup_stop_timeout`, `sup_stop_brutal_kill`, and `simple_one_for_one_shutdown`: all are stopped at
/// the same time, so 50 take as long as one.
#[test]
fn sup_stop() {
    let ladder = |quit, term| Shutdown::After { say: None, quit, term };
    let table = [
        ("infinity", ladder(1000 * HOUR, HOUR), 10 * HOUR, 10 * HOUR),
        ("obedient", ladder(2 * SECOND, 5 * SECOND), SECOND, SECOND),
        ("timeout", ladder(2 * SECOND, 5 * SECOND), HOUR, 2 * SECOND),
        ("brutal_kill", Shutdown::Kill, HOUR, Duration::ZERO),
    ];
    for (name, stop, lingering, expected) in table {
        for instances in [1, 50] {
            let stop = stop.clone();
            in_virtual_time(async {
                let spec = ToolSpec { stop, ..tool("t", Restart::Permanent, 1, HOUR) };
                let cluster = cluster([(spec, instances)], lingers(lingering)).await;
                until(&cluster, &vec![InstanceState::Ready; instances]).await;
                let began = Instant::now();
                cluster.shutdown().await;
                let took = began.elapsed().as_secs();
                assert_eq!(
                    (took, cluster.health()),
                    (expected.as_secs(), PoolHealth::Gone),
                    "{name} {instances}"
                );
            });
        }
    }
}

/// `simple_one_for_one_scale_many_temporary_children`.
#[test]
fn scale_many_temporary_children() {
    in_virtual_time(async {
        let spec = tool("t", Restart::Temporary, 1, HOUR);
        let cluster = pool(spec, 500, &Oracle::default()).await;
        until(&cluster, &[InstanceState::Ready; 500]).await;
        let jobs: Vec<_> = (0..500).map(|_| cluster.submit("crash")).collect();
        for job in jobs {
            assert_eq!(job.await.expect("a reply").outcome, Outcome::Crashed);
        }
        assert!(cluster.failure().await.contains("the last instance of t ended by signal 11"));
        assert_eq!(states(&cluster).await, [InstanceState::Gone; 500]);
        cluster.shutdown().await;
    });
}

/// Starts nothing: fails as told, then with a missing program.
struct Launches {
    left: Mutex<VecDeque<Result<(), StartError>>>,
    so_far: AtomicUsize,
}

impl Launches {
    fn of(results: impl IntoIterator<Item = Result<(), StartError>>) -> Self {
        Self { left: Mutex::new(results.into_iter().collect()), so_far: AtomicUsize::new(0) }
    }

    fn so_far(&self) -> usize {
        self.so_far.load(Ordering::Relaxed)
    }
}

impl Launch for Launches {
    fn launch(&self, _: &ToolSpec, _: SlotId) -> Launching {
        self.so_far.fetch_add(1, Ordering::Relaxed);
        let missing = StartError::NoProgram { program: "x".into() };
        let next = self.left.lock().expect("no panic").pop_front().and_then(Result::err).unwrap_or(missing);
        Box::pin(std::future::ready(Err(next)))
    }
}
