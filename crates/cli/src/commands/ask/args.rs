//! The arguments of `cluster ask`, as typed.

use crate::commands::run::args::{FramingArgs, StartArgs, TalkArgs};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  A question to one tool; the answer is on standard output:
    cluster ask python 'sum(range(10))'

  The same question to two, about a file; on a terminal each answer stands under its tool's name:
    cluster ask aider,./other.toml -i pr.diff 'Review this change'

  Whoever has a good answer first; the other one is cancelled:
    cluster ask aider,./other.toml --race 'Why does the build fail?' -i build.log

  Three answers of one tool, of which two are enough, with the times and the usage of each:
    cluster ask aider:3 --quorum 2 --json 'Suggest a name for this function' -i f.py

The prompt is text, whatever it looks like: it is never a command of the tool. An answer is good if
its outcome is ok.
With --race and --quorum standard output has only the answers that count; with --json also those
that failed before enough had come. A tool whose account has met a usage limit answers when that is
over, at most 12 hours later.
Defaults for flags can be settled once: 'cluster config --help' says where.

Exit codes:
  0 all answers are good, or as many as were wanted
  1 some answer is not, or too few are
  2 wrong usage or bad input, nothing was asked
  3 no tool could start, or all gave up
  4 stopped on purpose (nobody reads any more, or usage limits last for more than 12 hours)
  129 ended by SIGHUP, 130 by SIGINT, 143 by SIGTERM";

/// Ask one question; several tools all answer, or the first that can
#[derive(Debug, Default, clap::Args)]
#[command(after_long_help = EXAMPLES, after_help = "See more, with examples, with '--help'.")]
pub(crate) struct AskArgs {
    /// Whom to ask: names ('cluster tools' lists them), paths to profiles, separated by commas, or, with a flag of
    /// framing, a command line in one word. ':N' asks a tool for N answers, of up to N instances at a time
    #[arg(value_name = "TOOL[,TOOL…]")]
    pub(super) tools: String,

    /// The question. Without one, the text of --input is it
    #[arg(value_name = "PROMPT", required_unless_present = "input")]
    pub(super) prompt: Option<String>,

    /// What the question is about: the text of this file ('-' is standard input) follows it after an empty line
    #[arg(short = 'i', long = "input", value_name = "FILE")]
    pub(super) input: Option<PathBuf>,

    /// The first good answer counts, the other tools are stopped
    #[arg(long, conflicts_with = "quorum")]
    pub(super) race: bool,
    /// The first N good answers count, the other tools are stopped; also as soon as there cannot be so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) quorum: Option<u32>,

    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(super) framing: FramingArgs,

    /// One JSON object an answer, as they come ('cluster schema result'); 'job' is the tool that was asked
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}
