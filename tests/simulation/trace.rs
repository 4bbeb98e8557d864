//! What happened, in order, and when; and who may not happen at the same time.

use crate::limits::Wants;
use crate::world::{Plan, World};
use cluster::JobError;
use pool_core::message::{JobId, JobResult, Outcome, SlotId};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// Shared by everything in one world.
#[derive(Clone)]
pub(crate) struct Trace(Arc<Mutex<Inner>>);

/// What is known so far.
pub(crate) struct Inner {
    began: Instant,
    /// Each line is printed as it comes: a world that never ends has no trace afterwards.
    echo: bool,
    lines: Vec<String>,
    pub(crate) violations: Vec<String>,
    faults: usize,
    /// Who lives in each slot.
    alive: BTreeMap<SlotId, usize>,
    /// Which job of the plan each one is.
    pub(crate) jobs: BTreeMap<JobId, usize>,
    /// How often each step of each job reached a tool.
    pub(crate) said: BTreeMap<(usize, usize), u32>,
    /// Whose errand has let it go out.
    pub(crate) armed: BTreeMap<usize, bool>,
    /// How each job ended; `None` if its caller had left.
    pub(crate) ended: BTreeMap<usize, Option<JobResult>>,
}

impl Trace {
    /// Counts time from now.
    pub(crate) fn new(echo: bool) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            began: Instant::now(),
            echo,
            lines: Vec::new(),
            violations: Vec::new(),
            faults: 0,
            alive: BTreeMap::new(),
            jobs: BTreeMap::new(),
            said: BTreeMap::new(),
            armed: BTreeMap::new(),
            ended: BTreeMap::new(),
        })))
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn note(&self, line: impl Display) {
        self.inner().note(&line);
    }

    /// As [`Trace::note`], of something that went wrong on purpose.
    pub(crate) fn fault(&self, line: impl Display) {
        let mut inner = self.inner();
        inner.faults += 1;
        inner.note(&line);
    }

    pub(crate) fn violation(&self, what: impl Display) {
        self.inner().violation(&what);
    }

    /// A usage limit turns a job away: if it waits, it will come again from its first step, armed anew.
    pub(crate) fn turns_away(&self, job: usize, world: &World) {
        self.fault(format!("job {job} meets a limit"));
        if world.jobs[job].on_limit != Wants::ToComeHome {
            let mut inner = self.inner();
            inner.said.retain(|(other, _), _| *other != job);
            inner.armed.remove(&job);
        }
    }

    /// A life begins; its end is noted when what this returns is dropped.
    pub(crate) fn lives(&self, slot: SlotId, launch: usize) -> Life {
        let mut inner = self.inner();
        if let Some(other) = inner.alive.insert(slot, launch) {
            inner.violation(&format!("slot {slot}: launch {launch} while launch {other} lives"));
        }
        Life { trace: self.clone(), slot, launch }
    }
}

/// A child that lives.
pub(crate) struct Life {
    trace: Trace,
    slot: SlotId,
    launch: usize,
}

impl Drop for Life {
    fn drop(&mut self) {
        let mut inner = self.trace.inner();
        inner.note(&format!("slot {} launch {}: gone", self.slot, self.launch));
        if inner.alive.get(&self.slot) == Some(&self.launch) {
            inner.alive.remove(&self.slot);
        }
    }
}

impl Inner {
    /// How long the world has lasted.
    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn note(&mut self, line: &dyn Display) {
        let at = self.now().as_secs_f64();
        let line = format!("{at:>12.3} {line}");
        if self.echo {
            println!("{line}");
        }
        self.lines.push(line);
    }

    pub(crate) fn violation(&mut self, what: &dyn Display) {
        self.note(&format!("VIOLATION {what}"));
        self.violations.push(what.to_string());
    }

    /// A step of a job reaches a tool.
    pub(crate) fn says(&mut self, job: usize, step: usize, world: &World) {
        let times = self.said.entry((job, step)).or_default();
        *times += 1;
        if *times > 1 {
            self.violation(&format!("job {job} step {step} was sent twice"));
        }
        if world.jobs[job].errand.is_some() && !self.armed.get(&job).copied().unwrap_or(false) {
            self.violation(&format!("job {job} was sent before its errand allowed it"));
        }
        if self.ended.get(&job).is_some_and(Option::is_some) {
            self.violation(&format!("job {job} step {step} was sent after the job had ended"));
        }
    }

    /// Whether a tool has heard of the job, and no limit has turned it away since.
    pub(crate) fn is_heard(&self, job: JobId) -> bool {
        self.jobs.get(&job).is_some_and(|job| self.said.contains_key(&(*job, 0)))
    }

    /// Nobody may be left.
    pub(crate) fn alive(&self) -> usize {
        self.alive.len()
    }

    /// How many children ended other than by being told to, and how many launches failed.
    pub(crate) fn faults(&self) -> usize {
        self.faults
    }

    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }

    pub(crate) fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.lines.hash(&mut hasher);
        hasher.finish()
    }
}

/// A result in a few words, without anything that differs between two runs of one seed.
pub(crate) fn brief(result: &JobResult, plan: &Plan) -> String {
    match result {
        Ok(reply) => format!(
            "{} {}/{} steps, slot {} life {}, {:?} queued, {:?} turn{}",
            reply.outcome,
            reply.steps.iter().filter(|step| step.outcome == Outcome::Ok).count(),
            plan.steps.len(),
            reply.instance.slot,
            reply.instance.generation,
            reply.timings.queued,
            reply.timings.turn,
            if reply.context_lost { ", context lost" } else { "" },
        ),
        Err(JobError::Overloaded { .. }) => "overloaded".into(),
        Err(error) => error.to_string(),
    }
}
