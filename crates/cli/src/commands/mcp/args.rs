//! The arguments of `cluster mcp`, as typed.

use crate::commands::pool::PoolArg;
use crate::commands::run::args::{FramingArgs, PoolArgs, StartArgs};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};
use cluster::batch::duration::duration;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  An agent gets a pool of three aiders, which ends with it:
    claude mcp add cluster -- cluster mcp aider:3

  It gets the pool that is up, whose replies outlive it:
    cluster up aider:3
    claude mcp add cluster -- cluster mcp

  Shells run what they are told, so that has to be said; at most 20 jobs, and none after an hour:
    cluster mcp bash:2 --allow-interpreters --max-jobs 20 --deadline 1h

Standard output is the protocol, and nothing else. What is allowed is settled here: no client can ask for more.

Exit codes: 0 the client has gone, 2 wrong usage, no such pool or too deep, 3 no tool could start.";

/// Offer a pool to an agent, over the Model Context Protocol on standard input and output
///
/// With tools, a pool of their own is started, and ends with the client. Without, the pool that is up is joined.
#[derive(Debug, Default, clap::Args)]
#[command(after_long_help = EXAMPLES, after_help = "See more, with examples, with '--help'.")]
pub(crate) struct McpArgs {
    /// The tools of a pool of its own: names ('cluster tools' lists them), paths to profiles, separated by commas, or, with
    /// a flag of framing, a command line in one word. ':N' gives a tool N instances
    #[arg(value_name = "TOOL[:N]", conflicts_with = "name")]
    pub(super) tools: Option<String>,
    #[command(flatten)]
    pub(super) which: PoolArg,
    #[command(flatten)]
    pub(super) rights: RightsArgs,
    #[command(flatten)]
    pub(crate) pool: PoolArgs,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(super) framing: FramingArgs,
    /// The first flag that was typed and that only a pool of its own can follow.
    #[arg(skip)]
    pub(super) own: Option<String>,
}

impl McpArgs {
    /// Notes what was typed, as opposed to what is settled: settings are for the pools that a user starts.
    pub(crate) fn note(&mut self, matches: &ArgMatches) {
        let joins = RightsArgs::augment_args(PoolArg::augment_args(Command::new("mcp")));
        let for_both = |arg: &Arg| joins.get_arguments().any(|known| known.get_id() == arg.get_id());
        let is_typed =
            |arg: &Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        let command = Self::augment_args(Command::new("mcp"));
        let own = command.get_arguments().find(|arg| is_typed(arg) && !for_both(arg));
        self.own = own.and_then(Arg::get_long).map(|flag| format!("--{flag}"));
    }
}

/// What the client may do.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "What the client may do")]
pub(super) struct RightsArgs {
    /// Let it send to tools that run what they are told as it stands, such as shells and debuggers
    #[arg(long)]
    pub(super) allow_interpreters: bool,
    /// Let it answer questions that tools ask
    #[arg(long)]
    pub(super) allow_answers: bool,
    /// So many jobs in all, and no more
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(super) max_jobs: u64,
    /// After this time take no more jobs
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) deadline: Option<Duration>,
    /// When the jobs of the pool have cost so much, by what their tools say, take no more; refused for tools that do not
    /// tell it
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub(super) max_cost: Option<f64>,
    /// How many pools there may be inside of each other: with 1, no tool of a pool gets one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_depth: u32,
}

fn dollars(text: &str) -> Result<f64, String> {
    let amount = text.parse().ok().filter(|amount: &f64| amount.is_finite() && *amount > 0.0);
    amount.ok_or_else(|| "write a number of US dollars above 0, as in 1.50".to_owned())
}
