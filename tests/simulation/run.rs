//! Lets one world happen: the shipped actors, simulated tools, a clock that only moves when everybody waits.

use crate::credits::Counted;
use crate::errand::{PANIC, Simulated};
use crate::trace::{Trace, brief};
use crate::world::{Caller, ERRAND, End, Happening, Plan, World};
use crate::{referee, tool};
use cluster::{ClusterManager, Job, JobError};
use pool_core::message::{JobHandle, JobResult, SlotId};
use pool_core::process::fake::Fakes;
use pool_core::supervisor::PoolHealth;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// No world takes longer than this, by its own clock, once everything has been submitted.
const PATIENCE: Duration = Duration::from_secs(48 * 3600);

/// What came of a world.
pub(crate) struct Came {
    pub(crate) hash: u64,
    pub(crate) trace: String,
    pub(crate) violations: Vec<String>,
    /// By the world's own clock.
    pub(crate) took: Duration,
    pub(crate) jobs: usize,
    pub(crate) faults: usize,
}

/// Runs the world of a seed from its beginning to its end.
pub(crate) fn run(seed: u64, echo: bool) -> Came {
    let world = Arc::new(World::of(seed));
    actix::System::with_tokio_rt(stopped_clock).block_on(async {
        let began = Instant::now();
        let trace = Trace::new(echo);
        live(&world, &trace, began).await;
        referee::judge(&world, &trace);
        let inner = trace.inner();
        Came {
            hash: inner.hash(),
            trace: inner.text(),
            violations: inner.violations.clone(),
            took: began.elapsed(),
            jobs: inner.ended.len(),
            faults: inner.faults(),
        }
    })
}

/// The timer's grain, a millisecond, counts from the runtime's first moment: the clock must stand still from there
/// on, or the same deadlines round differently in two runs.
fn stopped_clock() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().expect("a runtime")
}

async fn live(world: &Arc<World>, trace: &Trace, began: Instant) {
    let cluster = launch(world, trace).await;
    let mut waiting = Vec::new();
    for job in 0..world.jobs.len() {
        let (cluster, world, trace) = (cluster.clone(), world.clone(), trace.clone());
        waiting.push(actix::spawn(async move {
            sleep_until(began + world.jobs[job].at).await;
            call(job, &cluster, &world, &trace).await;
        }));
    }
    for (at, happening) in world.events.clone() {
        let (cluster, world, trace) = (cluster.clone(), world.clone(), trace.clone());
        actix::spawn(async move {
            sleep_until(began + at).await;
            happen(happening, &cluster, &world, &trace).await;
        });
    }
    if let Some((after, end)) = world.ends_early {
        sleep_until(began + after).await;
        close(end, &cluster, trace).await;
    }
    for (job, caller) in waiting.into_iter().enumerate() {
        match timeout(PATIENCE, caller).await {
            Err(_) => trace.violation(format!("job {job} never ends")),
            Ok(Err(_)) => trace.violation(format!("the caller of job {job} panicked")),
            Ok(Ok(())) => {}
        }
    }
    close(End::Shutdown, &cluster, trace).await;
    if trace.inner().alive() > 0 {
        trace.violation("a child outlives the pool");
    }
}

async fn launch(world: &Arc<World>, trace: &Trace) -> ClusterManager {
    let (scripted, told) = (world.clone(), trace.clone());
    let fakes = Fakes::new(move |stage| tool::play(stage, scripted.clone(), told.clone()));
    let (refusing, told) = (world.clone(), trace.clone());
    let fakes = fakes.refusing(move |slot, launch| {
        let error = tool::refuse(slot, launch, &refusing);
        if let Some(error) = &error {
            told.fault(format!("slot {slot} launch {launch}: {error}"));
        }
        error
    });
    let inner = routing::strategy::by_name(world.strategy).expect("a known strategy");
    let strategy = Counted { inner, trace: trace.clone(), running: BTreeMap::new() };
    let mut builder = ClusterManager::builder().launcher(Arc::new(fakes)).queue(world.queue);
    for tool in &world.tools {
        builder = builder.tool(tool.spec.clone(), tool.instances);
    }
    let builder = builder.strategy(Box::new(strategy)).seed(world.seed).on_this_arbiter();
    builder.build().await.expect("a valid plan")
}

