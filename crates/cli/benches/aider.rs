//! What warm aiders cost to start and to hold, and how long a turn takes: numbers of the README, over a scripted model on
//! the loopback. What a batch of them saves is in `brief/`.
//!
//! ```text
//! CLUSTER_TEST_AIDER=PATH/OF/aider cargo bench -p cluster-cli --bench aider
//! ```
//!
//! Takes half a minute. Times are those of this machine at this minute; the load stands at the end of each part.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#![allow(dead_code, reason = "the tests use more of what they share with this")]

#[path = "../tests/aider/lab.rs"]
mod lab;
#[path = "../tests/aider/model.rs"]
mod model;

use cluster::{ClusterManager, Outcome};
use futures_util::future::join_all;
use lab::Lab;
use pool_core::supervisor::InstanceStatus;
use std::time::{Duration, Instant};

/// How many instances a pool has.
const POOL: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let Some(lab) = Lab::new(&[]) else { return };
    start(&lab).await;
    turns(&lab).await;
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

fn load() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let processors = std::thread::available_parallelism().unwrap();
    println!("(load {load}, {processors} processors)\n");
}
