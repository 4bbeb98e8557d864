//! `cluster run`: a batch over a pool.

pub(crate) mod args;
mod asking;
pub(crate) mod bounds;
mod chronicle;
pub(crate) mod detach;
pub(crate) mod drive;
mod dry_run;
mod keyboard;
pub(crate) mod limits;
pub(crate) mod plan;
pub(crate) mod pool;
pub(crate) mod record;
pub(crate) mod resolve;
mod socket;
pub(crate) mod steps;
mod tool;

pub(crate) use asking::Question;

use super::gc;
use crate::depth;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hooks::Hooks;
use crate::output::{Level, Output};
use crate::report::Report;
use crate::signals::{Ladder, Signals};
use crate::strategies::{Route, Strategies};
use args::{OnLimit, RunArgs};
use bounds::{Bounds, Budget, Deadline, Denial};
use cluster::batch::Batch;
use cluster::control::Roster;
use cluster::ledger::Recorder;
use cluster::{ClusterBuilder, ClusterManager, DEFAULT_QUEUE, Job};
use detach::Streams;
use futures_util::StreamExt;
use limits::Limits;
use plan::Plan;
use pool_core::supervisor::InstanceStatus;
use record::{Facts, Record};
use resolve::Tool;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

/// Plans the run, and runs it.
pub(crate) fn run(args: &RunArgs, strategies: &Strategies) -> Result<Exit, Failure> {
    if args.record.detach
        && !args.output.dry_run
        && let Some(exit) = detach::begin(args.output.talk.level())?
    {
        return Ok(exit);
    }
    go(args, Record::of_new(args)?, strategies)
}

/// The same with a record that may have begun before.
pub(crate) fn go(args: &RunArgs, record: Record, strategies: &Strategies) -> Result<Exit, Failure> {
    let route = strategies.make_of(&args.pool.route, args.pool.route_origin.as_ref())?;
    let plan = Plan::new(args, &record.input())?;
    if let Some(note) = args.start.tools.note().filter(|_| plan.style.level > Level::Quiet) {
        Output::aside(&note);
    }
    if args.output.dry_run {
        return dry_run::show(plan);
    }
    drive::Questions::check(&plan.tools)?;
    block_on(start(plan, args, record, route))
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
) -> Result<(ClusterManager, Receiver<InstanceStatus>), Failure> {
    let mut builder = builder.raise_descriptor_limit().queue(DEFAULT_QUEUE.max(4 * window));
    let depth = (depth::depth() + 1).to_string();
    let add = |builder: ClusterBuilder, mut tool: Tool| {
        tool.profile.spec.env.push((depth::VARIABLE.to_owned(), depth.clone()));
        builder.tool(tool.profile.spec, tool.instances)
    };
    // Before anything starts: what ends at once is told as well.
    let changes = builder.watch(pool::CHANGES);
    let pool = tools.into_iter().fold(builder, add).build().await.map_err(Failure::launch)?;
    Ok((pool, changes))
}

async fn start(plan: Plan, args: &RunArgs, record: Record, route: Route) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| no_pool(&error))?;
    record::survive_file_limits().map_err(|error| no_pool(&error))?;
    let (headline, window, facts) = (plan.headline(), plan.window(), Facts::new(&plan, args));
    let bounds = bounds(&plan);
    let report = Report::open(&plan.report).map_err(|failure| record.advise(failure))?;
    let jobs = plan.jobs.stream().map_err(|error| no_pool(&error))?;
    let begun = tokio::select! {
        begun = record.begin(facts, jobs) => begun?,
        exit = until_signal(&mut signals) => return Ok(exit),
    };
    if let Some(note) = begun.note.as_ref().filter(|_| plan.style.level > Level::Quiet) {
        Output::aside(note);
    }
    let recorder = begun.recorder.clone();
    let streams = recorder.as_ref().filter(|_| args.record.detach).map(Streams::leave).transpose()?;
    let mut output = Output::new(plan.style, report, Instant::now().into_std());
    output.recorded(plan.tools.iter().map(|tool| &tool.profile));
    output.hook(Hooks::new(plan.hooks));
    let offers = plan.tools.iter().map(|tool| (tool.profile.spec.offer(), tool.instances)).collect();
    let questions = drive::Questions::of(&plan.tools);
    let tools = begun.patient(plan.tools);
    let homes = resolve::homes(&tools);
    let pool = launch(route.install(ClusterManager::builder()), tools, window).await;
    let (pool, changes) = match in_background(pool, streams).await {
        Ok(pool) => pool,
        Err(failure) => {
            abandon(begun.recorder).await;
            return Err(failure);
        }
    };
    let submit = |job: Job| {
        let job = job.retries(plan.retries);
        pool.submit(match plan.on_limit {
            OnLimit::Wait => job.wait_for_limits(limits::LONGEST),
            OnLimit::Next => job.next_tool_at_limits(limits::LONGEST),
            OnLimit::Fail => job,
        })
    };
    let mut batch = Batch::new(begun.source, submit, window, plan.order).over(offers);
    if let Some(halt) = plan.halt {
        batch = batch.halted_by(halt);
    }
    let roster = Roster::default();
    batch = batch.listed_in(roster.clone());
    let socket = socket::open(recorder.as_ref(), &headline, &pool, roster, &mut output);
    if let Some(recorder) = begun.recorder {
        batch = batch.recorded(recorder);
    }
    // From here on nothing fails, and the loop sees to it that what is said is written.
    output.note(&headline);
    let exit = drive::drive(&pool, changes, batch, bounds, questions, signals, &mut output).await;
    drop(socket);
    homes.iter().for_each(|homes| homes.remove());
    if let Some(recorder) = recorder {
        recorder.leave_exit(exit as u8);
        gc::sweep();
    }
    Ok(exit)
}

/// What ends it before its list does.
fn bounds(plan: &Plan) -> Bounds {
    Bounds {
        limits: Limits::of_all(resolve::accounts(&plan.tools).len()),
        fold: None,
        deadline: plan.deadline.and_then(|after| Deadline::new(after, Instant::now())),
        budget: plan.max_cost.map(Budget::new),
        denial: plan.tools.iter().find_map(|tool| Denial::of(tool.profile.spec.agent()?.allow)),
    }
}

/// Whoever began a run in the background is told of it when a tool is ready, or why none will be.
async fn in_background(
    pool: Result<(ClusterManager, Receiver<InstanceStatus>), Failure>,
    streams: Option<Streams>,
) -> Result<(ClusterManager, Receiver<InstanceStatus>), Failure> {
    let Some(streams) = streams else { return pool };
    let ready = match pool {
        Ok(pool) => pool.0.ready().await.map(|()| pool).map_err(Failure::launch),
        Err(failure) => Err(failure),
    };
    match ready {
        Ok(pool) => streams.tell().map(|()| pool),
        Err(failure) => {
            streams.come_back();
            Err(failure)
        }
    }
}

/// The pool did not come up: a run that has sent nothing leaves nothing.
async fn abandon(recorder: Option<Recorder>) {
    if let Some(recorder) = recorder {
        // The pool's own error is what the user has to know.
        let _ = recorder.close(false).await;
    }
}

/// A signal that wants the end, while nothing has begun.
pub(crate) async fn until_signal(signals: &mut Signals) -> Exit {
    let mut ladder = Ladder::default();
    loop {
        if let Some(heard) = signals.next().await {
            ladder.climb(heard);
        }
        if let Some(exit) = ladder.exit() {
            return exit;
        }
    }
}
