//! The ways out: the stop ladder, and the short way.

use super::{Action, Conversation, State};
use crate::machine::dialect::Dialect;
use crate::machine::later;
use crate::message::{Event, ExitReport, Outcome};
use crate::process::Signal;
use crate::spec::Shutdown;
use std::time::{Duration, Instant};

/// Which rung of the stop ladder an instance stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ladder {
    /// Asked to quit; SIGTERM follows.
    Asked {
        /// When.
        until: Instant,
        /// How long SIGTERM then has.
        term: Duration,
    },
    /// SIGTERM and SIGCONT sent; SIGKILL follows.
    Terminated {
        /// When.
        until: Instant,
    },
    /// SIGKILL sent.
    Killed {
        /// Why, if not because it was asked for.
        why: Option<ExitReport>,
        /// When to give up waiting for its end.
        until: Instant,
    },
}

impl Ladder {
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Asked { until, .. } | Self::Terminated { until } | Self::Killed { until, .. } => {
                Some(*until)
            }
        }
    }

    /// What the end that follows, which looks like `exit`, is to be called.
    pub(super) fn verdict(self, exit: ExitReport) -> ExitReport {
        match (self, exit) {
            // That it could not start says more.
            (Self::Killed { why: Some(why @ ExitReport::NotStarted(_)), .. }, _) => why,
            (_, ExitReport::Unkillable) => ExitReport::Unkillable,
            (Self::Killed { why: Some(why), .. }, _) => why,
            _ => ExitReport::Stopped,
        }
    }
}

/// How long a killed process may take to go before it is given up.
const UNKILLABLE: Duration = Duration::from_secs(2);

impl<D: Dialect> Conversation<D> {
    // ## any => Stopping
    pub(super) fn stop(&mut self, now: Instant) {
        if matches!(self.state, State::Stopping(_) | State::Gone) {
            return;
        }
        let Shutdown::After { say, quit, term } = self.spec.stop.clone() else {
            self.kill(now);
            return;
        };
        self.abandon_job(Outcome::Cancelled, "the pool is stopping", now);
        if let Some(line) = say {
            self.outgoing.extend_from_slice(line.as_bytes());
            self.outgoing.push(b'\n');
        }
        self.actions.push_back(Action::CloseInput);
        self.state = State::Stopping(Ladder::Asked { until: later(now, quit), term });
        self.end_if_over(now);
    }

    /// The short way, of our own making.
    pub(super) fn kill(&mut self, now: Instant) {
        self.abandon_job(Outcome::Cancelled, "the pool is stopping", now);
        self.kill_now(None, now);
    }

    /// The short way, with a reason that the supervisor is to judge.
    pub(super) fn kill_as(&mut self, exit: ExitReport, now: Instant) {
        self.kill_now(Some(exit), now);
    }

    /// The job ends badly, and the instance with it; charged to the instance.
    pub(super) fn fail_and_kill(&mut self, outcome: Outcome, detail: &str, now: Instant) {
        self.abandon_job(outcome, detail, now);
        self.kill_now(Some(ExitReport::Signalled(9)), now);
    }

    fn kill_now(&mut self, why: Option<ExitReport>, now: Instant) {
        if matches!(self.state, State::Gone) {
            return;
        }
        self.signal(Signal::Kill);
        self.state = State::Stopping(Ladder::Killed { why, until: now + UNKILLABLE });
        self.end_if_over(now);
    }

    /// It was killed before there was anything to kill: its time to go begins now.
    pub(super) fn kill_anew(&mut self, now: Instant) {
        self.signal(Signal::Kill);
        if let State::Stopping(Ladder::Killed { until, .. }) = &mut self.state {
            *until = now + UNKILLABLE;
        }
    }

    /// The next rung.
    pub(super) fn climb(&mut self, now: Instant) {
        let State::Stopping(ladder) = &self.state else { return };
        if ladder.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        match ladder.clone() {
            // ## Asked => Terminated
            Ladder::Asked { term, .. } => {
                self.signal(Signal::Terminate);
                self.state = State::Stopping(Ladder::Terminated { until: later(now, term) });
            }
            // ## Terminated => Killed
            Ladder::Terminated { .. } => {
                self.signal(Signal::Kill);
                self.state = State::Stopping(Ladder::Killed { why: None, until: now + UNKILLABLE });
            }
            // ## Killed => Gone, although it is not
            Ladder::Killed { .. } => {
                let (tool, slot) = (&self.me.tool, self.me.slot);
                tracing::warn!(%tool, %slot, pid = self.pid, "unkillable: still there after SIGKILL; its slot is freed");
                self.gone(ExitReport::Unkillable, now);
            }
        }
    }

    /// What it says on its way out belongs to no turn and breaks no rule; the transcript has it.
    pub(super) fn unheard(&mut self, count: usize) {
        let buffer = self.dialect.buffer();
        buffer.truncate(buffer.len() - count);
    }

    /// A panic on our own side: everything ends at once, the job as lost.
    pub fn abandon(&mut self) {
        if self.is_gone() {
            return;
        }
        self.state = State::Gone;
        self.signal(Signal::Kill);
        let (slot, generation) = (self.me.slot, self.me.generation);
        self.tell(Event::Exited { slot, generation, exit: ExitReport::Panicked });
    }
}
