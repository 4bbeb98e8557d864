//! From the launch to the first credit: spawned, ready, warm.

use super::{Conversation, State};
use crate::error::StartError;
use crate::machine::dialect::Dialect;
use crate::message::{Event, ExitReport, StartStage, Step};
use std::time::Instant;

impl<D: Dialect> Conversation<D> {
    /// The process exists.
    pub fn launched(&mut self, pid: Option<u32>, now: Instant) {
        self.pid = pid;
        if !matches!(self.state, State::Starting { .. }) {
            // Stopped while it was being launched.
            self.kill_anew(now);
            return;
        }
        self.started(StartStage::Spawned, now);
        self.dialect.open(&mut self.outgoing, now);
        self.look(now);
    }

    // ## Starting => (Warming | Idle)
    pub(super) fn ready(&mut self, deadline: Instant, now: Instant) {
        self.me.version = self.dialect.version();
        if self.dialect.has_taken_up() {
            let (slot, generation) = (self.me.slot, self.me.generation);
            self.tell(Event::TakenUp { slot, generation });
        }
        self.started(StartStage::Ready, now);
        let Some(line) = self.spec.start.warm.clone() else {
            self.warm(now);
            return;
        };
        let step = Step::Command(line);
        match self.dialect.begin(step, false, &mut self.outgoing, now) {
            Ok(()) => self.state = State::Warming { deadline },
            Err(error) => {
                tracing::warn!(tool = %self.me.tool, %error, "the warm-up line cannot be carried");
                self.warm(now);
            }
        }
    }

    // ## (Starting | Warming) => Idle
    pub(super) fn warm(&mut self, now: Instant) {
        self.state = State::Idle;
        self.started(StartStage::Warm, now);
        if self.draining {
            self.stop(now);
        }
    }

    /// Not ready in time.
    pub(super) fn not_ready(&mut self, now: Instant) {
        let (after, tail) = (self.spec.limits.ready, self.tail_for_people());
        let exit = ExitReport::NotStarted(StartError::NotReady { after, tail });
        self.kill_as(exit, now);
    }

    /// Nobody is there to answer before the first job, so it will never be ready.
    pub(super) fn asks_at_start(&mut self, question: String, now: Instant) {
        let tail = self.tail_for_people();
        self.kill_as(ExitReport::NotStarted(StartError::Asks { question, tail }), now);
    }

    fn started(&mut self, stage: StartStage, now: Instant) {
        let after = now.saturating_duration_since(self.ordered_at);
        let (slot, generation, pid) = (self.me.slot, self.me.generation, self.pid);
        self.tell(Event::Started { slot, generation, stage, pid, after });
    }
}
