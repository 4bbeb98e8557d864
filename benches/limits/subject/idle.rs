//! Starting tools, and what they cost while nobody asks them.

use super::{Setup, Subject};
use crate::Failure;
use crate::args::Args;
use crate::machine;
use crate::sample::{Sample, millis};
use crate::tool::PROMPT;
use std::time::{Duration, Instant};

/// From nothing to all tools ready, and back.
pub(super) async fn spawn<S: Subject>(setup: Setup) -> Result<Sample, Failure> {
    let start = Instant::now();
    let pool = S::start(setup).await?;
    let ready = start.elapsed();
    pool.stop().await?;
    Ok(Sample::default().with("ready_ms", millis(ready)).with("stop_ms", millis(start.elapsed() - ready)))
}

/// Memory after a prompt to each tool, then the processor time of a while of nothing.
pub(super) async fn idle<S: Subject>(setup: Setup, args: &Args) -> Result<Sample, Failure> {
    let tools = setup.tools;
    let pool = S::start(setup).await?;
    for _ in 0..tools {
        pool.ask(PROMPT.to_owned()).await?;
    }
    let memory = machine::memory()?;
    let processor = machine::processor_time();
    tokio::time::sleep(Duration::from_secs_f64(args.value("--seconds", 20.0))).await;
    let processor = machine::processor_time() - processor;
    pool.stop().await?;
    Ok(Sample::default()
        .with("rss_kib", memory.rss)
        .with("pss_kib", memory.pss)
        .with("cpu_ms", millis(processor)))
}
