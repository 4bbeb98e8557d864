//! What only a supervised pool can do: go on after crashes, and hold its tools in the care of guards.

use super::{Setup, ours};
use crate::Failure;
use crate::args::Args;
use crate::machine;
use crate::sample::{Sample, millis};
use crate::tool::PROMPT;
use cluster::{ClusterManager, Job};
use pool_core::spec::ToolSpec;
use std::time::{Duration, Instant};

/// Crashes of one tool: the time from the prompt that ends it to the first answer of the next life.
///
/// The end itself, what the guard does about what the tool left, and the news of it are in this time.
pub(super) async fn restart(setup: Setup, args: &Args) -> Result<Sample, Failure> {
    let pool = ClusterManager::builder().tool(restless(&setup)?, 1).on_this_arbiter().build().await?;
    pool.ready().await?;
    let count: u32 = args.value("--count", 50);
    pool.submit(PROMPT).await?;
    let mut total = Duration::ZERO;
    for _ in 0..count {
        let start = Instant::now();
        let crash = pool.submit("crash");
        let next = pool.submit(PROMPT);
        if crash.await.is_ok_and(|reply| reply.is_ok()) {
            return Err("the tool did not crash".into());
        }
        let reply = next.await?;
        total += start.elapsed();
        if !reply.is_ok() {
            return Err(format!("{}: {:?}", reply.outcome, reply.error).into());
        }
    }
    pool.shutdown().await;
    Ok(Sample::default().with("answer_ms", millis(total / count)))
}

/// Round trips of one tool, and beside it, in the same pool, another that ends again and again if `--crash-ms` says
/// after how long.
pub(super) async fn beside(setup: Setup, args: &Args) -> Result<Sample, Failure> {
    let mut other = restless(&Setup {
        options: options(&["--die-ms", args.text("--crash-ms").unwrap_or("0")]),
        ..setup.clone()
    })?;
    other.tool = "other".into();
    let builder = ClusterManager::builder().tool(ours::spec(&setup)?, setup.tools).tool(other, 1);
    let pool = builder.on_this_arbiter().build().await?;
    pool.ready().await?;
    let seconds = Duration::from_secs_f64(args.value("--seconds", 1.0));
    let client = async move {
        let (mut times, begin) = (Vec::new(), Instant::now());
        while begin.elapsed() < seconds {
            let start = Instant::now();
            pool.submit(Job::new().step(PROMPT).tool("echo")).await?;
            times.push(start.elapsed());
        }
        let lives =
            pool.status().await?.iter().map(|instance| f64::from(instance.generation)).fold(0.0, f64::max);
        pool.shutdown().await;
        Ok::<Sample, Failure>(Sample::latencies(times).with("lives", lives))
    };
    tokio::task::spawn_local(client).await?
}

/// The memory of the guards, template included, for each of their slots.
pub(super) async fn guards(setup: Setup) -> Result<Sample, Failure> {
    let tools = setup.tools;
    let builder = ClusterManager::builder().tool(ours::spec(&setup)?, tools).raise_descriptor_limit();
    let pool = builder.on_this_arbiter().build().await?;
    ours::all_ready(&pool).await?;
    let guards = machine::below_me("cluster-guard")?;
    if guards.len() < tools {
        return Err(format!("{tools} tools have {} guards", guards.len()).into());
    }
    let memory = guards.iter().map(|pid| machine::memory_of(*pid)).collect::<Result<Vec<_>, _>>()?;
    pool.shutdown().await;
    let each = |sum: f64| sum / tools as f64;
    Ok(Sample::default()
        .with("pss_kib", each(memory.iter().map(|memory| memory.pss).sum()))
        .with("private_kib", each(memory.iter().map(|memory| memory.own).sum())))
}

/// What it takes to look at all of it.
pub(super) async fn snapshot(setup: Setup) -> Result<Sample, Failure> {
    let tools = setup.tools;
    let builder = ClusterManager::builder().tool(ours::spec(&setup)?, tools).raise_descriptor_limit();
    let pool = builder.on_this_arbiter().build().await?;
    ours::all_ready(&pool).await?;
    let jobs: Vec<_> = (0..tools).map(|_| pool.submit(PROMPT.to_owned())).collect();
    for job in jobs {
        job.await?;
    }
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        let snapshot = pool.snapshot().await?;
        times.push(start.elapsed());
        assert_eq!(snapshot.instances.len(), tools);
    }
    pool.shutdown().await;
    Ok(Sample::latencies(times))
}

/// The tool, started again at once, as often as it ends, whatever its jobs say of it.
fn restless(setup: &Setup) -> Result<ToolSpec, Failure> {
    let mut spec = ours::spec(setup)?;
    (spec.backoff.min, spec.backoff.max) = (Duration::ZERO, Duration::ZERO);
    (spec.intensity.max, spec.intensity.within) = (1_000_000, Duration::from_secs(60));
    (spec.breaker.failures, spec.breaker.window) = (0, 0);
    Ok(spec)
}

fn options(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
