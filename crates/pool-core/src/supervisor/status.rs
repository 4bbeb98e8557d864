//! What is known of an instance, for people and programs.

use crate::instance::Activity;
use crate::machine::breaker::Trust;
use crate::machine::slot::{Slot, SlotState};
use crate::message::{Event, ExitReport, Generation, JobId, Outcome, SlotId, StartStage, StateChange};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// Waits for its turn to start.
    Waiting,
    /// Started, does not answer yet.
    Starting,
    /// Answers, but not at full speed yet.
    Warming,
    /// Free.
    Ready,
    /// Works on a job.
    Working,
    /// Asks a question.
    NeedsInput,
    /// Its own service turns it away for now; it tries again by itself.
    Throttled,
    /// Neither output nor processor time for long, or stopped by a signal.
    Stalled,
    /// Alive, but not trusted with a job for now.
    Open,
    /// Alive, but its account's usage is limited for now.
    Limited,
    /// Alive, and lent to somebody who sits at its terminal.
    Attached,
    /// Dead, and will be started again.
    BackingOff,
    /// Finishing and going.
    Draining,
    /// Dead for ever.
    Failed,
    /// Stopped.
    Gone,
}

/// How long the current life took to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StartTimes {
    /// Until the process existed, in µs.
    pub spawned_us: Option<u64>,
    /// Until it answered, in µs.
    pub ready_us: Option<u64>,
    /// Until it answered at full speed, in µs.
    pub warm_us: Option<u64>,
}

/// One instance, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstanceStatus {
    /// Its slot.
    pub index: SlotId,
    /// Its tool.
    pub tool_id: String,
    /// What it is doing.
    pub state: InstanceState,
    /// For how long, in ms.
    pub for_ms: u64,
    /// What the state rests on: the line that asks, how the last life ended, when it goes on.
    pub evidence: String,
    /// The job it has.
    pub job: Option<u64>,
    /// Whether a process runs.
    pub alive: bool,
    /// Its process id.
    pub pid: Option<u32>,
    /// The slot's life.
    pub generation: Generation,
    /// How often it has been started again.
    pub restarts: u32,
    /// Whether it is trusted with jobs.
    pub breaker: Trust,
    /// Jobs that ended on this slot.
    pub jobs: u64,
    /// How the current life started.
    pub started: StartTimes,
    /// When the process of the current or last life began, by the wall clock (RFC 3339, UTC).
    pub started_at: Option<String>,
    /// When the last life ended, by the wall clock; none while a process runs.
    pub ended_at: Option<String>,
    /// The last life's exit code, or the number of the signal that ended it, negative; none while a process runs, and
    /// if it never exited by itself.
    pub return_code: Option<i32>,
    /// How the last life ended.
    pub last_exit: Option<String>,
}

