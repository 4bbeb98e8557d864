//! Warm instances against a process for each job.

use super::{INSTANCES, ROUNDS, head, median, ready_pool, row, run, show, tool};
use crate::{Failure, machine};
use cluster::{ClusterManager, Job};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What each job does.
const PROGRAM: &str = "print(6 * 7)";

/// How many jobs a process for each, and how many warm ones.
const COLD: usize = 100;
const WARM: usize = 2000;

/// Wall time and processor time, of all processes.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    processor: f64,
}

pub(super) fn print() -> Result<(), Failure> {
    let cold = middle(|| cold().map(|cost| cost.per(COLD)))?;
    let start = middle(|| run(warm(0)))?;
    let warm = middle(|| run(warm(WARM)).map(|cost| cost.less(start).per(WARM)))?;
    head(
        "python3: a process for each job, and 5 warm instances (5 jobs at a time both)",
        &["time a job", "processor time a job", "start and stop", "their processor time"],
    );
    let [wall, processor] = cold.shown();
    row("`python3 -c`", &[wall, processor, "-".to_owned(), "-".to_owned()]);
    let ([wall, processor], [first, second]) = (warm.shown(), start.shown());
    row("the pool", &[wall, processor, first, second]);
    println!(
        "\nA job costs {:.1} % of the time and {:.1} % of the processor time. The pool is ahead from {:.0} jobs on.",
        100.0 * warm.wall / cold.wall,
        100.0 * warm.processor / cold.processor,
        (start.wall / (cold.wall - warm.wall)).ceil()
    );
    Ok(())
}

/// A process for each job, five at a time.
fn cold() -> Result<Cost, Failure> {
    Cost::of(|| {
        let next = AtomicUsize::new(0);
        let worker = || -> Result<(), Failure> {
            while next.fetch_add(1, Ordering::Relaxed) < COLD {
                let output = Command::new("python3").args(["-c", PROGRAM]).stdin(Stdio::null()).output()?;
                if output.stdout != b"42\n" {
                    return Err("python3 does not answer 42".into());
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..INSTANCES).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
        })
    })
}

/// A pool from nothing to nothing, with so many jobs in between.
async fn warm(jobs: usize) -> Result<Cost, Failure> {
    let spec = tool("python")?;
    let (start, processor) = (Instant::now(), machine::all_processor_time()?);
    let pool = ready_pool(spec, INSTANCES).await?;
    answers(&pool, std::iter::repeat_n(PROGRAM, jobs)).await?;
    pool.shutdown().await;
    Ok(Cost {
        wall: start.elapsed().as_secs_f64(),
        processor: (machine::all_processor_time()? - processor).as_secs_f64(),
    })
}

/// Hands all jobs in, as many at a time as the queue takes, and waits for all.
pub(super) async fn answers<J: Into<Job>>(
    pool: &ClusterManager,
    jobs: impl Iterator<Item = J>,
) -> Result<(), Failure> {
    let mut waiting = std::collections::VecDeque::new();
    for job in jobs {
        waiting.push_back(pool.submit(job));
        if waiting.len() > 2 * INSTANCES
            && let Some(first) = waiting.pop_front()
        {
            first.await?;
        }
    }
    for handle in waiting {
        let reply = handle.await?;
        if !reply.is_ok() {
            return Err(format!("{}: {:?}", reply.outcome, reply.error).into());
        }
    }
    Ok(())
}

fn middle(measure: impl Fn() -> Result<Cost, Failure>) -> Result<Cost, Failure> {
    let costs = (0..ROUNDS).map(|_| measure()).collect::<Result<Vec<_>, _>>()?;
    Ok(Cost {
        wall: median(costs.iter().map(|cost| cost.wall).collect()),
        processor: median(costs.iter().map(|cost| cost.processor).collect()),
    })
}

impl Cost {
    fn of(work: impl FnOnce() -> Result<(), Failure>) -> Result<Self, Failure> {
        let (start, processor) = (Instant::now(), machine::all_processor_time()?);
        work()?;
        let processor = machine::all_processor_time()? - processor;
        Ok(Self { wall: start.elapsed().as_secs_f64(), processor: processor.as_secs_f64() })
    }

    fn per(self, jobs: usize) -> Self {
        Self { wall: self.wall / jobs as f64, processor: self.processor / jobs as f64 }
    }

    fn less(self, other: Self) -> Self {
        Self { wall: self.wall - other.wall, processor: (self.processor - other.processor).max(0.0) }
    }

    fn shown(self) -> [String; 2] {
        [self.wall, self.processor].map(|time| show(Duration::from_secs_f64(time)))
    }
}
