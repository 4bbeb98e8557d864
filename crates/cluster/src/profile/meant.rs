//! From a profile as written to a [`ToolSpec`]: what the types of single values cannot check is checked here.

mod relay;

use super::env::Environment;
use super::place::{self, Surroundings};
use super::value::Time;
use super::written::{self as w, Agent, By, CancelBy, Io, RestartWhen, Stderr, Turn, Written};
use pool_core::spec::{
    AgentSpec, Allow, Backoff, BreakerSpec, Cancel, HoldSpec, Intensity, Io as IoSpec, Limits, OnStall,
    OutcomeRule, Protocol, Restart, Shutdown, StartSpec, Stderr as StderrSpec, TextRule, ToolSpec, TurnRule,
    TurnSpec,
};
use regex::Regex;
use std::time::Duration;

/// A key, and what is wrong with its value.
pub(super) type Wrong = (&'static str, String);

/// How long a prompt must stand unless the profile says otherwise.
const SETTLE: Duration = Duration::from_millis(50);

pub(super) fn spec(
    name: &str,
    written: &Written,
    env: &Environment,
    around: &Surroundings,
) -> Result<ToolSpec, Wrong> {
    written.test.as_ref().map_or(Ok(()), w::Test::check)?;
    let mut spec = ToolSpec::new(name, command(written, env, around), turn(written)?);
    spec.env.clone_from(&env.passed);
    spec.cwd = written.cwd.as_ref().map(|cwd| around.cwd.join(cwd));
    let has_dir =
        spec.command.iter().chain(spec.env.iter().map(|(_, value)| value)).any(|it| it.contains("{dir}"));
    if has_dir && around.state.is_none() {
        return Err((
            "command",
            "{dir} has no place: let HOME or XDG_STATE_HOME be an absolute path".to_owned(),
        ));
    }
    let has_dir = has_dir || relay::writes_files(&written.turn);
    spec.state_dir = around.state.as_ref().filter(|_| has_dir).map(|state| state.join(name));
    spec.home = super::home::homes(written, env, around)?;
    spec.capabilities =
        written.capabilities.iter().flatten().map(|capability| capability.as_str().into()).collect();
    spec.io = match written.io.unwrap_or_default() {
        Io::Pipes => IoSpec::Pipes,
        Io::Pty => IoSpec::Pty,
    };
    spec.stderr = match written.stderr.unwrap_or_default() {
        Stderr::Merged => StderrSpec::Merged,
        Stderr::Kept => StderrSpec::Kept,
        Stderr::Dropped => StderrSpec::Dropped,
    };
    spec.start = start(written);
    spec.reset = written.reset.clone().and_then(|reset| reset.say).unwrap_or_default();
    spec.cancel = match written.cancel.as_ref().and_then(|cancel| cancel.by).unwrap_or_default() {
        CancelBy::Restart => Cancel::Restart,
        CancelBy::Interrupt => Cancel::Interrupt,
        CancelBy::Message => Cancel::Message,
    };
    let kills = written.limits.as_ref().and_then(|limits| limits.kill_stalled).unwrap_or_default();
    spec.on_stall = if kills { OnStall::Kill } else { OnStall::Show };
    spec.stop = stop(written);
    (spec.restart, spec.intensity, spec.backoff) = restart(written);
    spec.no_restart_on =
        written.restart.as_ref().and_then(|restart| restart.no_restart_on.clone()).unwrap_or_default();
    spec.breaker = breaker(written);
    if let Some(account) = &written.account {
        spec.account = account.as_str().into();
    }
    spec.hold = Some(hold(written));
    spec.limits = limits(written);
    relay::settle(&mut spec);
    spec.validate()
        .map_err(|error| (in_profile(error.field), error.reason.replace("backoff.min", "restart.delay")))?;
    Ok(spec)
}

/// The key of a profile for a field of the specification.
fn in_profile(field: &'static str) -> &'static str {
    match field {
        "backoff.max" => "restart.delay_max",
        "backoff.jitter" => "restart.jitter",
        "backoff.steps" => "restart.steps",
        "intensity" => "restart.within",
        other => other,
    }
}

fn command(written: &Written, env: &Environment, around: &Surroundings) -> Vec<String> {
    let mut command = written.command.clone();
    if written.turn.by == By::Remote {
        return found(command, env, around);
    }
    command.extend(written.args.as_ref().and_then(|args| args.extra.clone()).unwrap_or_default());
    found(command, env, around)
}

/// What prints the version.
pub(super) fn version(written: &Written, env: &Environment, around: &Surroundings) -> Vec<String> {
    let asked = || written.command.iter().take(1).cloned().chain(["--version".to_owned()]).collect();
    found(written.version.clone().unwrap_or_else(asked), env, around)
}

/// With its program as an absolute path, if that is there.
fn found(mut command: Vec<String>, env: &Environment, around: &Surroundings) -> Vec<String> {
    if let Some(program) = command.first_mut().filter(|program| !program.is_empty()) {
        *program = place::program(program, &env.passed, &around.cwd);
    }
    command
}

fn turn(written: &Written) -> Result<TurnSpec, Wrong> {
    let turn = &written.turn;
    let mut spec = TurnSpec::new(rule(written)?);
    spec.text = TextRule {
        wrap: turn.wrap.clone(),
        command: turn.command_wrap.clone(),
        multiline: turn.multiline.unwrap_or(true),
    };
    if turn.command_wrap.as_ref().is_some_and(|wrap| !wrap.contains("{text")) {
        return Err(("turn.command_wrap", "must contain {text}, {text:shell} or {text:json}".into()));
    }
    spec.echo = turn.echo.unwrap_or_default();
    let patterns = |list: &Option<Vec<super::value::Pattern>>| {
        list.iter().flatten().map(|pattern| pattern.0.clone()).collect::<Vec<_>>()
    };
    spec.trim_start = patterns(&turn.trim_start);
    spec.trim_end = patterns(&turn.trim_end);
    spec.questions = patterns(&written.questions);
    spec.throttled = patterns(&written.throttled);
    spec.usage = turn.usage.as_ref().map(|pattern| pattern.0.clone());
    let outcomes = written.outcome.iter().flatten();
    spec.outcomes =
        outcomes.map(|rule| OutcomeRule { outcome: rule.is, pattern: rule.pattern.0.clone() }).collect();
    Ok(spec)
}

fn rule(written: &Written) -> Result<TurnRule, Wrong> {
    let (turn, agent) = (&written.turn, written.agent.as_ref());
    only_where_used(turn)?;
    let speaks = |protocol| {
        let agent = self::agent(protocol, agent);
        settings(&agent)?;
        Ok(TurnRule::Protocol(Box::new(agent)))
    };
    let missing = |key, what: &str| (key, format!("is missing: by = \"{what}\" needs it"));
    Ok(match turn.by {
        By::Sentinel => TurnRule::Sentinel {
            send: turn.send.clone().ok_or_else(|| missing("turn.send", "sentinel"))?,
            expect: turn.expect.clone().ok_or_else(|| missing("turn.expect", "sentinel"))?.pattern,
            before: turn.before.clone(),
            begin: turn.begin.unwrap_or_default(),
        },
        By::Prompt => TurnRule::Prompt {
            until: turn.until.clone().ok_or_else(|| missing("turn.until", "prompt"))?.0,
            settle: turn.settle.map_or(SETTLE, |settle| settle.0),
        },
        By::Lines => TurnRule::Lines,
        By::Quiet => {
            TurnRule::Quiet { after: turn.quiet_for.ok_or_else(|| missing("turn.quiet_for", "quiet"))?.0 }
        }
        By::Acp => return speaks(Protocol::Acp),
        By::StreamJson => return speaks(Protocol::StreamJson),
        By::AppServer => return speaks(Protocol::AppServer),
        By::OneShot => relay::one_shot(turn),
        By::Remote => relay::remote(written)?,
    })
}

/// An agent with the settings that go with what it may do.
fn agent(protocol: Protocol, written: Option<&Agent>) -> AgentSpec {
    let mut spec = AgentSpec::new(protocol);
    let Some(written) = written else { return spec };
    spec.allow = match written.allow {
        None | Some(w::Allow::Read) => Allow::Read,
        Some(w::Allow::Edits) => Allow::Edits,
        Some(w::Allow::All) => Allow::All,
        Some(w::Allow::Ask) => Allow::Ask,
    };
    spec.resume = written.resume.clone().unwrap_or_default();
    let more = match spec.allow {
        Allow::Read | Allow::Ask => &written.read,
        Allow::Edits => &written.edits,
        Allow::All => &written.all,
    };
    spec.settings = [&written.settings, more]
        .into_iter()
        .flatten()
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    spec
}

/// With ACP the settings are ours, and a wrong one would silently do nothing.
fn settings(agent: &AgentSpec) -> Result<(), Wrong> {
    if agent.protocol != Protocol::Acp {
        return Ok(());
    }
    let wrong = agent.settings.iter().find_map(|(name, value)| {
        let is_right = match name.as_str() {
            AgentSpec::ACP_MODE => value.is_string(),
            AgentSpec::ACP_COUNTS => value.is_boolean(),
            AgentSpec::ACP_USAGE => value.as_str().is_some_and(|it| AgentSpec::ACP_USAGES.contains(&it)),
            AgentSpec::ACP_NOTES => value.as_str().is_some_and(|it| Regex::new(it).is_ok()),
            _ => false,
        };
        (!is_right).then(|| format!("{name} = {value}: see `cluster schema profile` for what ACP knows"))
    });
    wrong.map_or(Ok(()), |wrong| Err(("agent.settings", wrong)))
}

/// A key of another rule would silently do nothing.
fn only_where_used(turn: &Turn) -> Result<(), Wrong> {
    let keys = [
        ("turn.send", turn.send.is_some(), By::Sentinel),
        ("turn.expect", turn.expect.is_some(), By::Sentinel),
        ("turn.before", turn.before.is_some(), By::Sentinel),
        ("turn.begin", turn.begin.is_some(), By::Sentinel),
        ("turn.until", turn.until.is_some(), By::Prompt),
        ("turn.settle", turn.settle.is_some(), By::Prompt),
        ("turn.quiet_for", turn.quiet_for.is_some(), By::Quiet),
    ];
    let misplaced = keys.into_iter().find(|(_, written, by)| *written && *by != turn.by).map(|(key, ..)| key);
    let relayed = relay::keys(turn).into_iter().find(|(_, written, by)| *written && !by.contains(&turn.by));
    match misplaced.or(relayed.map(|(key, ..)| key)) {
        Some(key) => Err((key, "has no meaning for this `by`: remove it, or choose another rule".into())),
        None => Ok(()),
    }
}

fn start(written: &Written) -> StartSpec {
    let start = written.start.clone().unwrap_or_default();
    StartSpec {
        ready: start.ready.map(|ready| ready.0),
        settle: start.settle.map_or(SETTLE, |settle| settle.0),
        warm: start.warm,
        at_once: start.at_once,
    }
}

fn stop(written: &Written) -> Shutdown {
    let stop = written.stop.clone().unwrap_or_default();
    match Shutdown::default() {
        Shutdown::After { quit, term, .. } => {
            Shutdown::After { say: stop.say, quit: or(stop.after, quit), term: or(stop.term, term) }
        }
        Shutdown::Kill => Shutdown::Kill,
    }
}

fn restart(written: &Written) -> (Restart, Intensity, Backoff) {
    let restart = written.restart.clone().unwrap_or_default();
    let (intensity, backoff) = (Intensity::default(), Backoff::default());
    let when = match restart.when.unwrap_or_default() {
        RestartWhen::Permanent => Restart::Permanent,
        RestartWhen::Transient => Restart::Transient,
        RestartWhen::Temporary => Restart::Temporary,
    };
    let intensity =
        Intensity { max: restart.max.unwrap_or(intensity.max), within: or(restart.within, intensity.within) };
    let backoff = Backoff {
        min: or(restart.delay, backoff.min),
        max: or(restart.delay_max, backoff.max),
        steps: restart.steps.unwrap_or(backoff.steps),
        jitter: restart.jitter.unwrap_or(backoff.jitter),
        stable: or(restart.stable, backoff.stable),
    };
    (when, intensity, backoff)
}

fn breaker(written: &Written) -> BreakerSpec {
    let breaker = written.breaker.clone().unwrap_or_default();
    let default = BreakerSpec::default();
    BreakerSpec {
        failures: breaker.failures.unwrap_or(default.failures),
        window: breaker.window.unwrap_or(default.window),
        min_calls: breaker.min_calls.unwrap_or(default.min_calls),
        failure_rate: breaker.failure_rate.unwrap_or(default.failure_rate),
        slow: breaker.slow.map(|slow| slow.0),
        slow_rate: breaker.slow_rate.unwrap_or(default.slow_rate),
        probes: breaker.probes.unwrap_or(default.probes),
        open: or(breaker.open, default.open),
        open_max: or(breaker.open_max, default.open_max),
    }
}

fn hold(written: &Written) -> HoldSpec {
    let hold = written.hold.clone().unwrap_or_default();
    let default = HoldSpec::default();
    HoldSpec {
        min: or(hold.min, default.min),
        max: or(hold.max, default.max),
        jitter: hold.jitter.unwrap_or(default.jitter),
    }
}

fn limits(written: &Written) -> Limits {
    let limits = written.limits.clone().unwrap_or_default();
    let default = Limits::default();
    Limits {
        max_reply: limits.max_reply.unwrap_or(default.max_reply),
        max_raw: default.max_raw,
        max_prompt: limits.max_prompt.unwrap_or(default.max_prompt),
        max_memory: limits.max_memory.or(default.max_memory),
        turn: or(limits.turn, default.turn),
        ready: or(written.start.as_ref().and_then(|start| start.timeout), default.ready),
        stall: or(limits.stall, default.stall),
        cancel: or(written.cancel.as_ref().and_then(|cancel| cancel.within), default.cancel),
        errand: or(limits.errand, default.errand),
        reset: or(written.reset.as_ref().and_then(|reset| reset.timeout), default.reset),
    }
}

fn or(written: Option<Time>, default: Duration) -> Duration {
    written.map_or(default, |time| time.0)
}

/// The defaults, as they would be written: the lowest layer, so that every value in use can be shown.
pub(super) fn defaults() -> Written {
    let time = |duration| Some(Time(duration));
    let (limits, intensity, backoff) = (Limits::default(), Intensity::default(), Backoff::default());
    let (breaker, hold) = (BreakerSpec::default(), HoldSpec::default());
    let (quit, term) = match Shutdown::default() {
        Shutdown::After { quit, term, .. } => (time(quit), time(term)),
        Shutdown::Kill => (None, None),
    };
    Written {
        io: Some(Io::default()),
        stderr: Some(Stderr::default()),
        home: Some(w::Home::default()),
        effects: Some(w::Effects::default()),
        quote: Some(crate::batch::template::Quote::default()),
        turn: Turn { multiline: Some(true), echo: Some(false), ..Turn::default() },
        start: Some(w::Start { settle: time(SETTLE), timeout: time(limits.ready), ..w::Start::default() }),
        reset: Some(w::Reset { say: None, timeout: time(limits.reset) }),
        cancel: Some(w::Cancel { by: Some(CancelBy::default()), within: time(limits.cancel) }),
        stop: Some(w::Stop { say: None, after: quit, term }),
        restart: Some(w::Restart {
            when: Some(RestartWhen::default()),
            max: Some(intensity.max),
            within: time(intensity.within),
            delay: time(backoff.min),
            delay_max: time(backoff.max),
            steps: Some(backoff.steps),
            jitter: Some(backoff.jitter),
            stable: time(backoff.stable),
            no_restart_on: None,
        }),
        breaker: Some(w::Breaker {
            failures: Some(breaker.failures),
            window: Some(breaker.window),
            min_calls: Some(breaker.min_calls),
            failure_rate: Some(breaker.failure_rate),
            slow: breaker.slow.map(Time),
            slow_rate: Some(breaker.slow_rate),
            probes: Some(breaker.probes),
            open: time(breaker.open),
            open_max: time(breaker.open_max),
        }),
        hold: Some(w::Hold { min: time(hold.min), max: time(hold.max), jitter: Some(hold.jitter) }),
        limits: Some(w::Limits {
            max_reply: Some(limits.max_reply),
            max_prompt: Some(limits.max_prompt),
            max_memory: limits.max_memory,
            turn: time(limits.turn),
            stall: time(limits.stall),
            kill_stalled: Some(false),
            errand: time(limits.errand),
        }),
        ..Written::default()
    }
}
