//! Five instances against one.

use super::once::answers;
use super::{INSTANCES, ROUNDS, head, median, ready_pool, row, run, show, tool};
use crate::Failure;
use crate::subject::{Setup, ours};
use pool_core::spec::ToolSpec;
use std::time::{Duration, Instant};

/// How many jobs.
const JOBS: usize = 100;

pub(super) fn print() -> Result<(), Failure> {
    let slow = ours::spec(&Setup::slow_echo(50))?;
    let python = tool("python")?;
    let tools = [
        ("jobs that wait for 50 ms, as for a model", slow, "x"),
        ("python, `time.sleep(0.05)`", python.clone(), "import time; time.sleep(0.05)"),
        ("python, some 20 ms of arithmetic", python, "sum(i * i for i in range(300_000))"),
    ];
    head("A batch of 100 jobs, 5 warm instances against 1", &["1 instance", "5 instances", "times as fast"]);
    for (name, spec, prompt) in tools {
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS.div_ceil(2) {
            for (times, instances) in took.iter_mut().zip([1, INSTANCES]) {
                times.push(run(batch(spec.clone(), instances, prompt))?);
            }
        }
        let [one, five] = took.map(median);
        let times = [one, five].map(|time| show(Duration::from_secs_f64(time)));
        row(name, &[times[0].clone(), times[1].clone(), format!("{:.2}", one / five)]);
    }
    Ok(())
}

/// How long the jobs take on instances that are warm.
async fn batch(spec: ToolSpec, instances: usize, prompt: &str) -> Result<f64, Failure> {
    let pool = ready_pool(spec, instances).await?;
    let start = Instant::now();
    answers(&pool, std::iter::repeat_n(prompt, JOBS)).await?;
    let took = start.elapsed().as_secs_f64();
    pool.shutdown().await;
    Ok(took)
}
