//! What must hold of every world when it is over.

use crate::limits::{TURNED_AWAY, Wants};
use crate::trace::{Inner, Trace};
use crate::world::{Act, Caller, ERRAND, Errand, Plan, SETTLE, TURN, World};
use cluster::JobError;
use pool_core::message::{JobResult, Outcome, Reply, StepReply};
use std::collections::BTreeSet;

/// Notes everything that should not have happened.
pub(crate) fn judge(world: &World, trace: &Trace) {
    let mut inner = trace.inner();
    let mut wrong = Vec::new();
    for (job, plan) in world.jobs.iter().enumerate() {
        match inner.ended.get(&job) {
            None => wrong.push(format!("job {job} has no result")),
            Some(None) if matches!(plan.caller, Caller::Leaves(_)) => {}
            Some(None) => wrong.push(format!("job {job}: its caller got nothing")),
            Some(Some(result)) => {
                if let Err(why) = check(job, plan, result, world, &inner) {
                    wrong.push(format!("job {job}: {why}; {result:?}"));
                }
            }
        }
    }
    for what in wrong {
        inner.violation(&what);
    }
}

fn check(job: usize, plan: &Plan, result: &JobResult, world: &World, seen: &Inner) -> Result<(), String> {
    match result {
        Err(error) => refused(plan, error, world, seen.said.contains_key(&(job, 0))),
        Ok(reply) => {
            for (step, kept) in reply.steps.iter().enumerate() {
                let whole = kept.outcome == Outcome::Ok
                    && (reply.outcome == Outcome::Ok || step + 1 < reply.steps.len());
                own(job, step, kept, whole, world)?;
            }
            if reply.outcome == Outcome::Ok {
                return whole(plan, reply);
            }
            let possible = possible(plan, world);
            if possible.contains(&reply.outcome) { Ok(()) } else { Err(format!("only {possible:?}")) }
        }
    }
}

/// A reply that is whole is whole.
fn whole(plan: &Plan, reply: &Reply) -> Result<(), String> {
    if reply.steps.len() != plan.steps.len() {
        return Err("some steps are missing".into());
    }
    if plan.steps.iter().any(|act| matches!(act, Act::Half | Act::Crash | Act::Hang | Act::Deaf)) {
        return Err("it cannot have ended well".into());
    }
    Ok(())
}

/// Every text is what this tool said to this step of this job, or the beginning of it.
fn own(job: usize, step: usize, kept: &StepReply, whole: bool, world: &World) -> Result<(), String> {
    let answer = world.answer(job, step);
    let said = kept.text.trim_end_matches("\n> ").trim_end_matches("interrupted");
    let is_own = if !world.storms.is_empty() && is_turned_away(said) {
        kept.outcome != Outcome::Ok || !(whole || said.starts_with(TURNED_AWAY))
    } else if kept.text.len() > 1000 {
        is_flood(&kept.text, &answer, job, step)
    } else if whole {
        kept.text == answer
    } else {
        answer.starts_with(said.strip_prefix("sure? ").unwrap_or(said).trim_end())
    };
    let start: String = kept.text.chars().take(200).collect();
    if is_own { Ok(()) } else { Err(format!("step {step} is not its own: {start:?}")) }
}

/// What a tool says at a limit, or the beginning of that.
fn is_turned_away(text: &str) -> bool {
    !text.is_empty() && (text.starts_with(TURNED_AWAY) || TURNED_AWAY.starts_with(text))
}

/// Whether a reply with its middle cut out has no word of another's: nothing but what our own words are made of, at
/// both sides of the note that tells of the cut.
fn is_flood(text: &str, answer: &str, job: usize, step: usize) -> bool {
    let own = format!("[{job}.{step}]");
    let strange: Vec<_> = text.split(&own).filter(|part| !part.is_empty()).collect();
    answer.starts_with(&own)
        && strange.len() <= 3
        && strange.iter().map(|part| part.len()).sum::<usize>() < 200
}

/// Why a job may have brought no reply at all.
fn refused(plan: &Plan, error: &JobError, world: &World, was_said: bool) -> Result<(), String> {
    let panics = matches!(plan.errand, Some(Errand::PanicsAtOnce));
    let early = world.ends_early.is_some();
    let fine = match error {
        JobError::Lost { .. } => panics,
        JobError::Cancelled => matches!(plan.caller, Caller::Cancels(_)) && !was_said,
        // The router's mailbox has the bound of its queue, and news takes places in it, too.
        JobError::Overloaded { .. } => world.queue < 1000,
        JobError::Closed => early && !was_said,
        JobError::Unavailable(_) | JobError::GivenUp(_) => {
            (world.may_give_up() || world.starves()) && !was_said
        }
    };
    if fine { Ok(()) } else { Err("for no reason of this world".into()) }
}

/// How a job that did not end well may have ended.
fn possible(plan: &Plan, world: &World) -> BTreeSet<Outcome> {
    let mut all = BTreeSet::new();
    for act in &plan.steps {
        all.extend(of_act(*act, plan));
    }
    if matches!(plan.caller, Caller::Cancels(_)) || world.ends_early.is_some() || world.may_give_up() {
        all.insert(Outcome::Cancelled);
    }
    // A job that waits comes home only because nobody will run it any more.
    let is_last = world.ends_early.is_some() || world.may_give_up() || world.starves();
    if !world.storms.is_empty() && (plan.on_limit == Wants::ToComeHome || is_last) {
        all.insert(Outcome::Limited);
    }
    if world.jumps() {
        all.extend([Outcome::TimedOut, Outcome::Refused, Outcome::Error]);
    }
    // It may end right after the answer, when the next job is already on its way.
    if world.has_act(|act| matches!(act, Act::CrashAfter(_))) {
        all.insert(Outcome::Crashed);
    }
    match plan.errand {
        Some(Errand::Takes(time)) if time >= ERRAND => drop(all.insert(Outcome::Refused)),
        Some(Errand::Refuses | Errand::PanicsLater) => drop(all.insert(Outcome::Refused)),
        _ => {}
    }
    all
}

fn of_act(act: Act, plan: &Plan) -> Vec<Outcome> {
    match act {
        Act::Half => vec![Outcome::Truncated],
        Act::Crash => vec![Outcome::Crashed],
        Act::Hang | Act::Deaf | Act::Question => vec![Outcome::TimedOut],
        // A prompt must stand for a moment before it ends the turn.
        Act::Late(time) if time + SETTLE >= plan.timeout.unwrap_or(TURN) => vec![Outcome::TimedOut],
        _ => Vec::new(),
    }
}

impl World {
    /// Whether failed starts alone can be too many: with bad luck, any number follows another.
    fn starves(&self) -> bool {
        self.tools.iter().any(|tool| tool.starts.never_ready + tool.starts.crashes > 0)
    }
}
