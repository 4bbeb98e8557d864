//! Warm tools at work: latency and throughput.

use super::{Setup, Subject};
use crate::Failure;
use crate::args::Args;
use crate::limit::throughput;
use crate::machine;
use crate::sample::{Sample, millis};
use crate::tool::PROMPT;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, spawn_local};

/// One short line at a time.
pub(super) async fn pingpong<S: Subject>(setup: Setup, args: &Args) -> Result<Sample, Failure> {
    trips::<S>(setup, PROMPT.to_owned(), args.value("--count", 10_000), 200).await
}

/// One long line at a time; the tool answers with its length.
pub(super) async fn prompt<S: Subject>(setup: Setup, args: &Args) -> Result<Sample, Failure> {
    trips::<S>(setup, "x".repeat(args.value("--bytes", 100_000)), args.value("--count", 400), 10).await
}

async fn trips<S: Subject>(setup: Setup, text: String, count: usize, warm: usize) -> Result<Sample, Failure> {
    let pool = S::start(setup).await?;
    let client = async move {
        let mut times = Vec::with_capacity(count);
        // A prompt is the pool's to keep. All copies are made before, so that making them, and the allocator
        // that gives memory back to the system in between, is no part of a round trip.
        let prompts = vec![text; count + warm];
        for (trip, prompt) in prompts.into_iter().enumerate() {
            let start = Instant::now();
            pool.ask(prompt).await?;
            if trip >= warm {
                times.push(start.elapsed());
            }
        }
        pool.stop().await?;
        Ok(Sample::latencies(times))
    };
    spawn_local(client).await?
}

/// Large replies, one at a time.
pub(super) async fn reader<S: Subject>(setup: Setup, args: &Args) -> Result<Sample, Failure> {
    let count: u32 = args.value("--count", 1);
    let pool = S::start(setup).await?;
    let client = async move {
        pool.ask("go".to_owned()).await?;
        let start = Instant::now();
        let mut bytes = 0;
        for _ in 0..count {
            bytes += pool.ask("go".to_owned()).await?;
        }
        let took = start.elapsed();
        let memory = machine::memory()?;
        pool.stop().await?;
        Ok(Sample::default()
            .with("ms", millis(took / count))
            .with("bytes", bytes as f64 / f64::from(count))
            .with("rss_kib", memory.rss))
    };
    spawn_local(client).await?
}

/// As many clients as tools; each asks again as soon as it has its reply.
pub(super) async fn closed_loop<S: Subject>(setup: Setup, args: &Args) -> Result<Sample, Failure> {
    let clients = setup.tools;
    let length = Duration::from_secs_f64(args.value("--seconds", 0.6));
    let pool = Rc::new(S::start(setup).await?);
    // One full round to get warm.
    turn(&pool, clients, Duration::ZERO).await?;
    let (start, processor) = (Instant::now(), machine::processor_time());
    let answered = turn(&pool, clients, length).await?;
    let (took, processor) = (start.elapsed(), machine::processor_time() - processor);
    let pool = Rc::into_inner(pool).ok_or("a client still holds the pool")?;
    pool.stop().await?;
    Ok(throughput(answered, took, processor))
}

/// Each client asks at least once, and until the time is over; how many replies came.
async fn turn<S: Subject>(pool: &Rc<S>, clients: usize, length: Duration) -> Result<usize, Failure> {
    let end = Instant::now() + length;
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let pool = pool.clone();
        running.spawn_local(async move {
            let mut answered = 0;
            loop {
                pool.ask(PROMPT.to_owned()).await?;
                answered += 1;
                if Instant::now() >= end {
                    return Ok::<usize, Failure>(answered);
                }
            }
        });
    }
    let mut answered = 0;
    while let Some(client) = running.join_next().await {
        answered += client??;
    }
    Ok(answered)
}
