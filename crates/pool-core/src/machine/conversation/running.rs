//! A step that runs: until when it is wanted, whether anything moves, what it was last seen to be.

use crate::machine::stall::Vigil;
use crate::message::{ExitReport, Outcome, StateChange};
use std::time::Instant;

/// A step that runs.
pub(super) struct Turn {
    pub(super) began: Instant,
    pub(super) phase: Phase,
    /// Whether anything moves.
    pub(super) vigil: Vigil,
    /// Bytes that have come since it began.
    pub(super) received: u64,
    /// What it has been told to be instead of at work, unless it has been heard of since.
    pub(super) shown: Option<StateChange>,
}

/// Whether the turn is still wanted.
pub(super) enum Phase {
    /// Yes, until then.
    Wanted { deadline: Instant },
    /// No: it was interrupted, and its end is awaited until then.
    Interrupted { outcome: Outcome, deadline: Instant },
}

impl Turn {
    pub(super) fn next_deadline(&self) -> Instant {
        match self.phase {
            Phase::Wanted { deadline } => {
                self.vigil.poll_timeout().map_or(deadline, |look| look.min(deadline))
            }
            Phase::Interrupted { deadline, .. } => deadline,
        }
    }

    /// Whether it was stopped.
    pub(super) const fn is_unwanted(&self) -> bool {
        matches!(self.phase, Phase::Interrupted { .. })
    }

    /// What is said of a turn that was stopped.
    pub(super) fn reason(&self, outcome: Outcome) -> String {
        match (outcome, &self.shown) {
            (Outcome::TimedOut, Some(StateChange::NeedsInput(line))) => {
                format!("no end of turn in time: nobody answered {line:?}")
            }
            (Outcome::TimedOut, Some(StateChange::Stalled(_))) => "no end of turn in time: it stalled".into(),
            (Outcome::TimedOut, _) => "no end of turn in time".into(),
            _ => "taken back".into(),
        }
    }

    /// What a job is called whose tool went away in mid-turn.
    pub(super) fn fate(&self, exit: &ExitReport) -> (Outcome, String) {
        match (&self.phase, exit) {
            (Phase::Interrupted { outcome, .. }, _) => (*outcome, format!("interrupted; then it {exit}")),
            (Phase::Wanted { .. }, ExitReport::Exited(0)) => {
                (Outcome::Truncated, "it exited in the middle of its reply".into())
            }
            // What was to be started for the turn was not.
            (Phase::Wanted { .. }, ExitReport::NotStarted(_)) => (Outcome::Crashed, format!("it {exit}")),
            (Phase::Wanted { .. }, exit) => {
                (Outcome::Crashed, format!("it {exit} in the middle of its reply"))
            }
        }
    }
}
