//! Further attempts at a job whose instance failed it. Only here is anything sent twice, and only if the job says so.

use crate::job::Job;
use pool_core::JobError;
use pool_core::message::{Afterwards, JobId, JobResult, Outcome, Reply, ReplyTo, SlotId};
use routing::RouterHandle;
use std::time::Instant;

/// How much of a reply that broke off is shown, in characters.
const TAIL: usize = 200;

/// All attempts at one job.
pub(crate) struct Attempts {
    job: Job,
    router: RouterHandle,
    history: History,
}

impl Attempts {
    /// For a job that may have several.
    pub(crate) fn of(job: &Job, router: &RouterHandle) -> Option<Box<Self>> {
        let history =
            History { left: job.further_attempts(), made: 0, failed: Vec::new(), crashes: Vec::new() };
        let job = (history.left > 0).then(|| job.again())??;
        Some(Box::new(Self { job, router: router.clone(), history }))
    }
}

impl Afterwards for Attempts {
    fn ended(mut self: Box<Self>, reply_to: ReplyTo, result: JobResult) {
        let (mut result, verdict) = self.history.judge(result);
        let (Verdict::Again { avoid }, Some(job)) = (verdict, self.job.again()) else {
            return reply_to.send(result);
        };
        self.job.gives_way(&mut result);
        let mut reply_to = reply_to.again(result);
        let (router, attempt) = (self.router.clone(), self.history.made + 1);
        reply_to.then(self);
        let mut message = job.into_message(reply_to, now());
        (message.id, message.attempt, message.avoid) = (JobId::fresh(), attempt, avoid);
        router.submit(Box::new(message));
    }
}

/// What to do after an attempt.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// Try again, rather not on this slot.
    Again { avoid: Option<SlotId> },
    /// That was the last one.
    Over,
}

/// What has become of the attempts so far.
#[derive(Debug, Default)]
struct History {
    left: u32,
    made: u32,
    /// Those that failed, for people.
    failed: Vec<String>,
    crashes: Vec<Crash>,
}

#[derive(Debug)]
struct Crash {
    slot: SlotId,
    how: String,
    tail: String,
}

impl History {
    /// Takes in how an attempt ended. The result tells of the earlier ones, too.
    fn judge(&mut self, result: JobResult) -> (JobResult, Verdict) {
        self.made += 1;
        let (mut result, avoid) = match result {
            Ok(reply) => {
                let slot = reply.instance.slot;
                (Ok(self.tell(reply)), Some(slot))
            }
            Err(error) => (Err(error), None),
        };
        if let Ok(reply) = &mut result
            && let Some(letter) = self.dead_letter()
        {
            reply.error = Some(letter);
            return (result, Verdict::Over);
        }
        if self.left == 0 || !is_worth_another(&result) {
            return (result, Verdict::Over);
        }
        self.left -= 1;
        self.failed.push(match &result {
            Ok(reply) => failure(self.made, reply),
            Err(error) => format!("attempt {}: {error}", self.made),
        });
        (result, Verdict::Again { avoid })
    }

    /// Adds what went before, and remembers a crash.
    fn tell(&mut self, mut reply: Reply) -> Reply {
        if reply.outcome.is_a_crash() {
            self.crashes.push(Crash {
                slot: reply.instance.slot,
                how: reply.error.clone().unwrap_or_default(),
                tail: tail(&reply),
            });
        }
        reply.warnings.splice(0..0, self.failed.iter().cloned());
        reply
    }

    /// The evidence against a job that crashed two different instances: no third one is put at risk.
    fn dead_letter(&self) -> Option<String> {
        let last = self.crashes.last()?;
        let first = self.crashes.iter().find(|crash| crash.slot != last.slot)?;
        let evidence = |crash: &Crash| {
            format!("instance {}: {}; its last output: {}", crash.slot, crash.how, crash.tail)
        };
        Some(format!(
            "dead letter: crashed instances {} and {}: {}; {}",
            first.slot,
            last.slot,
            evidence(first),
            evidence(last)
        ))
    }
}

/// Whether the instance failed the job, and another may not.
fn is_worth_another(result: &JobResult) -> bool {
    match result {
        Ok(reply) => reply.outcome.is_a_crash() || matches!(reply.outcome, Outcome::TimedOut | Outcome::Lost),
        Err(error) => matches!(error, JobError::Lost { .. }),
    }
}

fn failure(attempt: u32, reply: &Reply) -> String {
    let why = reply.error.as_deref().unwrap_or_default();
    format!("attempt {attempt}: {} on instance {}: {why}", reply.outcome, reply.instance.slot)
}

/// The end of what came of the reply that broke off, on one line.
fn tail(reply: &Reply) -> String {
    let broken = reply.steps.last().filter(|step| step.outcome == reply.outcome);
    let text = broken.map_or("", |step| step.text.as_str());
    let from = text.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    if text.is_empty() { "(nothing)".into() } else { format!("{:?}", &text[from..]) }
}

/// The runtime's clock: it stands still where the runtime's time is paused.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
