//! What flags change: layers on top of the profile, and profiles made of flags alone.

use super::place::Surroundings;
use super::value::{Expect, Pattern, Time};
use super::written::{Allow, Written};
use super::{Origin, ProfileError};
use crate::config::Wrong;
use std::time::Duration;
use toml::{Table, Value};

/// What the command line says about how a tool is started. All optional.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--model`
    pub model: Option<String>,
    /// `--tool-arg`, in order.
    pub tool_args: Vec<String>,
    /// `--env`: `NAME` is passed on, `NAME=VALUE` set.
    pub env: Vec<String>,
    /// `--cwd`
    pub cwd: Option<String>,
    /// `--timeout`: the longest turn.
    pub timeout: Option<Duration>,
    /// `--ready-timeout`
    pub ready_timeout: Option<Duration>,
    /// `--stall`
    pub stall: Option<Duration>,
    /// `--max-memory`: bytes.
    pub max_memory: Option<u64>,
    /// `--kill-stalled`
    pub kill_stalled: bool,
    /// `--allow`: what an agent may do without asking.
    pub allow: Option<Allow>,
    /// `--pty`: the tool gets a terminal.
    pub pty: bool,
    /// The tool is a command line, framed like this.
    pub framing: Option<Framing>,
}

/// How a tool without a profile is framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framing {
    /// `--until RE`: its prompt.
    Until(String),
    /// `--sentinel SEND=EXPECT`, with `{nonce}` in both halves.
    Sentinel(String),
    /// `--lines`: one line out for one line in.
    Lines,
    /// `--quiet-for D`: so much silence.
    QuietFor(Duration),
}

/// A layer for each flag.
pub(super) fn layers(flags: &Overrides, profile: &Written) -> Result<Vec<(Table, Origin)>, ProfileError> {
    let mut layers = Vec::new();
    let mut put = |flag, key, value| layers.push((nested(key, value), Origin::Flag(flag)));
    if let Some(model) = &flags.model {
        put("--model", "args.extra", model_args(model, profile)?);
    }
    if !flags.tool_args.is_empty() {
        put("--tool-arg", "args.extra", Value::from(flags.tool_args.clone()));
    }
    for variable in &flags.env {
        match variable.split_once('=') {
            _ if variable.is_empty() || variable.starts_with('=') => {
                return Err(flag("--env", format!("{variable:?} has no name: write NAME or NAME=VALUE")));
            }
            Some((name, value)) => {
                let set = Table::from_iter([(name.to_owned(), Value::from(value))]);
                put("--env", "env.set", Value::Table(set));
            }
            None => put("--env", "env.inherit", Value::from(vec![variable.clone()])),
        }
    }
    if let Some(cwd) = &flags.cwd {
        put("--cwd", "cwd", Value::from(cwd.clone()));
    }
    let times = [
        ("--timeout", "limits.turn", flags.timeout),
        ("--ready-timeout", "start.timeout", flags.ready_timeout),
        ("--stall", "limits.stall", flags.stall),
    ];
    for (flag, key, time) in times {
        if let Some(time) = time {
            put(flag, key, written(time));
        }
    }
    if let Some(bytes) = flags.max_memory {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        put("--max-memory", "limits.max_memory", Value::from(bytes));
    }
    if flags.kill_stalled {
        put("--kill-stalled", "limits.kill_stalled", Value::from(true));
    }
    // Of several tools only some may be agents.
    if let Some(allow) = flags.allow.filter(|_| profile.turn.by.is_protocol()) {
        put("--allow", "agent.allow", Value::from(allow.word()));
    }
    if flags.pty {
        put("--pty", "io", Value::from("pty"));
    }
    Ok(layers)
}

