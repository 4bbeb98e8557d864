//! Time that does not count: while our own program is stopped, no deadline passes.

use super::running::Phase;
use super::stop::Ladder;
use super::{Conversation, State};
use crate::machine::dialect::Dialect;
use std::time::{Duration, Instant};

impl<D: Dialect> Conversation<D> {
    /// Our program is about to be stopped: until [`Conversation::resume`] nothing is due.
    pub fn pause(&mut self, now: Instant) {
        self.paused.get_or_insert(now);
    }

    /// It goes on: every deadline moves by the time that it was stopped.
    pub fn resume(&mut self, now: Instant) {
        if let Some(since) = self.paused.take() {
            self.shift(now.saturating_duration_since(since), now);
        }
    }

    fn shift(&mut self, by: Duration, now: Instant) {
        match &mut self.state {
            State::Starting { deadline }
            | State::Warming { deadline }
            | State::Arming { deadline, .. }
            | State::Settling { deadline, .. }
            | State::Resetting { deadline, .. }
            | State::Returning { deadline, .. } => *deadline += by,
            State::Turn { work, turn } => {
                turn.began += by;
                turn.vigil.shift(by);
                work.delivered = work.delivered.map(|at| at + by);
                match &mut turn.phase {
                    Phase::Wanted { deadline } | Phase::Interrupted { deadline, .. } => *deadline += by,
                }
            }
            State::Stopping(
                Ladder::Asked { until, .. } | Ladder::Terminated { until } | Ladder::Killed { until, .. },
            ) => *until += by,
            State::Idle | State::Attached(_) | State::Gone => {}
        }
        self.ending.shift(by);
        self.dialect.resumed(now);
    }
}
