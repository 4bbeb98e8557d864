//! `cluster run`: a batch over a pool.

pub(crate) mod args;
mod drive;
mod dry_run;
mod limits;
mod plan;
mod pool;
mod resolve;
mod size;
mod steps;
mod tool;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::Signals;
use crate::strategies::{Route, Strategies};
use args::{OnLimit, RunArgs};
use cluster::batch::Batch;
use cluster::{ClusterManager, DEFAULT_QUEUE, Job};
use limits::Limits;
use plan::Plan;
use tokio::time::Instant;

/// Plans the run, and runs it.
pub(crate) fn run(args: &RunArgs, strategies: &Strategies) -> Result<Exit, Failure> {
    let route = strategies.make(&args.pool.route)?;
    let dry_run = args.output.dry_run;
    let plan = Plan::new(args)?;
    if dry_run {
        return dry_run::show(plan);
    }
    // One thread: the actors have one of their own, and what is left here is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::pool(format!("the system could not start the run: {error}")))?;
    let exit = runtime.block_on(start(plan, route));
    // A thread may be waiting for a line of standard input; it must not hold up the end.
    runtime.shutdown_background();
    exit
}

async fn start(plan: Plan, route: Route) -> Result<Exit, Failure> {
    let broken =
        |error: std::io::Error| Failure::pool(format!("the system could not start the run: {error}"));
    let signals = Signals::listen().map_err(broken)?;
    let mut output = Output::new(plan.style, Instant::now().into_std());
    let (headline, window) = (plan.headline(), plan.window());
    let limits = Limits::new(plan.on_limit, plan.accounts().len());
    let builder = route.install(ClusterManager::builder()).queue(DEFAULT_QUEUE.max(4 * window));
    let mut builder = builder.raise_descriptor_limit();
    for tool in plan.tools {
        builder = builder.tool(tool.profile.spec, tool.instances);
    }
    let pool = builder.build().await.map_err(|error| match error {
        cluster::LaunchError::TooMany(_) => Failure::usage(error),
        error => Failure::pool(error),
    })?;
    let submit = |job: Job| {
        let job = job.retries(plan.retries);
        pool.submit(match plan.on_limit {
            OnLimit::Wait => job.wait_for_limits(limits::LONGEST),
            OnLimit::Next => job.next_tool_at_limits(limits::LONGEST),
            OnLimit::Fail => job,
        })
    };
    let batch = Batch::new(plan.jobs.stream().map_err(broken)?, submit, window, plan.order);
    // From here on nothing fails, and the loop sees to it that what is said is written.
    output.note(&headline);
    Ok(drive::drive(&pool, batch, limits, signals, &mut output).await)
}
