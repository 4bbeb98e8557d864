//! `cluster ask`: one question, to one tool or to several.

pub(crate) mod args;
mod question;

use super::run::drive::drive;
use super::run::limits::{LONGEST, Limits};
use super::run::resolve::{Tool, accounts, resolve};
use super::run::{block_on, no_pool};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Level, Output, Style};
use crate::signals::Signals;
use args::AskArgs;
use cluster::batch::Batch;
use cluster::batch::plan::{JobInfo, Planned};
use cluster::batch::run::{Order, window};
use cluster::{ClusterManager, Fold, Job};
use futures_util::stream;
use tokio::time::Instant;

/// Asks, and shows the answers.
pub(crate) fn run(args: &AskArgs) -> Result<Exit, Failure> {
    let tools = resolve(&args.tools, 1, &args.start, &args.framing)?;
    let fold = fold(args, tools.iter().map(|tool| tool.instances).sum())?;
    let jobs = jobs(&tools, &question::read(args.prompt.as_deref(), args.input.as_deref())?);
    block_on(ask(tools, jobs, fold, args))
}

/// How many of so many answers count.
fn fold(args: &AskArgs, asked: usize) -> Result<Fold, Failure> {
    match (args.race, args.quorum.map(|wanted| wanted as usize)) {
        (true, _) => Ok(Fold::race(asked)),
        (false, None) => Ok(Fold::broadcast(asked)),
        (false, Some(wanted)) if wanted <= asked => Ok(Fold::quorum(wanted, asked)),
        (false, Some(wanted)) => {
            let so_many = if asked == 1 { "1 answer is".to_owned() } else { format!("{asked} answers are") };
            let failure = Failure::usage(format!("--quorum {wanted}: only {so_many} asked for"));
            Err(failure.help("name more tools, or ask one several times, as in 'aider:3'"))
        }
    }
}

/// One job for each answer, bound to its tool.
fn jobs(tools: &[Tool], question: &str) -> Vec<Planned> {
    let each = tools.iter().flat_map(|tool| (1..=tool.instances).map(move |number| (tool, number)));
    let planned = |(index, (tool, number)): (u64, (&Tool, usize))| {
        let name = &tool.profile.name;
        let id = if tool.instances == 1 { name.to_string() } else { format!("{name}#{number}") };
        let prompts = vec![question.to_owned()];
        let info = JobInfo { index, id, prompts, ..JobInfo::default() };
        Planned { info, job: Ok(Job::from(question).tool(tool.profile.spec.tool.clone())) }
    };
    (0..).zip(each).map(planned).collect()
}

async fn ask(tools: Vec<Tool>, jobs: Vec<Planned>, fold: Fold, args: &AskArgs) -> Result<Exit, Failure> {
    let signals = Signals::listen().map_err(|error| no_pool(&error))?;
    let total = jobs.len();
    let level = Level::of(args.quiet, args.verbose);
    let style = Style { json: args.json, level, total: Some(total as u64), explain: false };
    let (headline, limits) = (headline(&tools, &fold), Limits::of_all(accounts(&tools).len()));
    let mut builder = ClusterManager::builder().raise_descriptor_limit();
    for tool in tools {
        builder = builder.tool(tool.profile.spec, tool.instances);
    }
    let mut output = Output::new(style, Instant::now().into_std());
    let pool = builder.build().await.map_err(Failure::launch)?;
    let submit = |job: Job| pool.submit(job.wait_for_limits(LONGEST));
    // Where not all are wanted, the order in which they come is what counts.
    let order = if args.json || !fold.wants_all() { Order::finished() } else { Order::input() };
    let source = Box::pin(stream::iter(jobs.into_iter().map(Ok)));
    let batch = Batch::new(source as _, submit, window(total), order);
    output.note(&headline);
    Ok(drive(&pool, batch, limits, Some(fold), signals, &mut output).await)
}

/// Who is asked, and what counts.
fn headline(tools: &[Tool], fold: &Fold) -> String {
    let mut parts: Vec<String> = tools.iter().map(Tool::headline).collect();
    match fold.wanted() {
        _ if fold.wants_all() => {}
        1 => parts.push("the first good answer counts".to_owned()),
        wanted => parts.push(format!("the first {wanted} good answers count")),
    }
    parts.join(", ")
}
