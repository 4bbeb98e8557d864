//! A profile as it is written: one field per key of the file. The reference of the format is made from these comments.

mod agent;
mod env;
mod relay;
mod test;
mod turn;

pub use agent::{Agent, Allow, Settings};
pub use env::{Env, Home};
pub use relay::{Counts, Extract, Form, Join, Pick, PickWhen, PromptBy, Remote};
pub use test::{Free, Prompt, Recall, Test};
pub use turn::{By, Turn};

use super::value::{Pattern, Time};
use crate::batch::template::Quote;
use pool_core::message::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How to run one tool: `profiles/*.toml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The version of this format.
    pub schema: Schema,
    /// The argument vector; the program comes first. No shell ever runs. `{slot}` stands for the index of the
    /// instance, `{dir}` for a private folder of it.
    pub command: Vec<String>,
    /// What the tool is, in a line.
    pub about: Option<String>,
    /// What its users should know.
    pub notes: Option<Vec<String>>,
    /// What it is able to do, in words of your own: a job of a list may need one of them instead of a certain tool.
    pub capabilities: Option<Vec<String>>,
    /// The versions of the tool that the profile has been tried with.
    pub tested: Option<Vec<String>>,
    /// What prints the version of the tool: an argument vector. The program of `command` with `--version` if absent.
    pub version: Option<Vec<String>>,
    /// What connects us to the tool.
    pub io: Option<Io>,
    /// Where the tool's standard error goes.
    pub stderr: Option<Stderr>,
    /// What a turn may change; drives resume and warnings.
    pub effects: Option<Effects>,
    /// Whether what it is told is code that it runs as it stands, like a shell's: `cluster mcp` hands nothing to such a
    /// tool unless it is told to. True if absent, but for agents.
    pub interprets: Option<bool>,
    /// The folder the tool runs in; that of the caller if absent.
    pub cwd: Option<PathBuf>,
    /// Whether its instances share their user's home.
    pub home: Option<Home>,
    /// With `home = "per-instance"`: files of the user's home that each instance finds in its own, as copies.
    pub home_files: Option<Vec<PathBuf>>,
    /// Whose usage limits it shares: a limit that one instance meets holds all instances of all tools of this account.
    /// The name of the tool if absent.
    pub account: Option<String>,
    /// How text of an item is quoted inside a step.
    pub quote: Option<Quote>,
    /// How text of an item is quoted inside one of `commands`.
    pub command_quote: Option<Quote>,
    /// The tool's own commands that steps may use, each one word. They are sent as one raw line.
    pub commands: Option<Vec<String>>,
    /// Those of `commands` that take prose: text of an item is not quoted inside them.
    pub prose: Option<Vec<String>>,
    /// What the tool's own commands begin with. A step that begins so, but not with one of `commands`, stops the run
    /// before it starts.
    pub command_marks: Option<Vec<String>>,
    /// Output whose end looks like this, and then is silent for 300 ms, is a question to the user.
    pub questions: Option<Vec<Pattern>>,
    /// Output whose end looks like this, and then is silent for 300 ms, says that the tool was turned away by its own
    /// service and tries again by itself. The turn goes on; the instance is shown as throttled until more comes.
    pub throttled: Option<Vec<Pattern>>,
    /// How turns are framed and read.
    pub turn: Turn,
    /// For `acp`, `stream_json` and `app_server`: what the agent may do, and how its conversations begin.
    pub agent: Option<Agent>,
    /// Optional arguments.
    pub args: Option<Args>,
    /// The environment; nothing is inherited but what is allowed here and what every tool gets.
    pub env: Option<Env>,
    /// How a start is judged.
    pub start: Option<Start>,
    /// How the tool is brought back to a fresh state between jobs.
    pub reset: Option<Reset>,
    /// How a running turn is cancelled.
    pub cancel: Option<Cancel>,
    /// How an instance is stopped.
    pub stop: Option<Stop>,
    /// When an instance that ended is started again.
    pub restart: Option<Restart>,
    /// When an instance is no longer trusted.
    pub breaker: Option<Breaker>,
    /// How long a usage limit holds the account, if the outcome's pattern does not tell.
    pub hold: Option<Hold>,
    /// Bounds.
    pub limits: Option<Limits>,
    /// What replies say about success. The rule whose last match begins latest in the reply decides; among equals
    /// the first; none means `ok`.
    pub outcome: Option<Vec<OutcomeRule>>,
    /// Tries of the tool.
    pub test: Option<Test>,
}

/// The version of this format.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
pub enum Schema {
    /// The first.
    #[default]
    #[serde(rename = "cluster.profile/1")]
    V1,
}

/// What connects us to a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Io {
    /// Plain pipes: no echo, no limit on the length of a line.
    #[default]
    Pipes,
    /// A terminal of its own, for tools that talk to nothing else: raw and without echo, 24 lines of 500 columns. Replies
    /// are what it shows in the end. `TERM` is `dumb` unless `env.set` says otherwise.
    Pty,
}

/// Where standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stderr {
    /// Into the same pipe as standard output, so that the order is kept. With `one_shot` and `remote` it is kept apart: it is
    /// no part of a reply, and tells why one has failed.
    #[default]
    Merged,
    /// Thrown away, but for the end of it: that is shown if the tool ends in the middle of a turn, or does not start.
    Kept,
    /// Thrown away.
    Dropped,
}

/// What a turn may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effects {
    /// Nothing outside the tool: a turn whose end nobody knows may simply be repeated.
    Read,
    /// Anything.
    #[default]
    Write,
}

/// Optional arguments, added to `command`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// For --model; `{model}` stands for its value.
    pub model: Option<Vec<String>>,
    /// Always added, at the end; --tool-arg adds to them.
    pub extra: Option<Vec<String>>,
}

/// How a start is judged.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// What the end of the output looks like before anything is sent; nothing is waited for if absent.
    pub ready: Option<Pattern>,
    /// How long that must stand unchanged.
    pub settle: Option<Time>,
    /// A raw line whose answer means that the tool works at full speed. Without it, ready is warm.
    pub warm: Option<String>,
    /// How many instances may be starting at a time; all if absent.
    pub at_once: Option<usize>,
    /// The longest start, warm-up included.
    pub timeout: Option<Time>,
}

/// How the tool is brought back to a fresh state.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Raw lines, each a turn of its own, between jobs that continue no session.
    pub say: Option<Vec<String>>,
    /// The longest that each may take.
    pub timeout: Option<Time>,
}

/// How a running turn is cancelled.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// What is done.
    pub by: Option<CancelBy>,
    /// How long after an interrupt the turn must have ended; else the instance is restarted.
    pub within: Option<Time>,
}

/// What is done to cancel a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelBy {
    /// The instance is stopped, and started again. With `one_shot` and `remote` its process is, and the instance stays.
    #[default]
    Restart,
    /// One SIGINT; the turn then ends by its own rule.
    Interrupt,
    /// A message of the tool's protocol; the turn then ends by its own rule.
    Message,
}

/// How an instance is stopped: its own word or the end of its input, then SIGTERM, then SIGKILL.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The tool's own word; the end of its input if absent.
    pub say: Option<String>,
    /// From there to SIGTERM.
    pub after: Option<Time>,
    /// From SIGTERM to SIGKILL.
    pub term: Option<Time>,
}

/// When an instance that ended is started again, and after which delay.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// After which ends.
    pub when: Option<RestartWhen>,
    /// More restarts than this `within` the time, and the tool is given up.
    pub max: Option<u32>,
    /// See `max`.
    pub within: Option<Time>,
    /// The delay before the first restart.
    pub delay: Option<Time>,
    /// The delay before restart number `steps` and all later ones.
    pub delay_max: Option<Time>,
    /// How many restarts from `delay` to `delay_max`.
    pub steps: Option<u32>,
    /// 0 to 1: the delay is spread evenly over ± this share of itself.
    pub jitter: Option<f64>,
    /// After an instance was ready for so long, the delays start over.
    pub stable: Option<Time>,
    /// Exit codes by which the tool says that another start is of no use; none if absent.
    pub no_restart_on: Option<Vec<i32>>,
}

/// After which ends an instance is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestartWhen {
    /// All.
    #[default]
    Permanent,
    /// Those by a signal or with an error.
    Transient,
    /// None.
    Temporary,
}

/// When an instance is no longer trusted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// After this many sick jobs in a row (a crash, a reply that did not end); 0 means never, whatever the rest says.
    pub failures: Option<u32>,
    /// Of how many of the last jobs shares are taken; 0 means none.
    pub window: Option<u32>,
    /// How many jobs it takes before shares mean anything.
    pub min_calls: Option<u32>,
    /// After this share of sick jobs, in percent.
    pub failure_rate: Option<u8>,
    /// A job that takes longer is slow; none is if absent.
    pub slow: Option<Time>,
    /// After this share of slow jobs, in percent.
    pub slow_rate: Option<u8>,
    /// How many jobs are tried, one after the other, before it is trusted again.
    pub probes: Option<u32>,
    /// For how long, the first time; each further time doubles it.
    pub open: Option<Time>,
    /// For how long at most.
    pub open_max: Option<Time>,
}

/// How long a usage limit holds the account.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The first time; each further time in a row doubles it.
    pub min: Option<Time>,
    /// For how long at most, unless the tool itself names a longer time.
    pub max: Option<Time>,
    /// 0 to 1: up to this share of itself is added, but never more than a minute.
    pub jitter: Option<f64>,
}

/// Bounds.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one reply that are kept: its head and its tail.
    pub max_reply: Option<usize>,
    /// Bytes of one prompt; a longer one is refused.
    pub max_prompt: Option<usize>,
    /// Bytes of memory of the tool and all that it started: an instance that has more after a job is replaced before
    /// another, and loses its conversation. Without it nobody looks.
    pub max_memory: Option<u64>,
    /// The longest turn.
    pub turn: Option<Time>,
    /// How long a turn may go without output and without processor time, of the tool and of all that it started,
    /// before it is shown as stalled.
    pub stall: Option<Time>,
    /// Ends a turn that has stalled as timed out, and replaces the instance. Without it a stall is only shown: a slow
    /// model and a hang look alike.
    pub kill_stalled: Option<bool>,
    /// How long an effect before or after a step may take (a check, a commit).
    pub errand: Option<Time>,
}

/// What a reply says about success.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRule {
    /// What a match means.
    pub is: Outcome,
    /// What is looked for in the reply. With `is = "limited"`, its named groups may hold the numbers that say when the
    /// limit is over: `(?P<reset_s>\d+)` seconds, likewise `reset_ms`, `reset_m`, `reset_h`, `reset_d`, added up; or
    /// `reset_at`, a time of day (`15:04`, `3pm`), a date with a time, or seconds since 1970.
    pub pattern: Pattern,
}
