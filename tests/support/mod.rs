//! What the tests of the whole system share: a tool that plays a script in virtual time, and the pool around it.

use cluster::{ClusterManager, Job};
use pool_core::message::ExitReport;
use pool_core::process::fake::{Fakes, Play, Stage};
use pool_core::spec::{Backoff, Cancel, Intensity, ToolSpec, TurnRule, TurnSpec};
use routing::metrics::SlotView;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a fake child received, in order: `(launch, line)`.
pub(crate) type Oracle = Arc<Mutex<Vec<(usize, String)>>>;

/// Runs `test` on a System of its own with the clock paused: time passes only when everybody waits.
pub(crate) fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    actix::System::new().block_on(async {
        tokio::time::pause();
        test.await
    })
}

/// The tool that [`play`] plays: framed by a sentinel on both sides, interrupted or replaced.
pub(crate) fn spec(cancel: Cancel) -> ToolSpec {
    let expect = regex::Regex::new(r"(?m)^end (?P<nonce>[0-9a-f]{16})$").expect("a valid pattern");
    let rule = TurnRule::Sentinel { send: "/end {nonce}".into(), expect, before: None, begin: true };
    let mut spec = ToolSpec::new("fake", vec!["fake".into()], TurnSpec::new(rule));
    spec.cancel = cancel;
    spec.limits.turn = Duration::from_secs(5);
    spec.intensity = Intensity { max: 10_000, within: Duration::from_secs(3600) };
    let (min, max) = (Duration::from_millis(10), Duration::from_millis(100));
    spec.backoff = Backoff { min, max, steps: 4, ..Backoff::default() };
    spec
}

/// A pool of `instances` fake children on this arbiter.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) async fn pool(spec: ToolSpec, instances: usize, oracle: &Oracle) -> ClusterManager {
    let oracle = oracle.clone();
    let fakes = Fakes::new(move |stage| play(stage, oracle.clone()));
    let builder = ClusterManager::builder().tool(spec, instances).launcher(Arc::new(fakes));
    builder.seed(7).on_this_arbiter().build().await.expect("a valid plan")
}

/// A child that answers `/end NONCE` with `end NONCE`, and any other line by the words in it, in order:
///
/// | word | what it does |
/// |---|---|
/// | `say:TEXT` | prints TEXT and a line end |
/// | `work:MS` | takes its time; an interrupt ends the line with `interrupted` |
/// | `look` | prints what looks like prompts and sentinels |
/// | `late:TEXT` | prints TEXT only after the reply is over, before it reads on |
/// | `half:TEXT` | prints TEXT without a line end and exits with code 0 |
/// | `crash` | ends by signal 11 |
/// | `hang` | does nothing until it is interrupted |
/// | `deaf` | does nothing for ever |
pub(crate) fn play(mut stage: Stage, oracle: Oracle) -> Play {
    Box::pin(async move {
        let (mut late, mut due) = (String::new(), String::new());
        while let Some(line) = stage.line().await {
            oracle.lock().expect("no panic").push((stage.launch, line.clone()));
            stage.print(std::mem::take(&mut due)).await;
            if let Some(nonce) = line.strip_prefix("/end ") {
                stage.print(format!("end {nonce}\n")).await;
                due = std::mem::take(&mut late);
            } else if let Some(exit) = act(&mut stage, &line, &mut late).await {
                return exit;
            }
        }
        ExitReport::Exited(0)
    })
}

async fn act(stage: &mut Stage, line: &str, late: &mut String) -> Option<ExitReport> {
    for word in line.split(' ') {
        let (name, value) = word.split_once(':').unwrap_or((word, ""));
        let wanted = match name {
            "say" => {
                stage.print(format!("{value}\n")).await;
                true
            }
            "work" => stage.work(Duration::from_millis(value.parse().expect("milliseconds"))).await,
            "look" => {
                stage.print("> \nend 0123456789abcdef\n(Y)es/(N)o [Yes]: \ndiff> \n").await;
                true
            }
            "late" => {
                *late = format!("{value}\n");
                true
            }
            "half" => {
                stage.print(value).await;
                return Some(ExitReport::Exited(0));
            }
            "crash" => return Some(ExitReport::Signalled(11)),
            "hang" => {
                stage.interrupted().await;
                false
            }
            "deaf" => std::future::pending().await,
            _ => true,
        };
        if !wanted {
            stage.print("interrupted\n").await;
            return None;
        }
    }
    None
}

/// A job of these lines.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn job(lines: &[String]) -> Job {
    lines.iter().fold(Job::new(), |job, line| job.step(line))
}

/// What the router knows of each slot, when nothing is under way.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) async fn slots(cluster: &ClusterManager) -> Vec<SlotView> {
    loop {
        let figures = cluster.metrics().await.expect("figures");
        if figures.total.in_flight == 0 {
            return figures.slots;
        }
        tokio::task::yield_now().await;
    }
}

/// Waits until all that there are can take a job.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) async fn all_free(cluster: &ClusterManager, instances: usize) {
    let mut changes = cluster.watch(64);
    while slots(cluster).await.iter().filter(|slot| slot.credits == 1).count() < instances {
        changes.recv().await.expect("an instance that comes up tells so");
    }
}
