//! The end of a life, and whether another one follows.

use super::{Slot, SlotAction, SlotState, Wish};
use crate::error::StartError;
use crate::machine::restart::Cause;
use crate::message::{ExitReport, JobId, Report};
use crate::spec::{Backoff, Restart};
use std::time::Instant;

/// What counts of a life when it is over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Life {
    begun: Option<Instant>,
    ready: Option<Instant>,
    /// The job in the middle of which it ended, or is about to.
    brought_down_by: Option<JobId>,
}

impl Life {
    pub(super) const fn begun(now: Instant) -> Self {
        Self { begun: Some(now), ready: None, brought_down_by: None }
    }

    pub(super) const fn ready(&mut self, now: Instant) {
        self.ready = Some(now);
    }

    pub(super) fn worked_on(&mut self, report: &Report) {
        self.brought_down_by = report.outcome.is_a_crash().then_some(report.work);
    }

    fn cause(&self) -> Cause {
        match (self.ready, self.brought_down_by) {
            (None, _) => Cause::FailedStart,
            (Some(_), Some(job)) => Cause::Job(job),
            (Some(_), None) => Cause::Ended,
        }
    }
}

impl Slot {
    // ## (Starting | Ready | Working | Open | Draining) => (Waiting | BackingOff | Working | Failed | Gone)
    pub(super) fn ended(&mut self, exit: &ExitReport, now: Instant) -> SlotAction {
        if self.state == SlotState::Attached {
            // Whoever sat there is to blame, and has seen it.
            self.wish = Wish::Recycle;
        }
        match self.state {
            SlotState::Draining => return self.over(SlotState::Gone),
            // It was given up before it ended, or this end has been told before.
            SlotState::Failed(_) | SlotState::Gone | SlotState::Waiting | SlotState::BackingOff(_) => {
                return SlotAction::Nothing;
            }
            _ => {}
        }
        if let Some(reason) = self.never_again(exit) {
            return self.over(SlotState::Failed(reason));
        }
        if !self.is_wanted_again(exit) {
            return self.over(SlotState::Gone);
        }
        // Killed for a job's sake (a deadline, a cancel), or replaced on purpose: no blame, no waiting.
        if self.wish == Wish::Recycle || *exit == ExitReport::Stopped {
            self.state = SlotState::Waiting;
            return SlotAction::Start;
        }
        self.blame(exit, now)
    }

    fn over(&mut self, state: SlotState) -> SlotAction {
        self.state = state;
        SlotAction::Over
    }

    /// Why no further start can succeed, if so.
    fn never_again(&self, exit: &ExitReport) -> Option<String> {
        match exit {
            ExitReport::NotStarted(error) if !error.can_heal() => Some(error.to_string()),
            exit if exit.code().is_some_and(|code| self.no_restart_on.contains(&code)) => {
                Some(format!("it {exit}, by which it asks not to be started again"))
            }
            _ => None,
        }
    }

    /// OTP's rule. An end in the middle of a job is abnormal whatever the exit code says, and one for a job's sake is
    /// nobody's wish to see the instance go.
    fn is_wanted_again(&self, exit: &ExitReport) -> bool {
        match self.restart {
            Restart::Permanent => true,
            Restart::Transient => {
                exit.is_abnormal()
                    || *exit == ExitReport::Stopped
                    || self.wish == Wish::Recycle
                    || self.life.brought_down_by.is_some()
            }
            Restart::Temporary => false,
        }
    }

    fn blame(&mut self, exit: &ExitReport, now: Instant) -> SlotAction {
        let lasted = |since| now.saturating_duration_since(since) >= self.delays.stable();
        if self.life.ready.is_some_and(lasted) {
            self.delays.worked();
        }
        if let ExitReport::NotStarted(StartError::Busy { .. }) = exit
            && let Some(delay) = self.delays.next_quick()
        {
            self.state = SlotState::BackingOff(now + delay);
            return SlotAction::Nothing;
        }
        self.state = SlotState::Working;
        match exit {
            ExitReport::NotStarted(error) if error.is_systems_fault() => SlotAction::Pause,
            _ => SlotAction::Charge(self.life.cause()),
        }
    }

    /// A restart was allowed: wait before it. `dice` as in [`Backoff::delay`].
    pub fn back_off(&mut self, dice: f64, now: Instant) {
        let at = now + self.delays.next(dice);
        let pause = match self.life {
            Life { begun: Some(begun), ready: None, .. } => begun + Backoff::UNREADY,
            _ => now,
        };
        self.state = SlotState::BackingOff(at.max(pause));
    }

    /// The crash it backs off for was a job's fault: the wait is over, and all is forgotten. True if it can start.
    // ## BackingOff => Waiting
    pub fn refund(&mut self) -> bool {
        self.delays.refund();
        self.breaker.forgive();
        let waits = matches!(self.state, SlotState::BackingOff(_));
        if waits {
            self.state = SlotState::Waiting;
        }
        waits
    }

    /// A restart was refused.
    pub fn fail(&mut self, reason: String) {
        self.state = SlotState::Failed(reason);
    }
}
