//! The arguments of `cluster run`, as typed.

mod bounds;
mod record;

use crate::output::Level;
pub(crate) use bounds::BoundsArgs;
use cluster::batch::duration::duration;
use cluster::config::{MOST_INSTANCES, MOST_RETRIES, Origin, Tools, size};
use cluster::hooks::Hooks;
use cluster::profile::Allow;
pub(crate) use record::{RecordArgs, Unknown};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  Count the lines of each file, over 3 warm shells; names are quoted:
    cluster run bash -s 'wc -l < {}' *.txt

  Each line of a file is a prompt, 8 at a time, results as JSON:
    cluster run python:8 -a prompts.txt --json > results.jsonl

  Several steps a job, in order, on one instance; /add is aider's own command:
    cluster run aider -s '/add {}' -s 'Add type hints' src/*.py

  A tool without a profile: its prompt ends a reply.
    cluster run 'perl -de 1' --until '  DB<\\d+> $' 'print 6*7'

  See what would happen:
    cluster run bash -s 'gzip {}' --dry-run -- *.log

Standard output has the replies, in the order of the items; standard error has everything else.

Defaults for many of these flags can be settled once: 'cluster config --help' says where.

Exit codes:
  0 all jobs succeeded                       4 stopped on purpose (--halt, --deadline, --max-cost, nobody reads
  1 some failed, or nobody knows how           the output any more, a usage limit for more than 12 hours)
    they ended                               75 another controller has the run (resume)
  2 wrong usage or bad input, nothing ran    129 ended by SIGHUP
  3 the pool could not start, or gave up     130 ended by SIGINT, 143 by SIGTERM

A run is recorded: 'cluster resume' goes on with it after a signal, a crash or a reboot, and 'cluster runs' shows it.

The first Ctrl-C begins no more jobs, the second takes back those that run, the third kills; SIGTERM, and SIGHUP when
the terminal goes, count alike. Ctrl-Z stops the program, not its tools, and the time until 'fg' is not charged to jobs.
SIGUSR1 shows what every instance does, what it waits for, and what to do about it.";

/// Run a batch: one job for each item, over a pool of warm instances
///
/// Items are arguments, lines of standard input, or of a file (-a). Without --step the item is the prompt.
#[derive(Debug, Default, clap::Args)]
#[command(after_long_help = EXAMPLES, after_help = "See more, with examples, with '--help'.")]
pub(crate) struct RunArgs {
    /// The tool: a name ('cluster tools' lists them), a path to a profile, or, with a flag of framing, a command line in
    /// one word. ':N' gives it N instances; several are separated by commas
    #[arg(value_name = "TOOL[:N]")]
    pub(super) tool: String,

    /// The items; 'item' means what a job is made of
    #[arg(value_name = "ITEM")]
    pub(crate) items: Vec<OsString>,

    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) steps: StepArgs,
    #[command(flatten)]
    pub(crate) pool: PoolArgs,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    #[command(flatten)]
    pub(super) framing: FramingArgs,
    #[command(flatten)]
    pub(crate) bounds: BoundsArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,

    /// Programs that are told of what happens.
    #[arg(skip)]
    pub(crate) hooks: Hooks,
    /// Where each --step and each --step-file stood on the command line.
    #[arg(skip)]
    pub(crate) step_order: [Vec<usize>; 2],
    /// The command line without the program: what a resumed run is made from.
    #[arg(skip)]
    pub(crate) words: Vec<OsString>,
}

/// Where items come from.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Items")]
pub(crate) struct InputArgs {
    /// Read items from this file, one a line ('-' is standard input)
    #[arg(short = 'a', long = "arg-file", value_name = "FILE", conflicts_with = "items")]
    pub(crate) arg_file: Option<PathBuf>,
    /// Items in files and on standard input end with NUL, not with a line end
    #[arg(short = '0', long = "null", conflicts_with = "items")]
    pub(crate) null: bool,
    /// Read structured jobs from this file, one JSON object a line ('cluster schema job')
    #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["items", "arg_file", "null", "token"])]
    pub(crate) from: Option<PathBuf>,
}

/// What a job says.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Steps")]
pub(crate) struct StepArgs {
    /// A step of each job; repeat it for more, they run in order on one instance. {} the item, {/} its base name, {//}
    /// its folder, {.} without extension, {/.} both, {#} its number, {:raw} not quoted; other braces are text
    #[arg(short = 's', long = "step", value_name = "TEMPLATE")]
    pub(super) steps: Vec<String>,
    /// A step whose template is in this file
    #[arg(short = 'S', long = "step-file", value_name = "FILE")]
    pub(crate) step_files: Vec<PathBuf>,
    /// This stands for the item in templates, instead of {}
    #[arg(short = 'I', long = "item-token", value_name = "STR")]
    pub(super) token: Option<String>,
    /// Let steps begin with any command of the tool, such as /exit
    #[arg(long)]
    pub(super) allow_commands: bool,
}

/// How tools are run.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Pool")]
pub(crate) struct PoolArgs {
    /// Instances, for each tool without ':N'
    #[arg(short = 'n', short_alias = 'j', long = "instances", value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_INSTANCES)))]
    pub(in crate::commands) instances: u32,
    /// Who gets the next job: round_robin, least_busy, sticky, fastest, or weighted:0=3,1=2 (slot 0 three times as often
    /// as a slot that is not named, slot 1 twice)
    #[arg(long, value_name = "STRATEGY", default_value = "least_busy")]
    pub(in crate::commands) route: String,
    /// When a tool says that its account has met a usage limit: the job that met it is sent again, first in the queue,
    /// 'wait': when that is over, at most 12h later; 'next': by another tool of the run, and waits while all are limited.
    /// 'fail': it ends as limited, and the others are tried all the same
    #[arg(long, value_name = "wait|next|fail", default_value = "wait", hide_possible_values = true)]
    pub(in crate::commands) on_limit: OnLimit,
    /// Further attempts at a job that an instance fails: a crash, no end in time, a reply that breaks off. Rather on
    /// another instance; a job that crashes two of them has no more. The tool may do the work twice
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=i64::from(MOST_RETRIES)))]
    pub(in crate::commands) retries: u32,

    /// Which of the user's settings the strategy comes from, if it is not a flag.
    #[arg(skip)]
    pub(crate) route_origin: Option<Origin>,
}

/// How each tool is started, and how long it may take.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Tools")]
pub(crate) struct StartArgs {
    /// The longest that one turn may take, such as 90s or 30m [default: the tool's own]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// The longest that a start may take [default: the tool's own]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) ready_timeout: Option<Duration>,
    /// A turn without output and without processor time for so long is shown as stalled [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) stall: Option<Duration>,
    /// End a stalled turn as timed out, and replace its instance: a slow model and a hang look alike, so it is not done
    /// unless asked for
    #[arg(long)]
    pub(crate) kill_stalled: bool,
    /// Replace an instance that has more memory than SIZE after a job, such as 512M or 2G: the tool and all that it
    /// started, looked at once a second at most [default: nobody looks]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_memory: Option<u64>,
    /// What an agent may do without asking [default: edits in a git tree without changes, else read]
    #[arg(long, value_enum)]
    allow: Option<AllowArg>,
    /// Write down what goes to and fro between us and each agent, in files of this folder: a transcript that the tests of
    /// a profile can replay; known secrets are left out
    #[arg(long, value_name = "FOLDER")]
    pub(crate) record: Option<PathBuf>,
    /// The model that the tool is to use
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// A further argument for the tool; may be repeated
    #[arg(long = "tool-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub(crate) tool_args: Vec<String>,
    /// Pass this variable on to the tool, or set it; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Give the tool a terminal instead of pipes, for one that talks to nothing else; replies are what it shows in the end
    #[arg(long)]
    pub(crate) pty: bool,
    /// Where the tool works
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cwd: Option<PathBuf>,

    /// What the user's settings add to the profiles of tools, by name.
    #[arg(skip)]
    pub(crate) tools: Tools,
}

/// What an agent may do without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AllowArg {
    /// Look at things.
    Read,
    /// Change files, too.
    Edits,
    /// Anything: commands, too.
    All,
    /// Look at things; for the rest you are asked, on the terminal.
    Ask,
}

impl StartArgs {
    /// What an agent may do without asking, if it was said.
    pub(crate) fn allow(&self) -> Option<Allow> {
        self.allow.map(|allow| match allow {
            AllowArg::Read => Allow::Read,
            AllowArg::Edits => Allow::Edits,
            AllowArg::All => Allow::All,
            AllowArg::Ask => Allow::Ask,
        })
    }
}

/// What a usage limit does to the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(in crate::commands) enum OnLimit {
    /// Every instance of the account waits for its end, and so does the job that met it.
    #[default]
    Wait,
    /// The same, but the job that met it goes to another tool.
    Next,
    /// The job that met it has failed; nobody waits.
    Fail,
}

/// When is a reply whole, for a tool without a profile?
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Framing, for a tool without a profile")]
#[group(multiple = false)]
pub(crate) struct FramingArgs {
    /// When this pattern, its prompt, is at the end of the output
    #[arg(long, value_name = "REGEX")]
    pub(crate) until: Option<String>,
    /// When it answers SEND with EXPECT; both contain {nonce}
    #[arg(long, value_name = "SEND=EXPECT")]
    pub(super) sentinel: Option<String>,
    /// After one line
    #[arg(long)]
    pub(super) lines: bool,
    /// After this much silence: a guess
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(super) quiet_for: Option<Duration>,
}

/// How much is said.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct TalkArgs {
    /// Say nothing but what went wrong
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
    /// Say more; twice for more still. CLUSTER_LOG chooses by parts, as in pool_core=debug,warn
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet", help_heading = "Output")]
    verbose: u8,
}

impl TalkArgs {
    pub(crate) fn level(&self) -> Level {
        Level::of(self.quiet, self.verbose)
    }

    /// What is said now goes before what was said then.
    pub(crate) fn put_on(&self, then: &mut Self) {
        if self.quiet || self.verbose > 0 {
            (then.quiet, then.verbose) = (self.quiet, self.verbose);
        }
    }
}

/// What is shown.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// One JSON object a job, as they finish ('cluster schema result')
    #[arg(long)]
    pub(crate) json: bool,
    /// Leave each job's reply and result in a folder of its own in DIR, as they finish. DIR is new, empty, or was left by
    /// a run of the same tool, steps and items, whose results are then replaced one by one
    #[arg(long, value_name = "DIR")]
    pub(crate) results: Option<PathBuf>,
    /// Leave a JUnit report, for CI: one case a job, written at the end, also of a run that is interrupted
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Replies as they finish, not in the order of the items
    #[arg(long)]
    pub(crate) unordered: bool,
    #[command(flatten)]
    pub(crate) talk: TalkArgs,
    /// Say on standard error, for each job, where it goes and why
    #[arg(long)]
    pub(crate) explain: bool,
    /// Show what would run, and start nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
