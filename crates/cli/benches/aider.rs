//! What warm aiders cost, and what they save: the numbers of the README, over a scripted model on the loopback.
//!
//! ```text
//! CLUSTER_TEST_AIDER=PATH/OF/aider cargo bench -p cluster-cli --bench aider
//! ```
//!
//! Takes some two minutes. Times are those of this machine at this minute; the load stands at the end of each part.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#![allow(dead_code, reason = "the tests use more of what they share with this")]

#[path = "../tests/aider/lab.rs"]
mod lab;
#[path = "../tests/aider/model.rs"]
mod model;

use cluster::{ClusterManager, Job, Outcome};
use futures_util::future::join_all;
use lab::Lab;
use pool_core::supervisor::InstanceStatus;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many instances a pool has.
const POOL: usize = 5;
/// How many files are edited.
const EDITS: usize = 20;
/// How many of them one at a time, each by an aider of its own; the rest is extrapolated.
const ALONE: usize = 4;
/// How long the model takes to answer, in ms, where it is not to answer at once.
const THINKING: &str = "1000";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let Some(lab) = Lab::new(&[]) else { return };
    start(&lab).await;
    turns(&lab).await;
    for thinking in ["0", THINKING] {
        println!("## {EDITS} edits, each of a file of its own; the model answers after {thinking} ms");
        let alone = alone(thinking);
        for instances in [1, POOL] {
            edits(thinking, instances, alone).await;
        }
        load();
    }
}

/// The start of a pool, from nothing to warm, and what it then holds.
async fn start(lab: &Lab) {
    println!("## a pool of {POOL}, s after its start: the first instance, the last one");
    let began = Instant::now();
    let cluster = lab.cluster(POOL).await;
    let times: [fn(&InstanceStatus) -> Option<u64>; 3] = [
        |instance| instance.started.spawned_us,
        |instance| instance.started.ready_us,
        |instance| instance.started.warm_us,
    ];
    let mut reached = vec![[None; 3]; POOL];
    while reached.iter().flatten().any(Option::is_none) {
        tokio::time::sleep(Duration::from_millis(5)).await;
        for (instance, reached) in cluster.status().await.unwrap().iter().zip(&mut reached) {
            for (time, reached) in times.iter().zip(reached) {
                if reached.is_none() && time(instance).is_some() {
                    *reached = Some(began.elapsed().as_secs_f64());
                }
            }
        }
    }
    for (stage, name) in ["spawned", "ready", "warm"].iter().enumerate() {
        let mut all: Vec<f64> = reached.iter().filter_map(|reached| reached[stage]).collect();
        all.sort_by(f64::total_cmp);
        println!("{name:10} {:7.2} {:7.2}", all[0], all[POOL - 1]);
    }
    memory(&cluster, "warm").await;
    join_all((0..4 * POOL).map(|number| cluster.submit(format!("Say {number}")))).await;
    memory(&cluster, "after four turns each").await;
    load();
    cluster.shutdown().await;
}

/// Shared pages are divided by those who share them.
async fn memory(cluster: &ClusterManager, when: &str) {
    let status = cluster.status().await.unwrap();
    let each: Vec<u64> = status.iter().filter_map(|instance| pss_kib(instance.pid?)).collect();
    let sum: u64 = each.iter().sum();
    println!("memory, {when}: {} MB each, {} MB together", sum / POOL as u64 / 1000, sum / 1000);
}

fn pss_kib(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// One warm instance, one prompt at a time, nothing to wait for but aider itself.
async fn turns(lab: &Lab) {
    let cluster = lab.cluster(1).await;
    cluster.ask("Say hello").await.unwrap();
    let mut jobs = Vec::new();
    for number in 0..100 {
        let began = Instant::now();
        let reply = cluster.ask(format!("Say {number}")).await.unwrap();
        assert_eq!(reply.outcome, Outcome::Ok, "{reply:?}");
        jobs.push((reply.timings.turn, began.elapsed()));
    }
    cluster.shutdown().await;
    let middle = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    };
    let (turns, whole) = jobs.into_iter().unzip();
    println!("## one prompt after the other on one warm instance, ms, median of 100");
    println!("the turn {:.1}, with the /reset before it {:.1}", middle(turns), middle(whole));
    load();
}

/// A repository with files, and a model that takes so long.
fn files(thinking: &str) -> Lab {
    let lab = Lab::new(&["--delay-ms", thinking]).unwrap();
    (0..EDITS).for_each(|number| lab.file(&format!("f{number}.py"), "x = 1\n"));
    lab.commit();
    lab
}

fn prompt(number: usize) -> String {
    format!("[[mode=edit file=f{number}.py tag=t{number}]] Add a line to f{number}.py")
}

/// `aider --message`, one file after the other; how long all of them would take.
fn alone(thinking: &str) -> Duration {
    let lab = files(thinking);
    let began = Instant::now();
    for number in 0..ALONE {
        let mut aider = Command::new(&lab.aider);
        aider.args(["--model", "openai/fake", "--yes-always", "--no-auto-commits", "--no-dirty-commits"]);
        aider.args(["--no-check-update", "--no-analytics", "--no-gitignore", "--no-show-release-notes"]);
        aider.args(["--no-show-model-warnings", "--no-pretty", "--no-stream"]).args(lab.words());
        aider.args(["--message", &prompt(number), &format!("f{number}.py")]);
        aider.env_clear().envs(lab.environment()).env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        aider.current_dir(lab.repository()).stdin(Stdio::null()).stdout(Stdio::null());
        assert!(aider.status().unwrap().success());
    }
    let each = began.elapsed() / u32::try_from(ALONE).unwrap();
    check(&lab, ALONE);
    let all = each * u32::try_from(EDITS).unwrap();
    println!(
        "aider --message: {:.2} s each of {ALONE}, so {:.1} s for {EDITS}",
        each.as_secs_f64(),
        all.as_secs_f64()
    );
    all
}

/// The same through a pool.
async fn edits(thinking: &str, instances: usize, alone: Duration) {
    let lab = files(thinking);
    let began = Instant::now();
    let cluster = lab.cluster(instances).await;
    while cluster.status().await.unwrap().iter().any(|instance| instance.started.warm_us.is_none()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let warm = began.elapsed();
    let job = |number| Job::new().command(format!("/add f{number}.py")).step(prompt(number));
    for reply in join_all((0..EDITS).map(|number| cluster.submit(job(number)))).await {
        let reply = reply.unwrap();
        assert_eq!(reply.outcome, Outcome::Ok, "{reply:?}");
    }
    let all = began.elapsed();
    cluster.shutdown().await;
    check(&lab, EDITS);
    let (warm, all, alone) = (warm.as_secs_f64(), all.as_secs_f64(), alone.as_secs_f64());
    println!(
        "{instances} warm: {:.1} s, {:.1} times as fast; with its start {all:.1} s, {:.1} times as fast",
        all - warm,
        alone / (all - warm),
        alone / all
    );
}

/// Every edit is there.
fn check(lab: &Lab, edits: usize) {
    for number in 0..edits {
        assert_eq!(lab.read(&format!("f{number}.py")), format!("x = 1\n# edit t{number}\n"));
    }
}

fn load() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let processors = std::thread::available_parallelism().unwrap();
    println!("(load {load}, {processors} processors)\n");
}
