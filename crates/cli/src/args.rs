//! The command line, as typed.

use crate::commands::{
    answer::AnswerArgs, ask::args::AskArgs, attach::AttachArgs, cancel::CancelArgs,
    completions::CompletionsArgs, config::ConfigArgs, doctor::DoctorArgs, down::DownArgs, gc::GcArgs,
    logs::LogsArgs, man::ManArgs, read::ReadArgs, restart::RestartArgs, resume::ResumeArgs,
    run::args::RunArgs, runs::RunsArgs, scale::ScaleArgs, schema::SchemaArgs, send::SendArgs,
    status::StatusArgs, tools::ToolsArgs, trust::TrustArgs, up::args::UpArgs, wait::WaitArgs, why::WhyArgs,
};
use crate::failure::Failure;
use crate::output::log::check_filter;
use crate::settings;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use cluster::config::Config;
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
    // Described, like the next ones without a word here, where its arguments are.
    Resume(ResumeArgs),
    Wait(WaitArgs),
    /// List the recorded runs, or look at one
    Runs(RunsArgs),
    Gc(GcArgs),
    /// Ask one question; several tools all answer, or the first that can
    Ask(Box<AskArgs>),
    Up(Box<UpArgs>),
    Down(DownArgs),
    Status(StatusArgs),
    Send(SendArgs),
    Read(ReadArgs),
    Answer(AnswerArgs),
    Cancel(CancelArgs),
    Restart(RestartArgs),
    Scale(ScaleArgs),
    Logs(LogsArgs),
    Why(WhyArgs),
    Attach(AttachArgs),
    #[cfg(feature = "mcp")]
    Mcp(Box<crate::commands::mcp::args::McpArgs>),
    /// List the tools that cluster knows, or show one and where each value comes from
    Tools(ToolsArgs),
    /// Show the settings that hold, and where each comes from
    Config(ConfigArgs),
    // Described where its arguments are; built with the feature `top`.
    #[cfg(feature = "top")]
    Top(crate::commands::top::TopArgs),
    Trust(TrustArgs),
    /// Start a tool, try it, and tell whether it is well and a pool pays
    Doctor(DoctorArgs),
    /// Print the JSON Schema of what cluster reads or writes
    Schema(SchemaArgs),
    /// Print what makes a shell complete the words of cluster
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man(ManArgs),
}

/// A command line that cannot be followed.
#[derive(Debug)]
pub(crate) enum Unread {
    /// Its words make no sense, or ask for help.
    Words(clap::Error),
    /// The settings that its defaults come from make no sense.
    Settings(Failure),
}

/// Reads the command line. What it does not say is said by the user's settings, where the verb runs jobs.
pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Verb, Unread> {
    let words: Vec<OsString> = words.collect();
    let mut matches = command().try_get_matches_from(&words).map_err(Unread::Words)?;
    let mut settled = Config::default();
    if matches.subcommand_name().is_some_and(|verb| settings::VERBS.contains(&verb)) {
        settled = settings::load(&matches).map_err(Unread::Settings)?;
        check_filter().map_err(Unread::Settings)?;
        if settled.made().next().is_some() {
            let command = settings::install(command(), &settled);
            matches = command.try_get_matches_from(&words).map_err(Unread::Words)?;
        }
    }
    let mut verb = Args::from_arg_matches(&matches).map_err(Unread::Words)?.verb;
    match (&mut verb, matches.subcommand()) {
        (Verb::Run(args), Some((_, matches))) => {
            args.step_order = step_order(matches);
            args.words = words.into_iter().skip(1).collect();
            args.start.tools = settled.tools();
            args.hooks.clone_from(&settled.settings.hooks);
            args.pool.route_origin = settings::origin(matches, "route", &settled);
        }
        (Verb::Ask(args), _) => args.start.tools = settled.tools(),
        (Verb::Up(args), Some((_, matches))) => {
            args.start.tools = settled.tools();
            args.settled = settled.settings.pool.clone();
            args.pool.route_origin = settings::origin(matches, "route", &settled);
        }
        #[cfg(feature = "mcp")]
        (Verb::Mcp(args), Some((_, matches))) => {
            args.start.tools = settled.tools();
            args.pool.route_origin = settings::origin(matches, "route", &settled);
            args.note(matches);
        }
        (Verb::Config(args), Some((_, matches))) => args.flags = settings::flags(matches),
        _ => {}
    }
    Ok(verb)
}

/// Every verb and every flag.
pub(crate) fn command() -> Command {
    settings::add_flags(Args::command())
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
        command().debug_assert();
    }
}
