//! The soak: real processes that fail all the time, and a pool that must lose nothing, double nothing, leave nothing.
//!
//! ```text
//! cargo test -p cluster-cli --test soak                                  a few seconds
//! CLUSTER_SOAK_SECONDS=60 cargo test -p cluster-cli --test soak          as .ci/run does it
//! just soak                                                              half an hour
//! ```
//!
//! Eight instances of the scriptable tool, sixteen clients. Some prompts make the tool crash, hang or misbehave; and at
//! every moment some instance is killed or stopped from outside. Restarts come so often that the default intensity
//! would (rightly) give the tool up: it is raised here, see [`spec`].
//!
//! What is asked of the pool: every job has exactly one result, and a reply is its own; no prompt reached a tool
//! twice; a job that did not ask for trouble fails only if its instance was hit; afterwards no process, no zombie, no
//! descriptor is left, and memory has not grown.

#![allow(clippy::disallowed_methods, reason = "a soak watches the clock")]
#![allow(clippy::unwrap_used, reason = "a soak that cannot go on has failed")]

mod chaos;
mod jobs;
mod leaks;
mod oracle;

use cluster::ClusterManager;
use cluster::guard::Guards;
use cluster::spec::{Backoff, BreakerSpec, Intensity, Shutdown, ToolSpec, TurnRule, TurnSpec};
use jobs::Tally;
use regex::Regex;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many instances.
const INSTANCES: usize = 8;
/// How many jobs are under way at a time; more than there are instances, so that some wait.
const CLIENTS: usize = 16;
/// How long a turn may take: long enough for the slow disk of a busy machine, to which the tools sync their log.
const TURN: Duration = Duration::from_secs(4);
/// How long it takes if nobody says.
const SECONDS: u64 = 5;
/// What memory may grow by while it goes on, in KiB. The results of the jobs are kept, a few bytes each.
const GROWTH: i64 = 16 * 1024;

#[test]
fn nothing_is_lost_doubled_or_left() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seconds = std::env::var("CLUSTER_SOAK_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
    runtime.block_on(soak(Duration::from_secs(seconds)));
}

async fn soak(length: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mark = format!("soak-{}", std::process::id());
    let descriptors = leaks::descriptors();
    let end = Instant::now() + length;

    let guards = Arc::new(Guards::of(env!("CARGO_BIN_EXE_cluster")));
    let pool = ClusterManager::builder().tool(spec(&log, &mark), INSTANCES).launcher(guards);
    let cluster = pool.build().await.unwrap();
    cluster.ready().await.unwrap();
    let (tally, faults, memory) =
        tokio::join!(jobs::run(&cluster, CLIENTS, end), chaos::run(&cluster, &mark, end), leaks::memory(end));
    cluster.shutdown().await;
    drop(cluster);

    let orphans = leaks::left(|| leaks::marked(&mark));
    let zombies = leaks::left(leaks::zombies);
    let left = leaks::left(|| leaks::descriptors() - descriptors);
    let doubled = oracle::received(&log).into_values().filter(|times| *times > 1).count();
    let Tally { jobs, ok, results, hurt, wrong, asked } = &tally;
    let lost = jobs - results;
    println!(
        "\nfaults={} jobs={jobs} ok={ok} lost={lost} doubled={doubled} wrong={} orphans={orphans} \
         zombies={zombies} fds={left:+} rss={memory:+}KiB",
        u64::from(faults) + asked,
        wrong.len(),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((lost, doubled, orphans, zombies, left), (0, 0, 0, 0, 0));
    assert!(memory < GROWTH, "memory grew by {memory} KiB");
    assert!(*hurt <= u64::from(faults), "{hurt} harmless jobs failed, but only {faults} instances were hit");
    assert!(faults > 0 && *asked > 0 && *ok > 0, "too short to say anything");
}

/// The scriptable tool, with restarts that are quick and many: up to 2,000 in a minute.
fn spec(log: &Path, mark: &str) -> ToolSpec {
    let command = [env!("CARGO_BIN_EXE_fake-tool"), "--log", log.to_str().unwrap()];
    let rule = TurnRule::Sentinel {
        send: "/end {nonce}".into(),
        expect: Regex::new("(?m)^end (?P<nonce>[0-9a-f]{16})$").unwrap(),
        begin: true,
        before: None,
    };
    let mut spec = ToolSpec::new("fake", command.map(str::to_owned).to_vec(), TurnSpec::new(rule));
    spec.env = vec![(leaks::MARK.to_owned(), mark.to_owned())];
    spec.turn.questions = vec![Regex::new(r"\[Yes\]: \z").unwrap()];
    spec.limits.turn = TURN;
    spec.intensity = Intensity { max: 2000, within: Duration::from_secs(60) };
    spec.backoff =
        Backoff { min: Duration::from_millis(2), max: Duration::from_millis(20), ..Backoff::default() };
    // Most failures are not the instance's doing; half a minute of rest for each third one would be idle time.
    spec.breaker = BreakerSpec { failures: 3, open: Duration::from_millis(50), ..BreakerSpec::default() };
    spec.breaker.open_max = Duration::from_millis(200);
    spec.stop =
        Shutdown::After { say: None, quit: Duration::from_millis(100), term: Duration::from_millis(100) };
    spec
}
