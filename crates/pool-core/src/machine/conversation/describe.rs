//! How a conversation is, for people.

use super::running::{Phase, Turn};
use super::stop::Ladder;
use super::{Conversation, State};
use crate::machine::dialect::Dialect;
use crate::process::look::Seen;
use std::time::{Duration, Instant};

/// An instance, seen from inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// What goes on, in a few words.
    pub doing: &'static str,
    /// Which of how many steps of the job runs, from 1.
    pub step: Option<(usize, usize)>,
    /// What output would end what goes on.
    pub expects: String,
    /// Bytes that have come since the last prompt.
    pub received: u64,
    /// The last output, as it came: at most 4 KiB.
    pub tail: Vec<u8>,
    /// What ends by itself, and how long until then.
    pub timers: Vec<(&'static str, Duration)>,
    /// Its processes, the tool first, each after its parent.
    pub processes: Vec<Seen>,
}

/// What ends by itself, and when.
type Timers = Vec<(&'static str, Instant)>;

impl<D: Dialect> Conversation<D> {
    /// How it is; the processes are for others to see.
    pub fn describe(&self, now: Instant) -> Inside {
        let work = match &self.state {
            State::Arming { work, .. }
            | State::Turn { work, .. }
            | State::Settling { work, .. }
            | State::Resetting { next: Some(work), .. } => Some(work),
            _ => None,
        };
        let received = match &self.state {
            State::Turn { turn, .. } => turn.received,
            _ => 0,
        };
        let left = |(name, at): (_, Instant)| (name, at.saturating_duration_since(now));
        let mut timers: Vec<(_, Duration)> = self.timers().into_iter().map(left).collect();
        timers.sort_by_key(|(_, left)| *left);
        Inside {
            doing: self.doing(),
            step: work.map(|work| (work.begun, work.job.steps.len())),
            expects: self.dialect.expects(),
            received,
            tail: self.dialect.tail().to_vec(),
            timers,
            processes: Vec::new(),
        }
    }

    const fn doing(&self) -> &'static str {
        match &self.state {
            State::Starting { .. } => "starting",
            State::Warming { .. } => "the warm-up runs",
            State::Idle => "free",
            State::Arming { .. } => "the check before the job runs",
            State::Turn { turn: Turn { phase: Phase::Wanted { .. }, .. }, .. } => "a step runs",
            State::Turn { .. } => "a step was interrupted, its end is awaited",
            State::Settling { .. } => "the check after a step runs",
            State::Resetting { .. } => "the reset runs",
            State::Attached(_) => "somebody is attached",
            State::Returning { .. } => "somebody was attached; it has to answer",
            State::Stopping(Ladder::Asked { .. }) => "asked to quit",
            State::Stopping(Ladder::Terminated { .. }) => "SIGTERM was sent",
            State::Stopping(Ladder::Killed { .. }) => "SIGKILL was sent",
            State::Gone => "gone",
        }
    }

    fn timers(&self) -> Timers {
        let mut timers: Timers = match &self.state {
            State::Starting { deadline } | State::Warming { deadline } => vec![("start", *deadline)],
            State::Arming { deadline, .. } | State::Settling { deadline, .. } => vec![("check", *deadline)],
            State::Resetting { deadline, .. } | State::Returning { deadline, .. } => {
                vec![("reset", *deadline)]
            }
            State::Turn { turn, .. } => turn.timers(),
            State::Stopping(ladder) => ladder.deadline().map(|at| ("stop", at)).into_iter().collect(),
            State::Idle | State::Attached(_) | State::Gone => Vec::new(),
        };
        timers.extend(self.ending.deadline().map(|at| ("end of output", at)));
        timers
    }
}

impl Turn {
    fn timers(&self) -> Timers {
        match self.phase {
            Phase::Wanted { deadline } => {
                let stall = self.vigil.stalled_at().map(|at| ("stall", at));
                [("timeout", deadline)].into_iter().chain(stall).collect()
            }
            Phase::Interrupted { deadline, .. } => vec![("interrupt", deadline)],
        }
    }
}
