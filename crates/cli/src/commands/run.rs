//! `cluster run`: a batch over a pool.

pub(crate) mod args;
pub(crate) mod drive;
mod dry_run;
pub(crate) mod limits;
mod plan;
pub(crate) mod pool;
pub(crate) mod resolve;
pub(crate) mod steps;
mod tool;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::hooks::Hooks;
use crate::output::Output;
use crate::report::Report;
use crate::signals::Signals;
use crate::strategies::{Route, Strategies};
use args::{OnLimit, RunArgs};
use cluster::batch::Batch;
use cluster::{ClusterBuilder, ClusterManager, DEFAULT_QUEUE, Job};
use limits::Limits;
use plan::Plan;
use resolve::Tool;
use tokio::time::Instant;

/// Plans the run, and runs it.
pub(crate) fn run(args: &RunArgs, strategies: &Strategies) -> Result<Exit, Failure> {
    let route = strategies.make_of(&args.pool.route, args.pool.route_origin.as_ref())?;
    let dry_run = args.output.dry_run;
    let plan = Plan::new(args)?;
    if dry_run {
        return dry_run::show(plan);
    }
    block_on(start(plan, route))
}

/// Runs it on one thread: the actors have one of their own, and what is left here is waiting.
pub(crate) fn block_on(run: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| no_pool(&error))?;
    let exit = runtime.block_on(run);
    // A thread may be waiting for a line of standard input; it must not hold up the end.
    runtime.shutdown_background();
    exit
}

/// The system gives us less than we need.
pub(crate) fn no_pool(error: &std::io::Error) -> Failure {
    Failure::pool(format!("the system could not start the run: {error}"))
}

/// The pool of these tools, to which so many jobs are handed in at a time.
pub(crate) async fn launch(
    builder: ClusterBuilder,
    tools: Vec<Tool>,
    window: usize,
) -> Result<ClusterManager, Failure> {
    let builder = builder.raise_descriptor_limit().queue(DEFAULT_QUEUE.max(4 * window));
    let add = |builder: ClusterBuilder, tool: Tool| builder.tool(tool.profile.spec, tool.instances);
    tools.into_iter().fold(builder, add).build().await.map_err(Failure::launch)
}

async fn start(plan: Plan, route: Route) -> Result<Exit, Failure> {
    let signals = Signals::listen().map_err(|error| no_pool(&error))?;
    let report = Report::open(&plan.report)?;
    let mut output = Output::new(plan.style, report, Instant::now().into_std());
    output.hook(Hooks::new(plan.hooks.clone()));
    let (headline, window) = (plan.headline(), plan.window());
    let limits = Limits::of(plan.on_limit, resolve::accounts(&plan.tools).len());
    let pool = launch(route.install(ClusterManager::builder()), plan.tools, window).await?;
    let submit = |job: Job| {
        let job = job.retries(plan.retries);
        pool.submit(match plan.on_limit {
            OnLimit::Wait => job.wait_for_limits(limits::LONGEST),
            OnLimit::Next => job.next_tool_at_limits(limits::LONGEST),
            OnLimit::Fail => job,
        })
    };
    let batch = Batch::new(plan.jobs.stream().map_err(|error| no_pool(&error))?, submit, window, plan.order);
    // From here on nothing fails, and the loop sees to it that what is said is written.
    output.note(&headline);
    Ok(drive::drive(&pool, batch, limits, None, signals, &mut output).await)
}
