//! The command line, as typed.

use crate::commands::{ask::args::AskArgs, run::args::RunArgs, schema::SchemaArgs, tools::ToolsArgs};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

/// Many command-line tools as one supervised pool: prompts in, whole replies out.
#[derive(Debug, Parser)]
#[command(name = "cluster", version, subcommand_required = true, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a batch: one job for each item, over a pool of warm instances
    Run(Box<RunArgs>),
    /// Ask one question; several tools all answer, or the first that can
    Ask(Box<AskArgs>),
    /// List the tools that cluster knows, or show one and where each value comes from
    Tools(ToolsArgs),
    /// Print the JSON Schema of what cluster reads or writes
    Schema(SchemaArgs),
}

/// Reads the command line.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Verb, clap::Error> {
    let matches = Args::command().try_get_matches_from(words)?;
    let mut verb = Args::from_arg_matches(&matches)?.verb;
    if let (Verb::Run(args), Some(matches)) = (&mut verb, matches.subcommand_matches("run")) {
        args.step_order = step_order(matches);
    }
    Ok(verb)
}

/// Where each `--step` and `--step-file` stood: their order among each other is the order of the steps.
fn step_order(matches: &ArgMatches) -> [Vec<usize>; 2] {
    ["steps", "step_files"].map(|id| matches.indices_of(id).map(Iterator::collect).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }
}