/// One caller with one job.
async fn call(job: usize, cluster: &ClusterManager, world: &World, trace: &Trace) {
    let plan = &world.jobs[job];
    trace.note(format!("job {job} is submitted: {plan:?}"));
    let handle = cluster.submit(made(job, plan, world, trace));
    trace.inner().jobs.insert(handle.job(), job);
    let result = match plan.caller {
        Caller::Waits => Some(handle.await),
        Caller::Leaves(after) => timeout(after, handle).await.ok(),
        Caller::Cancels(after) => Some(taken_back(job, handle, after, world, trace).await),
    };
    let told = result.as_ref().map_or_else(|| "nobody waits any more".into(), |result| brief(result, plan));
    trace.note(format!("job {job}: {told}"));
    trace.inner().ended.insert(job, result);
}

/// A caller who takes the job back after a while, from elsewhere, and hears of it soon.
async fn taken_back(
    job: usize,
    handle: JobHandle,
    after: Duration,
    world: &World,
    trace: &Trace,
) -> JobResult {
    let (remote, cancelled) = (handle.remote(), Rc::new(Cell::new(None)));
    let when = cancelled.clone();
    actix::spawn(async move {
        tokio::time::sleep(after).await;
        when.set(Some(Instant::now()));
        remote.cancel();
    });
    let result = handle.await;
    // An errand that has begun may end first; nothing else holds up a job that nobody wants. A jump may lie between.
    let late = cancelled.get().map_or(Duration::ZERO, |at| at.elapsed());
    if matches!(result, Err(JobError::Cancelled)) && late > ERRAND && !world.jumps() {
        trace.violation(format!("job {job} was taken back, and told so {late:?} later"));
    }
    result
}

fn made(job: usize, plan: &Plan, world: &World, trace: &Trace) -> Job {
    let mut made = Job::new().priority(plan.priority).key(format!("key {}", job % 3));
    for step in 0..plan.steps.len() {
        made = made.step(format!("say {job}.{step}"));
    }
    if let Some(tool) = plan.tool {
        made = made.tool(world.tools[tool].spec.tool.clone());
    }
    match plan.session {
        Some(0) => made = made.on_slot(SlotId(0)),
        Some(session) => made = made.session(format!("session {session}")),
        None => {}
    }
    if let Some(timeout) = plan.timeout {
        made = made.timeout(timeout);
    }
    if let Some(kind) = plan.errand {
        made = made.errand(Simulated { job, kind, trace: trace.clone() });
    }
    plan.minding_limits(made)
}

async fn happen(happening: Happening, cluster: &ClusterManager, world: &World, trace: &Trace) {
    trace.fault(format!("{happening:?}"));
    match happening {
        Happening::Restart(slot) => {
            let restarts = cluster.restart_instance(SlotId(slot)).await;
            trace.note(format!("slot {slot} restarts: {restarts:?}"));
        }
        Happening::Scale(count) => {
            let last = world.tools.last().map(|tool| &*tool.spec.tool);
            let scaled = cluster.scale(last, count).await;
            trace.note(format!("the last tool is scaled: {scaled:?}"));
        }
        Happening::ClockJump(time) => tokio::time::advance(time).await,
        Happening::Look => {
            let status = cluster.status().await.unwrap_or_default();
            let states = status.iter().map(|one| format!("{:?} in life {}", one.state, one.generation));
            trace.note(format!("status: {}", states.collect::<Vec<_>>().join(", ")));
        }
    }
}

async fn close(end: End, cluster: &ClusterManager, trace: &Trace) {
    trace.note(format!("the pool ends: {end:?}"));
    let closing = async {
        match end {
            End::Shutdown => cluster.shutdown().await,
            End::Kill => cluster.kill().await,
        }
    };
    if timeout(PATIENCE, closing).await.is_err() {
        trace.violation("the pool never ends");
    } else if cluster.health() != PoolHealth::Gone {
        trace.violation(format!("the pool has ended, and is {:?}", cluster.health()));
    }
}

/// Panics on purpose are not worth a line.
pub(crate) fn quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        if text.or_else(|| payload.downcast_ref::<&str>().copied()) != Some(PANIC) {
            usual(info);
        }
    }));
}
