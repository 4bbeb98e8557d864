//! Tools that are started for each turn, and services: the shipped actors in virtual time, with fake processes.

mod one_shot;
mod remote;

use cluster::ClusterManager;
use pool_core::message::ExitReport;
use pool_core::process::fake::{Fakes, Stage};
use pool_core::spec::{Backoff, Cancel, Intensity, ToolSpec, TurnRule, TurnSpec};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// The processes that were started: their arguments, and what they were given.
type Oracle = Arc<Mutex<Vec<(String, String)>>>;

fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    actix::System::new().block_on(async {
        tokio::time::pause();
        test.await
    })
}

fn spec(rule: TurnRule) -> ToolSpec {
    let mut spec = ToolSpec::new("fake", vec!["fake".into()], TurnSpec::new(rule));
    spec.cancel = Cancel::Message;
    spec.limits.turn = 5 * SECOND;
    spec.intensity = Intensity { max: 1000, within: 3600 * SECOND };
    spec.backoff = Backoff { min: SECOND, max: SECOND, steps: 1, jitter: 0.0, ..Backoff::default() };
    spec
}

/// A pool whose processes read all of their input, are written down, and then do as `act` says; a start fails where
/// `refuse` says so of how many there were before.
async fn pool<A>(
    spec: ToolSpec,
    instances: usize,
    oracle: &Oracle,
    act: A,
    refuse: &'static [usize],
) -> ClusterManager
where
    A: AsyncFn(&mut Stage, &str, &str) -> ExitReport + Clone + Send + Sync + 'static,
{
    let oracle = oracle.clone();
    let fakes = Fakes::new(move |mut stage: Stage| {
        let (act, oracle) = (act.clone(), oracle.clone());
        Box::pin(async move {
            let (words, input) = (stage.command[1..].join(" "), stage.rest().await);
            oracle.lock().expect("no panic").push((words.clone(), input.clone()));
            act(&mut stage, &words, &input).await
        })
    });
    let fakes = fakes.refusing(move |_, launch| {
        refuse.contains(&launch).then(|| pool_core::StartError::System("no more processes".into()))
    });
    let builder = ClusterManager::builder().tool(spec, instances).launcher(Arc::new(fakes));
    let cluster = builder.seed(7).on_this_arbiter().build().await.expect("a plan");
    cluster.ready().await.expect("ready");
    cluster
}

/// The arguments of all processes so far.
fn started(oracle: &Oracle) -> Vec<String> {
    oracle.lock().expect("no panic").iter().map(|(words, _)| words.clone()).collect()
}
