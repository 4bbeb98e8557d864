//! What is known of an instance, for people and programs.

use crate::instance::Activity;
use crate::machine::slot::{Slot, SlotState};
use crate::message::{Event, ExitReport, Generation, SlotId, StartStage, StateChange};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    /// Has said nothing for long.
    Stalled,
    /// Alive, but not trusted with a job for now.
    Open,
    /// Alive, but its account's usage is limited for now.
    Limited,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct StartTimes {
    /// Until the process existed, in µs.
    pub spawned_us: Option<u64>,
    /// Until it answered, in µs.
    pub ready_us: Option<u64>,
    /// Until it answered at full speed, in µs.
    pub warm_us: Option<u64>,
}

/// One instance, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct InstanceStatus {
    /// Its slot.
    pub index: SlotId,
    /// Its tool.
    pub tool_id: String,
    /// What it is doing.
    pub state: InstanceState,
    /// For how long, in ms.
    pub for_ms: u64,
    /// What the state rests on.
    pub evidence: String,
    /// Whether a process runs.
    pub alive: bool,
    /// Its process id.
    pub pid: Option<u32>,
    /// The slot's life.
    pub generation: Generation,
    /// Jobs that ended on this slot.
    pub jobs: u64,
    /// How the current life started.
    pub started: StartTimes,
    /// How the last life ended.
    pub last_exit: Option<String>,
}

/// What the supervisor remembers of a slot.
#[derive(Debug, Default)]
pub(super) struct StatusBook {
    pid: Option<u32>,
    alive: bool,
    jobs: u64,
    times: StartTimes,
    showing: Option<StateChange>,
    since: Option<Instant>,
    exit: Option<ExitReport>,
}

impl StatusBook {
    pub(super) fn starting(&mut self, _generation: Generation, now: Instant) {
        self.times = StartTimes::default();
        self.showing = None;
        self.since = Some(now);
    }

    pub(super) fn note(&mut self, event: &Event, now: Instant) {
        self.since = Some(now);
        match event {
            Event::Started { stage, pid, after, .. } => self.reached(*stage, *pid, *after),
            Event::Finished { .. } => {
                self.jobs += 1;
                self.showing = None;
            }
            Event::Changed { change, .. } => self.showing = Some(change.clone()),
            Event::Exited { exit, .. } => {
                self.alive = false;
                self.pid = None;
                self.showing = None;
                self.exit = Some(exit.clone());
            }
            _ => {}
        }
    }

    fn reached(&mut self, stage: StartStage, pid: Option<u32>, after: Duration) {
        let after = Some(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
        match stage {
            StartStage::Spawned => {
                self.alive = true;
                self.pid = pid;
                self.times.spawned_us = after;
            }
            StartStage::Ready => self.times.ready_us = after,
            StartStage::Warm => self.times.warm_us = after,
        }
    }

    pub(super) fn last_exit(&self) -> String {
        self.exit.as_ref().map_or_else(|| "has not been started".into(), ToString::to_string)
    }

    pub(super) fn status(
        &self,
        index: SlotId,
        tool: &str,
        slot: &Slot,
        activity: &Activity,
        now: Instant,
    ) -> InstanceStatus {
        let (state, evidence) = self.judge(slot, now);
        let (state, evidence, lasting) = match (state, activity.job(now)) {
            (InstanceState::Ready, Some((job, lasting))) => {
                (InstanceState::Working, format!("job {} runs", job.0), lasting)
            }
            _ => (state, evidence, now.saturating_duration_since(self.since.unwrap_or(now))),
        };
        InstanceStatus {
            index,
            tool_id: tool.to_owned(),
            state,
            for_ms: u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX),
            evidence,
            alive: self.alive,
            pid: self.pid,
            generation: slot.generation(),
            jobs: self.jobs,
            started: self.times,
            last_exit: self.exit.as_ref().map(ToString::to_string),
        }
    }

    fn judge(&self, slot: &Slot, now: Instant) -> (InstanceState, String) {
        let left = |until: &Instant| format!("{:.1?} left", until.saturating_duration_since(now));
        match (slot.state(), &self.showing) {
            (SlotState::Waiting, _) => (InstanceState::Waiting, "others start first".into()),
            (SlotState::Starting(Some(StartStage::Ready)), _) => {
                (InstanceState::Warming, "it answered; the warm-up runs".into())
            }
            (SlotState::Starting(_), _) => (InstanceState::Starting, "no answer yet".into()),
            (SlotState::Open(until), _) => (InstanceState::Open, left(until)),
            (SlotState::Limited(limit), _) if limit.until <= now => {
                (InstanceState::Limited, format!("{}; another instance tries first", limit.reason))
            }
            (SlotState::Limited(limit), _) => {
                (InstanceState::Limited, format!("{}; {}", limit.reason, left(&limit.until)))
            }
            (SlotState::BackingOff(until), _) => (InstanceState::BackingOff, left(until)),
            (SlotState::Draining, _) => (InstanceState::Draining, "asked to stop".into()),
            (SlotState::Failed(reason), _) => (InstanceState::Failed, reason.clone()),
            (SlotState::Gone, _) => (InstanceState::Gone, "stopped".into()),
            (_, Some(StateChange::NeedsInput(question))) => (InstanceState::NeedsInput, question.clone()),
            (_, Some(StateChange::Stalled(silence))) => {
                (InstanceState::Stalled, format!("silent for {silence:.0?}"))
            }
            (SlotState::Working, None) => (InstanceState::Working, "being reset or replaced".into()),
            (SlotState::Ready(_), None) => (InstanceState::Ready, "its credit is out".into()),
        }
    }
}
