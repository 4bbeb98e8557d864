//! `cluster doctor`: is a tool there, well, and worth a pool?

mod conformance;
mod show;

use super::run::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::config::Config;
use cluster::doctor::Checkup;
use cluster::profile::{Overrides, Profile, Surroundings};

/// What is asked if nobody says what.
const QUESTION: &str = "Answer with the single word: ready";

/// Start a tool, try it, and tell whether it is well and a pool pays.
#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// A name, or a path to a profile; every tool that is known, in a line each, without it
    tool: Option<String>,
    /// Send a real prompt, too, which may cost money; one that asks for a single word unless given
    #[arg(long, value_name = "PROMPT", num_args = 0..=1, default_missing_value = QUESTION, require_equals = true, requires = "tool")]
    ask: Option<String>,
    /// Try each feature of a pool with it: replies as they come, cancelling, limits and more. Prompts that may cost money are
    /// sent with --ask only
    #[arg(long, requires = "tool")]
    conformance: bool,
    /// As JSON: one checkup, or an array of them; or what --conformance found
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let mut around = Surroundings::current();
    around.tools = Config::load(&around).map_err(Failure::usage)?.tools();
    if let Some(note) = around.tools.note().filter(|_| args.tool.is_none()) {
        Output::aside(&note);
    }
    match &args.tool {
        Some(tool) if args.conformance => {
            if args.ask.as_ref().is_some_and(|prompt| prompt != QUESTION) {
                let failure = Failure::usage("--conformance has prompts of its own");
                return Err(failure.help("use --ask without one; [test] in the profile says which they are"));
            }
            let bench = conformance::Bench::new(tool, &around)?;
            block_on(async move { bench.run(args.ask.is_some(), args.json).await })
        }
        Some(tool) => {
            let profile = Profile::load(tool, &Overrides::default(), &around).map_err(Failure::usage)?;
            block_on(one(profile, args))
        }
        None => block_on(all(around, args.json)),
    }
}

async fn examine(profile: &Profile, ask: Option<&str>) -> Checkup {
    Checkup::of(profile, pool_core::process::launcher, ask).await
}

async fn one(profile: Profile, args: &DoctorArgs) -> Result<Exit, Failure> {
    let checkup = examine(&profile, args.ask.as_deref()).await;
    Output::document(&if args.json { show::json(&checkup)? } else { show::page(&checkup) })?;
    Ok(if checkup.is_well() { Exit::Ok } else { Exit::Failed })
}

/// Every tool, one after the other: their starts would disturb each other. A tool that is not there is not ill.
async fn all(around: Surroundings, json: bool) -> Result<Exit, Failure> {
    let names: Vec<String> = Profile::list(&around).into_iter().map(|listed| listed.name).collect();
    let (width, mut checkups, mut is_ill) =
        (names.iter().map(String::len).max().unwrap_or_default(), Vec::new(), false);
    for name in names {
        let checkup = match Profile::load(&name, &Overrides::default(), &around) {
            Ok(profile) => examine(&profile, None).await,
            Err(error) => Checkup::unreadable(&name, error.to_string()),
        };
        is_ill |= !checkup.problems.is_empty();
        if json {
            checkups.push(checkup);
        } else {
            Output::document(&show::line(&checkup, width))?;
        }
    }
    if json {
        Output::document(&show::json(&checkups)?)?;
    }
    Ok(if is_ill { Exit::Failed } else { Exit::Ok })
}