/// A layer for each thing that the user's settings say about the tool of this name. A model on the command line stands
/// for theirs.
pub(super) fn settled(
    flags: &Overrides,
    profile: &Written,
    name: &str,
    around: &Surroundings,
) -> Result<Vec<(Table, Origin)>, ProfileError> {
    let mut settled = Vec::new();
    for (set, origin) in around.tools.settled(name) {
        if set.model.is_some() && flags.model.is_some() {
            continue;
        }
        let layers = layers(set, profile).map_err(|error| match error {
            ProfileError::Flag { flag, reason } => {
                let key = format!("tools.{name}.{}", flag.trim_start_matches('-'));
                Wrong { place: origin.to_string(), key, reason }.into()
            }
            error => error,
        })?;
        settled.extend(layers.into_iter().map(|(layer, _)| (layer, origin.clone())));
    }
    Ok(settled)
}

fn model_args(model: &str, profile: &Written) -> Result<Value, ProfileError> {
    let args = profile.args.as_ref().and_then(|args| args.model.as_ref()).ok_or_else(|| {
        flag("--model", "the tool's profile does not say how a model is chosen: give it `[args] model`")
    })?;
    if model.starts_with('-') {
        return Err(flag("--model", format!("{model:?} would be taken for an option: use --tool-arg")));
    }
    Ok(Value::from(args.iter().map(|arg| arg.replace("{model}", model)).collect::<Vec<_>>()))
}

/// The profile of a command line, and its name: that of the program.
pub(super) fn ad_hoc(command_line: &str, framing: &Framing) -> Result<(String, Table, Origin), ProfileError> {
    let name = flag_of(framing);
    let command = shlex::split(command_line).filter(|command| !command.is_empty()).ok_or_else(|| {
        flag(name, format!("{command_line:?} is no command line: check its quotes; no shell runs, so | and > mean nothing"))
    })?;
    let program = command[0].rsplit('/').next().unwrap_or_default().to_owned();
    let mut table = Table::new();
    table.insert("schema".into(), Value::from("cluster.profile/1"));
    table.insert("command".into(), Value::from(command));
    table.insert("turn".into(), Value::Table(turn(framing)?));
    Ok((program, table, Origin::Flag(name)))
}

const fn flag_of(framing: &Framing) -> &'static str {
    match framing {
        Framing::Until(_) => "--until",
        Framing::Sentinel(_) => "--sentinel",
        Framing::Lines => "--lines",
        Framing::QuietFor(_) => "--quiet-for",
    }
}

fn turn(framing: &Framing) -> Result<Table, ProfileError> {
    let name = flag_of(framing);
    let pairs: Vec<(&str, Value)> = match framing {
        Framing::Until(until) => {
            Pattern::parse(until).map_err(|reason| flag(name, reason))?;
            vec![("by", "prompt".into()), ("until", until.clone().into()), ("multiline", false.into())]
        }
        Framing::Sentinel(pair) => {
            let (send, expect) = halves(pair).ok_or_else(|| {
                flag(name, format!("{pair:?} must be SEND=EXPECT, with {{nonce}} in both halves"))
            })?;
            Expect::parse(expect).map_err(|reason| flag(name, reason))?;
            vec![("by", "sentinel".into()), ("send", send.into()), ("expect", expect.into())]
        }
        Framing::Lines => vec![("by", "lines".into()), ("multiline", false.into())],
        Framing::QuietFor(time) => vec![("by", "quiet".into()), ("quiet_for", written(*time))],
    };
    Ok(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Split at the first `=` that leaves a `{nonce}` on both sides: either may have others.
fn halves(pair: &str) -> Option<(&str, &str)> {
    pair.match_indices('=')
        .map(|(at, _)| (&pair[..at], &pair[at + 1..]))
        .find(|(send, expect)| send.contains("{nonce}") && expect.contains("{nonce}"))
}

fn written(time: Duration) -> Value {
    Value::from(Time(time).to_string())
}

fn nested(key: &str, value: Value) -> Table {
    match key.split_once('.') {
        Some((table, key)) => Table::from_iter([(table.to_owned(), Value::Table(nested(key, value)))]),
        None => Table::from_iter([(key.to_owned(), value)]),
    }
}

fn flag(flag: &'static str, reason: impl Into<String>) -> ProfileError {
    ProfileError::Flag { flag, reason: reason.into() }
}
