//! The dialect that a tool's specification names.

use super::agent::AgentDialect;
use super::text::TextDialect;
use super::{CannotCarry, Dialect, Found, Partial};
use crate::message::Step;
use crate::spec::{ToolSpec, TurnRule};
use std::sync::Arc;
use std::time::Instant;

/// One of the dialects; see there.
#[derive(Debug)]
pub enum AnyDialect {
    /// Text.
    Text(TextDialect),
    /// Messages.
    Agent(AgentDialect),
}

impl AnyDialect {
    /// The dialect for one generation of a tool of this kind. Equal seeds give equal nonces: use a fresh one.
    #[must_use]
    pub fn new(spec: Arc<ToolSpec>, seed: u64) -> Self {
        match &spec.turn.rule {
            TurnRule::Protocol(agent) => Self::Agent(AgentDialect::new(spec.clone(), agent)),
            _ => Self::Text(TextDialect::new(spec, seed)),
        }
    }
}

/// Calls the same function of whichever it is.
macro_rules! which {
    ($self:ident, $dialect:ident => $call:expr) => {
        match $self {
            AnyDialect::Text($dialect) => $call,
            AnyDialect::Agent($dialect) => $call,
        }
    };
}

impl Dialect for AnyDialect {
    fn open(&mut self, out: &mut Vec<u8>, now: Instant) {
        which!(self, dialect => dialect.open(out, now));
    }

    fn take_output(&mut self, out: &mut Vec<u8>) {
        which!(self, dialect => dialect.take_output(out));
    }

    fn begin(
        &mut self,
        step: Step,
        want_raw: bool,
        out: &mut Vec<u8>,
        now: Instant,
    ) -> Result<(), CannotCarry> {
        which!(self, dialect => dialect.begin(step, want_raw, out, now))
    }

    fn interrupted(&mut self, out: &mut Vec<u8>, now: Instant) {
        which!(self, dialect => dialect.interrupted(out, now));
    }

    fn answer(&mut self, text: &str, out: &mut Vec<u8>) {
        which!(self, dialect => dialect.answer(text, out));
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        which!(self, dialect => dialect.buffer())
    }

    fn poll(&mut self, now: Instant) -> Option<Found> {
        which!(self, dialect => dialect.poll(now))
    }

    fn preview(&mut self, missed: &mut u64) -> String {
        which!(self, dialect => dialect.preview(missed))
    }

    fn deadline(&self) -> Option<Instant> {
        which!(self, dialect => dialect.deadline())
    }

    fn resumed(&mut self, now: Instant) {
        which!(self, dialect => dialect.resumed(now));
    }

    fn end_of_output(&mut self) -> Partial {
        which!(self, dialect => dialect.end_of_output())
    }

    fn tail(&self) -> &[u8] {
        which!(self, dialect => dialect.tail())
    }

    fn expects(&self) -> String {
        which!(self, dialect => dialect.expects())
    }

    fn version(&self) -> Option<Arc<str>> {
        which!(self, dialect => dialect.version())
    }

    fn unsolicited(&self) -> u64 {
        which!(self, dialect => dialect.unsolicited())
    }
}
