//! What was seen of a feature, and the word for it.

use super::{Cell, Feature, Verdict};
use pool_core::message::{CompletedBy, JobResult, Outcome, Reply, Usage};
use pool_core::spec::Cancel;
use std::time::Duration;

/// A reply is seen while it comes if its first piece is there so long before its end.
const EARLY: Duration = Duration::from_millis(20);

/// How much of a reply is told where it is not the one that was expected, in characters.
const SHOWN: usize = 60;

/// A feature, and what is said of it.
type Said = Result<String, String>;

pub(super) fn cell(feature: Feature, said: Said) -> Cell {
    match said {
        Ok(evidence) => Cell::new(feature, Verdict::Yes, evidence),
        Err(why) => Cell::new(feature, Verdict::No, why),
    }
}

/// Whether the reply is the one that was expected.
pub(super) fn turn(result: &JobResult, expect: &str) -> Said {
    let reply = result.as_ref().map_err(|error| format!("no reply: {error}"))?;
    if !reply.is_ok() {
        return Err(ended(result));
    }
    if !reply.text().contains(expect) {
        return Err(format!("{:?} is not in its reply {:?}", expect, shown(reply.text())));
    }
    let by = reply.steps.last().map(|step| step.completed_by);
    Ok(match by {
        Some(CompletedBy::Protocol) => "ended by a message of its protocol",
        Some(CompletedBy::Sentinel) => "ended by a mark of ours",
        Some(CompletedBy::Prompt) => "ended by its prompt",
        Some(CompletedBy::Lines) => "ended by a line",
        Some(CompletedBy::Exit) => "ended with its process",
        Some(CompletedBy::Quiet) | None => "ended by silence, which is a guess",
    }
    .to_owned())
}

/// A part of a reply: when it came, and how many bytes there were then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) at: Duration,
    pub(super) bytes: usize,
}

/// Whether a good part of the reply came before its end.
pub(super) fn stream(parts: &[Part], end: Duration, result: &JobResult) -> Said {
    let reply = result.as_ref().map_err(|error| format!("no reply: {error}"))?;
    if !reply.is_ok() {
        return Err(ended(result));
    }
    let whole = reply.text().len();
    let is_early = |part: &&Part| part.at + EARLY <= end && part.bytes > 0 && 2 * part.bytes <= whole;
    match parts.iter().find(is_early) {
        Some(part) => {
            Ok(format!("the first of {} pieces came {:.1?} before the end", parts.len(), end - part.at))
        }
        None => Err("most of it came in one piece".into()),
    }
}

/// A try to write a file, and whether it was there afterwards.
pub(super) struct Written<'a> {
    pub(super) result: &'a JobResult,
    pub(super) is_there: bool,
}

impl Written<'_> {
    /// It ended well, and wrote nothing.
    fn is_no_try(&self) -> bool {
        !self.is_there && self.result.as_ref().is_ok_and(Reply::is_ok)
    }
}

/// Whether a denial was kept and told, and leave was given; `None` if the tool never tried to write.
pub(super) fn permission(denied: &Written<'_>, allowed: &Written<'_>) -> Option<Said> {
    (!(denied.is_no_try() && allowed.is_no_try())).then(|| kept(denied, allowed))
}

fn kept(denied: &Written<'_>, allowed: &Written<'_>) -> Said {
    if denied.is_there {
        return Err("it wrote a file where it was allowed to read only".into());
    }
    match denied.result.as_ref().map(|reply| reply.outcome) {
        Ok(Outcome::Denied) => {}
        _ => return Err(format!("where it was not allowed to write, {}", ended(denied.result))),
    }
    match allowed.result {
        Ok(reply) if reply.is_ok() && allowed.is_there => Ok("denied with read, done with edits".into()),
        Ok(reply) if reply.is_ok() => Err("where it was allowed to write a file, it wrote none".into()),
        result => Err(format!("where it was allowed to write, {}", ended(result))),
    }
}

/// How a turn was taken back.
pub(super) struct Cut<'a> {
    pub(super) result: &'a JobResult,
    /// Whether the tool's process is the same afterwards.
    pub(super) is_same: bool,
    /// What is said of the next prompt.
    pub(super) after: Said,
}

/// Whether a turn was taken back in the way that the profile names; `None` if it was over before.
pub(super) fn cancel(way: Cancel, cut: Cut<'_>) -> Option<Said> {
    match cut.result.as_ref().map(|reply| reply.outcome) {
        Ok(Outcome::Cancelled) => {}
        Ok(Outcome::Ok) => return None,
        _ => return Some(Err(ended(cut.result))),
    }
    Some(cut.after.map_err(|why| format!("after it: {why}")).and_then(|_| match (way, cut.is_same) {
        (Cancel::Restart, _) => Ok("by a new process".into()),
        (Cancel::Interrupt, true) => Ok("by an interrupt, in the same process".into()),
        (Cancel::Message, true) => Ok("by a message, in the same process".into()),
        (Cancel::Interrupt | Cancel::Message, false) => Err("its process had to be replaced".into()),
    }))
}

/// Whether the second reply knows of the first.
pub(super) fn resume(first: &JobResult, then: &JobResult, expect: &str) -> Said {
    match first {
        Ok(reply) if reply.is_ok() => {}
        result => return Err(ended(result)),
    }
    if then.as_ref().is_ok_and(|reply| reply.context_lost) {
        return Err("its conversation was lost with its process, which `context_lost` tells".into());
    }
    turn(then, expect).map(|_| "after SIGKILL, in a new process".into())
}

/// What was told of what the turns took.
pub(super) fn usage(turns: usize, total: Option<Usage>) -> Said {
    let Some(usage) = total else { return Err(format!("nothing was told in {turns} turns")) };
    let told = [
        ("input", usage.input.is_some()),
        ("output", usage.output.is_some()),
        ("cost", usage.cost_usd.is_some()),
    ];
    let told: Vec<&str> = told.into_iter().filter(|(_, is_told)| *is_told).map(|(what, _)| what).collect();
    if told.is_empty() { Err("it tells no numbers".into()) } else { Ok(told.join(", ")) }
}

/// Whether a turn ended as it should, and the tool went on.
pub(super) fn ends_as(wanted: Outcome, result: &JobResult, after: Said) -> Said {
    match result {
        Ok(reply) if reply.outcome == wanted => {
            after.map_err(|why| format!("after it: {why}")).map(|_| detail(reply.error.as_deref()))
        }
        result => Err(ended(result)),
    }
}

fn detail(error: Option<&str>) -> String {
    error.map_or_else(|| "told apart, and it goes on".into(), shown)
}

fn ended(result: &JobResult) -> String {
    match result {
        Ok(reply) => match &reply.error {
            Some(error) => format!("it ended as {}: {}", reply.outcome, shown(error)),
            None => format!("it ended as {}", reply.outcome),
        },
        Err(error) => format!("no reply: {error}"),
    }
}

/// In one line, and not all of it.
fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut start: String = line.chars().take(SHOWN).collect();
    if start.len() < line.len() {
        start.push('…');
    }
    start
}

#[cfg(test)]
mod tests;
