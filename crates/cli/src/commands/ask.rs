//! `cluster ask`: one question, to one tool or to several.

pub(crate) mod args;
mod question;

use super::run::bounds::Bounds;
use super::run::drive::{Questions, drive};
use super::run::limits::{LONGEST, Limits};
use super::run::resolve::{Tool, accounts, homes, resolve};
use super::run::{block_on, launch, no_pool};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Level, Output, Style};
use crate::report::Report;
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
    Questions::check(&tools)?;
    let fold = fold(args, asked(&tools))?;
    let question = question::read(args.prompt.as_deref(), args.input.as_deref())?;
    if let Some(note) = args.start.tools.note().filter(|_| args.talk.level() > Level::Quiet) {
        Output::aside(&note);
    }
    block_on(ask(tools, question, fold, args))
}

/// How many answers are asked for.
fn asked(tools: &[Tool]) -> usize {
    tools.iter().map(|tool| tool.instances).fold(0, usize::saturating_add)
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

/// One job for each answer, bound to its tool; each is made when it is taken.
fn jobs(tools: &[Tool], question: String) -> impl Iterator<Item = Planned> + Send + use<> {
    let name = |tool: &Tool| (tool.profile.name.to_string(), tool.profile.spec.tool.clone(), tool.instances);
    let names: Vec<_> = tools.iter().map(name).collect();
    let each = names.into_iter().flat_map(|(name, tool, instances)| {
        (1..=instances).map(move |number| {
            let id = if instances == 1 { name.clone() } else { format!("{name}#{number}") };
            (id, tool.clone())
        })
    });
    (0..).zip(each).map(move |(index, (id, tool))| {
        let info = JobInfo { index, id, prompts: vec![question.clone()], ..JobInfo::default() };
        Planned { info, job: Ok(Job::from(question.as_str()).tool(tool)) }
    })
}

async fn ask(tools: Vec<Tool>, question: String, fold: Fold, args: &AskArgs) -> Result<Exit, Failure> {
    let signals = Signals::listen().map_err(|error| no_pool(&error))?;
    let total = asked(&tools);
    let level = args.talk.level();
    let style = Style { json: args.json, level, total: Some(total as u64), explain: false };
    let (headline, limits) = (headline(&tools, &fold), Limits::of_all(accounts(&tools).len()));
    let (jobs, questions, homes) = (jobs(&tools, question), Questions::of(&tools), homes(&tools));
    let mut output = Output::new(style, Report::default(), Instant::now().into_std());
    output.recorded(tools.iter().map(|tool| &tool.profile));
    let (pool, changes) = launch(ClusterManager::builder(), tools, window(total)).await?;
    let submit = |job: Job| pool.submit(job.wait_for_limits(LONGEST));
    // Where not all are wanted, the order in which they come is what counts.
    let order = if args.json || !fold.wants_all() { Order::finished() } else { Order::input() };
    let source = Box::pin(stream::iter(jobs.map(Ok)));
    let batch = Batch::new(source as _, submit, window(total), order);
    output.note(&headline);
    let bounds = Bounds { limits, fold: Some(fold), deadline: None, budget: None, denial: None };
    let exit = drive(&pool, changes, batch, bounds, questions, signals, &mut output).await;
    homes.iter().for_each(|homes| homes.remove());
    Ok(exit)
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
