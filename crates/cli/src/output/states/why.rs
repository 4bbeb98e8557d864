//! Why an instance does not go on, in lines.

use super::{line, sanitize};
use crate::output::talk::WIDTH;
use cluster::inside::{ProcessView, Why};
use std::time::Duration;

/// An instance from outside and from inside, and what to do about it; several lines, made safe. `job` is what the user
/// calls its job.
pub(in crate::output) fn why(why: &Why, job: Option<&str>, next: &str) -> Vec<String> {
    let mut lines = vec![line(&why.status, job)];
    doing(why, job, &mut lines);
    let timers = why.timers.iter().map(|timer| format!("{} in {:.0?}", timer.name, span(timer.left_ms)));
    let timers: Vec<_> = timers.collect();
    if !timers.is_empty() {
        lines.push(format!("  timers    {}", timers.join(", ")));
    }
    lines.extend(why.processes.iter().map(process));
    if why.more_processes > 0 {
        lines.push(format!("  process   and {} more", why.more_processes));
    }
    if let Some(group) = &why.control_group {
        lines.push(format!("  group     {}", sanitize::line(group, WIDTH)));
    }
    lines.push(format!("  output    {}", heard(why)));
    lines.extend(why.last_lines.iter().map(|line| format!("    | {}", sanitize::line(line, WIDTH))));
    lines.push(format!("  next      {}", sanitize::line(next, 4 * WIDTH)));
    lines
}

fn doing(why: &Why, job: Option<&str>, lines: &mut Vec<String>) {
    let number = why.status.job.map(|job| job.to_string());
    let job = job.or(number.as_deref()).map(|job| format!("job {job}, "));
    let step = why.step.map(|(step, of)| format!("step {step} of {of}: "));
    if let Some(doing) = &why.doing {
        let (job, step) = (job.unwrap_or_default(), step.unwrap_or_default());
        lines.push(format!("  doing     {job}{step}{}", sanitize::line(doing, WIDTH)));
    }
    if let Some(awaits) = &why.awaits {
        lines.push(format!("  awaits    {}", sanitize::line(awaits, WIDTH)));
    }
}

fn heard(why: &Why) -> String {
    let silent = why.silent_ms.map_or_else(
        || "it has said nothing yet".to_owned(),
        |silent| format!("the last {:.0?} ago", span(silent)),
    );
    format!("{} bytes since the prompt, {} in this life; {silent}", why.received, why.said)
}

fn process(seen: &ProcessView) -> String {
    let ProcessView { pid, parent, state, ticks, .. } = seen;
    let waits = seen.waits_for.as_ref().map(|what| format!(", {}", sanitize::line(what, WIDTH)));
    let name = sanitize::line(&seen.name, WIDTH);
    format!(
        "  process   {pid} {name} (child of {parent}): state {state}, {ticks} ticks{}",
        waits.unwrap_or_default()
    )
}

const fn span(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
