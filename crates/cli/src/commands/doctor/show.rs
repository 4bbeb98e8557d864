//! A checkup, for people and for programs.

use crate::failure::Failure;
use crate::output::sanitize;
use cluster::Outcome;
use cluster::adapter::WORTH;
use cluster::doctor::{Checkup, INSTANCES, Start, Trial};
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;

/// How much of foreign text is shown on a line.
const WIDTH: usize = 100;

/// Everything, a line each.
pub(super) fn page(checkup: &Checkup) -> String {
    let mut text = format!("{}: {}\n", sanitize::line(&checkup.tool, WIDTH), verdict(checkup));
    let mut row = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name:8} {value}");
    };
    for problem in &checkup.problems {
        row("wrong", &sanitize::line(problem, 4 * WIDTH));
    }
    if let Some(program) = &checkup.program {
        row("program", &sanitize::line(&program.display().to_string(), WIDTH));
        row("version", &version(checkup));
    }
    if let Some((first, second)) = checkup.first.zip(checkup.second) {
        row("ready", &format!("in {}, the second time in {}", time(first.ready_us), time(second.ready_us)));
        row("warm", &format!("in {}, the second time in {}", time(first.warm_us), time(second.warm_us)));
    }
    if let Some(memory) = checkup.memory {
        row("memory", &format!("{:.1} MiB", memory as f64 / f64::from(1 << 20)));
    }
    for (name, trial) in [("test", &checkup.test), ("asked", &checkup.asked)] {
        if let Some(trial) = trial {
            row(name, &shown(trial));
        }
    }
    if let Some(second) = &checkup.second {
        row("pool", &pool(second, checkup));
    }
    let dropped = &checkup.dropped_env;
    row(
        "dropped",
        &if dropped.is_empty() { "nothing".into() } else { sanitize::line(&dropped.join(" "), 4 * WIDTH) },
    );
    text
}

/// One line; the name as wide as the widest.
pub(super) fn line(checkup: &Checkup, width: usize) -> String {
    let mut parts = vec![verdict(checkup)];
    parts.extend(checkup.problems.iter().map(|problem| sanitize::line(problem, 2 * WIDTH)));
    if checkup.program.is_some() {
        parts.push(version(checkup));
    }
    parts.extend(checkup.second.map(|second| format!("ready in {}", time(second.ready_us))));
    parts.extend(
        checkup.pool_pays_from.map(|jobs| format!("a pool of {INSTANCES} pays from {jobs} prompts on")),
    );
    format!("{:width$}  {}\n", sanitize::line(&checkup.tool, 40), parts.join(", "))
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(std::io::Error::from)? + "\n")
}

fn verdict(checkup: &Checkup) -> String {
    match &checkup.missing {
        Some(program) => format!("not there: no program '{}'", sanitize::line(program, WIDTH)),
        None if checkup.problems.is_empty() => "well".into(),
        None => "ill".into(),
    }
}

fn version(checkup: &Checkup) -> String {
    let tested = checkup.tested.join(", ");
    let version =
        checkup.version.as_deref().map_or_else(|| "not told".into(), |it| sanitize::line(it, WIDTH));
    match checkup.is_tested {
        Some(true) => format!("{version} (tested)"),
        Some(false) => format!("{version} (the profile was tested with {tested})"),
        None => version,
    }
}

fn shown(trial: &Trial) -> String {
    let (say, reply) = (sanitize::line(&trial.say, WIDTH), sanitize::line(&trial.reply, WIDTH));
    let how = trial.outcome.map_or("no reply", Outcome::word);
    format!("{say} → {reply} ({how} in {})", time(trial.turn_us))
}

/// Whether a pool pays, by the rule of `Adapter::auto`.
fn pool(second: &Start, checkup: &Checkup) -> String {
    let cost = second.cost();
    let Some(jobs) = checkup.pool_pays_from else { return "never pays: a start costs nothing".into() };
    let what = format!("a pool of {INSTANCES}");
    if cost < WORTH {
        format!("a start costs {}: {what} gains little, it pays from {jobs} prompts on", span(cost))
    } else {
        format!("a start costs {}: {what} pays from {jobs} prompts on", span(cost))
    }
}

fn time(micros: u64) -> String {
    span(Duration::from_micros(micros))
}

fn span(time: Duration) -> String {
    format!("{time:.1?}")
}
