//! `cluster up`: a pool that stays up.

pub(crate) mod args;
mod record;
mod stay;

use super::pool::nowhere;
use super::run::args::{FramingArgs, OnLimit, PoolArgs, StartArgs};
use super::run::detach::{self, Streams};
use super::run::plan::somewhere_else;
use super::run::record::survive_file_limits;
use super::run::resolve::{Tool, homes, resolve};
use super::run::{block_on, launch, limits, no_pool, until_signal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Level, Output, Style};
use crate::report::Report;
use crate::signals::Signals;
use crate::strategies::{Route, Strategies};
use args::UpArgs;
use cluster::batch::plan::Settings;
use cluster::control::limits::TICKETS;
use cluster::control::protocol::ToolView;
use cluster::control::{About, Claimed, Controller, Grown, Place, Server, Terms};
use cluster::{ClusterManager, Job};
use pool_core::supervisor::InstanceStatus;
use record::Recorded;
use stay::stay;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

/// What a pool is called that nobody gave a name.
const NAME: &str = "main";

/// Starts it, in the background unless it is to stay.
pub(crate) fn run(args: &UpArgs, strategies: &Strategies) -> Result<Exit, Failure> {
    if !args.foreground
        && let Some(exit) = detach::begin_as(args.talk.level(), |name, pid| {
            format!("pool {name} is up (pid {pid}): 'cluster send' works with it, 'cluster down' ends it")
        })?
    {
        return Ok(exit);
    }
    let route = strategies.make_of(&args.pool.route, args.pool.route_origin.as_ref())?;
    let tools = resolved(&args.tools()?, &args.pool, &args.start, &args.framing)?;
    if let Some(note) = args.start.tools.note().filter(|_| args.talk.level() > Level::Quiet) {
        Output::aside(&note);
    }
    let place = Place::current().map_err(nowhere)?;
    let claimed = place.claim(args.which.name.as_deref().unwrap_or(NAME)).map_err(nowhere)?;
    let record = record::open(args, &tools, claimed.name())?;
    block_on(begin(args, tools, claimed, record, route))
}

async fn begin(
    args: &UpArgs,
    tools: Vec<Tool>,
    claimed: Claimed,
    record: Recorded,
    route: Route,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| no_pool(&error))?;
    survive_file_limits().map_err(|error| no_pool(&error))?;
    let name = claimed.name().to_owned();
    let streams = if args.foreground { None } else { Some(Streams::leave_to(&name, claimed.talk())?) };
    let style = Style { json: false, level: args.talk.level(), total: None, explain: false };
    let mut output = Output::new(style, Report::default(), Instant::now().into_std());
    let about = About { name, run: None, plan: headline(&tools, &args.pool.route) };
    let notes = record::notes(record.as_ref());
    output.note(&about.plan);
    notes.iter().for_each(|note| output.note(note));
    let homes = homes(&tools);
    let up = tokio::select! {
        up = bring_up(args, about, tools, claimed, record, route) => up,
        exit = until_signal(&mut signals) => return Ok(exit),
    };
    match (up, streams) {
        (Ok(up), streams) => {
            if let Some(streams) = streams {
                streams.tell_with(&notes)?;
            }
            let exit = stay(up, signals, &mut output).await;
            homes.iter().for_each(|homes| homes.remove());
            Ok(exit)
        }
        (Err(failure), Some(streams)) => {
            streams.come_back();
            Err(failure)
        }
        (Err(failure), None) => Err(failure),
    }
}

/// The tools of a pool, with what the flags say of them.
pub(super) fn resolved(
    tools: &str,
    pool: &PoolArgs,
    start: &StartArgs,
    framing: &FramingArgs,
) -> Result<Vec<Tool>, Failure> {
    let mut tools = resolve(tools, pool.instances, start, framing)?;
    match pool.on_limit {
        OnLimit::Wait => {}
        OnLimit::Next => somewhere_else(&tools)?,
        OnLimit::Fail => tools.iter_mut().for_each(|tool| tool.profile.spec.hold = None),
    }
    Ok(tools)
}

/// A pool that can be used.
struct Up {
    controller: Controller,
    server: Server,
    changes: Receiver<InstanceStatus>,
}

async fn bring_up(
    args: &UpArgs,
    about: About,
    tools: Vec<Tool>,
    claimed: Claimed,
    record: Recorded,
    route: Route,
) -> Result<Up, Failure> {
    let tools = if record.is_some() { record::patient(tools) } else { tools };
    let terms = terms(&args.pool, &tools);
    let (pool, changes) = launch(route.install(ClusterManager::builder()), tools, TICKETS).await?;
    pool.ready().await.map_err(Failure::launch)?;
    let controller = Controller::of_pool(about, pool, terms, record);
    let server = Server::bind(claimed, controller.clone()).map_err(nowhere)?;
    Ok(Up { controller, server, changes })
}

/// What holds for every prompt.
pub(super) fn terms(pool: &PoolArgs, tools: &[Tool]) -> Terms {
    let rules = |tool: &Tool| (tool.profile.spec.offer(), tool.profile.rules.clone());
    let settings = Settings { tools: tools.iter().map(rules).collect(), ..Settings::default() };
    let (retries, on_limit) = (pool.retries, pool.on_limit);
    let finish = move |job: Job| {
        let job = job.retries(retries);
        match on_limit {
            OnLimit::Wait => job.wait_for_limits(limits::LONGEST),
            OnLimit::Next => job.next_tool_at_limits(limits::LONGEST),
            OnLimit::Fail => job,
        }
    };
    Terms {
        settings,
        tools: tools.iter().map(view).collect(),
        slots: tools.iter().map(|tool| tool.instances).collect(),
        grown: Grown::default(),
        finish: Box::new(finish),
    }
}

/// A tool, as clients are told of it.
fn view(tool: &Tool) -> ToolView {
    let profile = &tool.profile;
    ToolView {
        name: profile.name.to_string(),
        about: profile.about.clone(),
        commands: profile.rules.commands.clone(),
        effects: tool.effects().to_owned(),
        interprets: profile.interprets,
        tells_costs: profile.spec.turn.tells_costs(),
    }
}

/// The pool in one line.
pub(super) fn headline(tools: &[Tool], route: &str) -> String {
    let mut parts: Vec<String> = tools.iter().map(Tool::headline).collect();
    parts.push(route.to_owned());
    parts.join(", ")
}
