//! Latency and rate of warm instances.

use super::{INSTANCES, ROUNDS, head, median, ready_pool, row, run, show, tool};
use crate::Failure;
use crate::subject::{Setup, ours};
use cluster::ClusterManager;
use pool_core::spec::ToolSpec;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a rate is measured.
const LENGTH: Duration = Duration::from_secs(1);

pub(super) fn print() -> Result<(), Failure> {
    let echo = ours::spec(&Setup::echo())?;
    let tools = [
        ("a tool that only echoes: what is ours", echo, "hello"),
        ("bash", tool("bash")?, "echo $((6 * 7))"),
        ("python", tool("python")?, "6 * 7"),
    ];
    head(
        "A short prompt to its reply, and prompts a minute over 5 instances",
        &["half take at most", "99 of 100", "prompts a minute"],
    );
    for (name, spec, prompt) in tools {
        let (mut half, mut most, mut rate) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let times = latencies(spec.clone(), prompt)?;
            half.push(times[times.len() / 2].as_secs_f64());
            most.push(times[times.len() * 99 / 100].as_secs_f64());
            rate.push(run(a_minute(spec.clone(), prompt))?);
        }
        let time = |times| show(Duration::from_secs_f64(median(times)));
        row(name, &[time(half), time(most), format!("{:.0} 000", median(rate) / 1e3)]);
    }
    Ok(())
}

/// One prompt at a time, from a thread without a runtime; sorted.
fn latencies(spec: ToolSpec, prompt: &str) -> Result<Vec<Duration>, Failure> {
    let pool = pool_core::block_on(ClusterManager::builder().tool(spec, 1).build())?;
    pool_core::block_on(pool.ready())?;
    let mut times = Vec::new();
    for trip in 0..2200 {
        let start = Instant::now();
        let reply = pool.submit(prompt).wait()?;
        if !reply.is_ok() {
            return Err(format!("{}: {:?}", reply.outcome, reply.error).into());
        }
        if trip >= 200 {
            times.push(start.elapsed());
        }
    }
    pool_core::block_on(pool.shutdown());
    times.sort_unstable();
    Ok(times)
}

/// As many clients as instances, each with one prompt at a time.
async fn a_minute(spec: ToolSpec, prompt: &'static str) -> Result<f64, Failure> {
    let pool = ready_pool(spec, INSTANCES).await?;
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..INSTANCES {
        let pool = pool.clone();
        clients.spawn(async move {
            let mut answered = 0_u32;
            while start.elapsed() < LENGTH {
                pool.submit(prompt).await?;
                answered += 1;
            }
            Ok::<u32, Failure>(answered)
        });
    }
    let mut answered = 0.0;
    while let Some(client) = clients.join_next().await {
        answered += f64::from(client??);
    }
    let took = start.elapsed();
    pool.shutdown().await;
    Ok(answered * 60.0 / took.as_secs_f64())
}
