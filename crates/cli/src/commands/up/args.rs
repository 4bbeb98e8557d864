//! The arguments of `cluster up`, as typed.

use crate::commands::pool::PoolArg;
use crate::commands::run::args::{FramingArgs, PoolArgs, StartArgs, TalkArgs, Unknown};
use crate::failure::Failure;
use cluster::config::PoolSettings;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  Three warm instances of aider, driven by number, and the end of them:
    cluster up aider:3
    cluster send --to 0 '/add src/lib.rs'
    cluster send --to 0 'Which functions have no tests?'
    cluster status
    cluster down

  Two pools beside each other:
    cluster up -p shells bash:2
    cluster up -p repl python
    cluster send -p repl 'print(6*7)'

What is sent to it is recorded: a pool of the same name goes on with that after 'cluster down', a crash or a reboot. What
was never sent is sent, and replies that nobody has read can be read.

Exit codes: 0 the pool is up, 2 wrong usage or such a pool is up already, 3 no tool could start,
75 another controller has the record.";

/// Start a pool that stays up, and return when it is ready
///
/// It goes on in the background, in a session of its own, until 'cluster down'. Whatever becomes of its controller, nothing
/// of its tools is left a second later.
#[derive(Debug, Default, clap::Args)]
#[command(after_long_help = EXAMPLES, after_help = "See more, with examples, with '--help'.")]
pub(crate) struct UpArgs {
    /// The tools: names ('cluster tools' lists them), paths to profiles, separated by commas, or, with a flag of framing, a
    /// command line in one word. ':N' gives a tool N instances
    #[arg(value_name = "TOOL[:N]", required_unless_present = "file")]
    pub(super) tools: Option<String>,
    /// The tools and the settings of this pool.toml instead: '[pool]' names them, as in tools = ["aider:3", "bash"]. What it
    /// says of how they are started holds after 'cluster trust'
    #[arg(short, long, conflicts_with_all = ["tools", "until", "sentinel", "lines", "quiet_for"])]
    pub(super) file: Option<PathBuf>,
    /// What the settings say of the pool.
    #[arg(skip)]
    pub(crate) settled: PoolSettings,
    #[command(flatten)]
    pub(super) which: PoolArg,
    /// Stay in the foreground: Ctrl-C ends the pool
    #[arg(long)]
    pub(super) foreground: bool,
    #[command(flatten)]
    pub(crate) pool: PoolArgs,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(super) framing: FramingArgs,
    #[command(flatten)]
    pub(super) record: RecordArgs,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}

/// Whether and how it is recorded.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Record")]
pub(super) struct RecordArgs {
    /// Keep no record: what was sent and not read is lost with the controller
    #[arg(long)]
    pub(super) no_ledger: bool,
    /// Forget what is recorded under this name, and begin anew
    #[arg(long, conflicts_with = "no_ledger")]
    pub(super) new: bool,
    /// What to do with a prompt that an earlier controller sent, and whose end nobody knows [default: retry where the tool
    /// changes nothing, else ask]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(super) on_unknown: Option<Unknown>,
}

impl UpArgs {
    /// The tools, as they are typed.
    pub(super) fn tools(&self) -> Result<String, Failure> {
        match (&self.tools, &self.file, &self.settled.tools) {
            (Some(tools), _, _) => Ok(tools.clone()),
            (None, _, Some(tools)) if !tools.is_empty() => Ok(tools.join(",")),
            (None, file, _) => {
                let file = file.as_deref().unwrap_or(Path::new("pool.toml")).display();
                Err(Failure::usage(format!("{file}: names no tools for a pool"))
                    .help("write [pool] and tools = [\"TOOL:N\", …] into it"))
            }
        }
    }
}