/// What the supervisor remembers of a slot.
#[derive(Debug)]
pub(super) struct StatusBook {
    pid: Option<u32>,
    alive: bool,
    jobs: u64,
    times: StartTimes,
    showing: Option<StateChange>,
    /// The state that was seen last, and since when it holds.
    seen: InstanceState,
    since: Instant,
    /// What made it ready.
    last: Last,
    exit: Option<ExitReport>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

/// What an instance did last before it was free.
#[derive(Debug, Clone, Copy)]
enum Last {
    Started(Duration),
    Finished(JobId, Outcome),
    Reset,
}

impl StatusBook {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            pid: None,
            alive: false,
            jobs: 0,
            times: StartTimes::default(),
            showing: None,
            seen: InstanceState::Waiting,
            since: now,
            last: Last::Reset,
            exit: None,
            started_at: None,
            ended_at: None,
        }
    }

    pub(super) fn starting(&mut self, _generation: Generation, now: Instant) {
        self.times = StartTimes::default();
        self.showing = None;
        self.since = now;
    }

    pub(super) fn note(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Started { stage, pid, after, .. } => self.reached(*stage, *pid, *after),
            Event::Finished { report, .. } => {
                self.jobs += 1;
                self.last = Last::Finished(report.job, report.outcome);
                self.free(now);
            }
            Event::Idle { .. } => {
                self.last = Last::Reset;
                self.free(now);
            }
            Event::Changed { change: StateChange::Working, .. } => self.showing = None,
            Event::Changed { change, .. } => self.showing = Some(change.clone()),
            Event::Exited { exit, .. } => {
                self.ended_at = Some(wall()).filter(|_| self.alive);
                self.alive = false;
                self.pid = None;
                self.showing = None;
                self.exit = Some(exit.clone());
            }
            _ => {}
        }
    }

    fn free(&mut self, now: Instant) {
        self.showing = None;
        self.since = now;
    }

    fn reached(&mut self, stage: StartStage, pid: Option<u32>, after: Duration) {
        let micros = Some(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
        match stage {
            StartStage::Spawned => {
                self.alive = true;
                self.pid = pid;
                self.started_at = Some(wall());
                self.ended_at = None;
                self.times.spawned_us = micros;
            }
            StartStage::Ready => self.times.ready_us = micros,
            StartStage::Warm => {
                self.times.warm_us = micros;
                self.last = Last::Started(after);
            }
        }
    }

    pub(super) fn last_exit(&self) -> String {
        self.exit.as_ref().map_or_else(|| "has not been started".into(), ToString::to_string)
    }

    /// Takes in what the slot has become; true if that is another state than before.
    pub(super) fn settle(&mut self, slot: &Slot, now: Instant) -> bool {
        let state = self.state(slot);
        if state == self.seen {
            return false;
        }
        self.seen = state;
        self.since = now;
        true
    }

    pub(super) fn status(
        &self,
        index: SlotId,
        tool: &str,
        slot: &Slot,
        activity: &Activity,
        now: Instant,
    ) -> InstanceStatus {
        let job = activity.job(now);
        let (state, evidence, lasting) = match (self.state(slot), job) {
            (InstanceState::Ready, Some((job, lasting))) => {
                (InstanceState::Working, format!("job {} runs", job.0), lasting)
            }
            (state, _) => (state, self.evidence(slot, now), now.saturating_duration_since(self.since)),
        };
        InstanceStatus {
            index,
            tool_id: tool.to_owned(),
            state,
            for_ms: u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX),
            evidence,
            job: job.map(|(job, _)| job.0),
            alive: self.alive,
            pid: self.pid,
            generation: slot.generation(),
            restarts: slot.generation().saturating_sub(1),
            breaker: slot.trust(),
            jobs: self.jobs,
            started: self.times,
            started_at: self.started_at.map(|at| at.to_string()),
            ended_at: self.ended_at.map(|at| at.to_string()),
            return_code: self.exit.as_ref().filter(|_| !self.alive).and_then(return_code),
            last_exit: self.exit.as_ref().map(ToString::to_string),
        }
    }

    /// Whether it works is known to [`Activity`] alone.
    const fn state(&self, slot: &Slot) -> InstanceState {
        match (slot.state(), &self.showing) {
            (SlotState::Waiting, _) => InstanceState::Waiting,
            (SlotState::Starting(Some(StartStage::Ready)), _) => InstanceState::Warming,
            (SlotState::Starting(_), _) => InstanceState::Starting,
            (SlotState::Open(_), _) => InstanceState::Open,
            (SlotState::Limited(_), _) => InstanceState::Limited,
            (SlotState::BackingOff(_), _) => InstanceState::BackingOff,
            (SlotState::Attached, _) => InstanceState::Attached,
            (SlotState::Draining, _) => InstanceState::Draining,
            (SlotState::Failed(_), _) => InstanceState::Failed,
            (SlotState::Gone, _) => InstanceState::Gone,
            (_, Some(StateChange::NeedsInput(_))) => InstanceState::NeedsInput,
            (_, Some(StateChange::Throttled(_))) => InstanceState::Throttled,
            (_, Some(StateChange::Stalled(_) | StateChange::Stopped)) => InstanceState::Stalled,
            (SlotState::Working, _) => InstanceState::Working,
            (SlotState::Ready(_), _) => InstanceState::Ready,
        }
    }

    fn evidence(&self, slot: &Slot, now: Instant) -> String {
        let left = |until: &Instant| format!("{:.1?}", until.saturating_duration_since(now));
        match (slot.state(), &self.showing) {
            (SlotState::Waiting, _) => "others start first".into(),
            (SlotState::Starting(Some(StartStage::Ready)), _) => "it answered; the warm-up runs".into(),
            (SlotState::Starting(_), _) => "no answer yet".into(),
            (SlotState::Open(until), _) => {
                format!("too many of its jobs failed, the last {}; tried again in {}", self.last, left(until))
            }
            (SlotState::Limited(limit), _) if limit.until <= now => {
                format!("{}; another instance tries first", limit.reason)
            }
            (SlotState::Limited(limit), _) => {
                format!("{}; tried again in {}", limit.reason, left(&limit.until))
            }
            (SlotState::BackingOff(until), _) => {
                format!("it {}; started again in {}", self.last_exit(), left(until))
            }
            (SlotState::Attached, _) => "somebody sits at its terminal".into(),
            (SlotState::Draining, _) => "asked to stop".into(),
            (SlotState::Failed(reason), _) => reason.clone(),
            (SlotState::Gone, _) => "stopped".into(),
            (_, Some(StateChange::NeedsInput(line))) => format!("it asks: {line}"),
            (_, Some(StateChange::Throttled(line))) => format!("it says: {line}"),
            (_, Some(StateChange::Stalled(idle))) => {
                format!("neither output nor processor time for {idle:.0?}")
            }
            (_, Some(StateChange::Stopped)) => "a signal had stopped it; it was told to go on".into(),
            (SlotState::Working, _) => "being reset or replaced".into(),
            (SlotState::Ready(_), _) => format!("it {}", self.last),
        }
    }
}

/// As programs that start processes know it: a signal is a negative number.
fn return_code(exit: &ExitReport) -> Option<i32> {
    match exit {
        ExitReport::Signalled(signal) => Some(-signal),
        // By which the kernel does it.
        ExitReport::OutOfMemory => Some(-9),
        exit => exit.code(),
    }
}

/// For the record, never for a decision.
#[expect(clippy::disallowed_methods, reason = "people and programs are told the time of day")]
fn wall() -> Timestamp {
    Timestamp::now()
}

impl std::fmt::Display for Last {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Started(after) => write!(f, "started within {after:.1?}"),
            Self::Finished(job, outcome) => write!(f, "ended job {}: {outcome}", job.0),
            Self::Reset => f.write_str("was reset"),
        }
    }
}
