//! Tools that talk text: a turn ends by a sentinel, a prompt, a line, or silence.

pub(super) mod cap;
pub(super) mod encode;
mod expected;
mod keys;
mod marks;
pub(super) mod outcome;
mod preview;
pub(super) mod reply;
mod rules;
mod screen;
pub(super) mod sentinel;
mod start;
mod stream;
mod turn;
pub(super) mod usage;
mod window;

use super::{CannotCarry, Dialect, Found, Partial, TAIL, TurnEnd};
use crate::message::{Outcome, Step};
use crate::spec::{ToolSpec, TurnRule};
use outcome::Said;
use sentinel::{Nonces, Sentinel};
use start::Start;
use std::sync::Arc;
use std::time::Instant;
use stream::{Raw, Stream};
use turn::{Ended, Seen, Turn};

/// The dialect of tools that talk text. One for each generation of an instance.
///
/// Each byte of a reply is touched four times: by the read, by the filter's scan, by the search for the nonce and by
/// the check for UTF-8; the buffer itself becomes the reply. It holds little memory when idle, provided that its
/// reader reserves little room at first and more only when that was filled.
#[derive(Debug)]
pub struct TextDialect {
    spec: Arc<ToolSpec>,
    nonces: Nonces,
    stream: Stream,
    phase: Phase,
    /// When to look again although nothing has come.
    due: Option<Instant>,
    /// What the start has to say after it has begun.
    output: Vec<u8>,
    unsolicited: u64,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Starting(Start),
    Idle,
    Turn(Turn),
    /// The rule was broken between turns; not yet told.
    Broken(String),
}

impl TextDialect {
    /// A dialect for one generation of a tool of this kind. Equal seeds give equal nonces: use a fresh one.
    #[must_use]
    pub fn new(spec: Arc<ToolSpec>, seed: u64) -> Self {
        Self {
            nonces: Nonces::new(seed),
            stream: Stream::of(spec.io),
            spec,
            phase: Phase::Closed,
            due: None,
            output: Vec::new(),
            unsolicited: 0,
        }
    }

    /// What came between turns: with lines nothing may, else it belongs to no job.
    fn idle(&mut self) -> Option<Found> {
        if matches!(self.spec.turn.rule, TurnRule::Lines) && !self.stream.text().is_empty() {
            return Some(Found::Violation(rules::one_too_many(self.stream.text())));
        }
        self.unsolicited += self.stream.keep_last(TAIL / 2) as u64;
        None
    }

    fn start(&mut self, now: Instant) -> Option<Found> {
        let Phase::Starting(start) = &mut self.phase else { return None };
        let mut probe = || Sentinel::fresh(&mut self.nonces, &self.spec.turn.rule);
        let found =
            start.poll(&self.spec, &mut self.stream, &mut probe, &mut self.output, &mut self.due, now)?;
        if matches!(found, Found::Ready) {
            self.phase = Phase::Idle;
        }
        Some(found)
    }

    fn turn(&mut self, now: Instant) -> Option<Found> {
        let Phase::Turn(turn) = &mut self.phase else { return None };
        match turn.poll(&self.spec, &mut self.stream, &mut self.due, &mut self.unsolicited, now)? {
            Seen::End(ended) => Some(self.end(ended)),
            Seen::Remark(remark) => Some(remark),
            Seen::Broken(reason) => Some(Found::Violation(reason)),
        }
    }

    fn end(&mut self, ended: Ended) -> Found {
        let Phase::Turn(turn) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return Found::Violation("a turn ended that had not begun".into());
        };
        self.due = None;
        let void = self.stream.take_void();
        let mut bytes = self.stream.take(ended.reply, ended.rest);
        let cut = turn.cap.finish(&mut bytes);
        let spec = &self.spec.turn;
        let text = reply::compose(bytes, spec, &start::prompts(&self.spec), &turn.sent);
        let said = outcome::judge(&spec.outcomes, &text);
        let said = said.filter(|said| ended.failure.is_none() || said.outcome != Outcome::Ok);
        let Said { outcome, line, reset } = said.unwrap_or_else(|| Said::by_status(ended.failure));
        let usage = spec.usage.as_ref().and_then(|pattern| usage::measure(pattern, &text));
        Found::End(Box::new(TurnEnd {
            text,
            raw: turn.raw.map(Raw::finish),
            completed_by: ended.by,
            evidence: ended.evidence,
            outcome,
            detail: (outcome != Outcome::Ok).then_some(line),
            reset,
            usage,
            cut,
            void,
        }))
    }
}

impl Dialect for TextDialect {
    fn open(&mut self, out: &mut Vec<u8>, now: Instant) {
        self.stream.restart_silence(now);
        let mut probe = || Sentinel::fresh(&mut self.nonces, &self.spec.turn.rule);
        let start = Start::new(&self.spec, &mut probe, out);
        self.phase = Phase::Starting(start);
        self.due = Some(now);
    }

    fn begin(
        &mut self,
        step: Step,
        want_raw: bool,
        out: &mut Vec<u8>,
        now: Instant,
    ) -> Result<(), CannotCarry> {
        self.stream.absorb(now, None);
        let turn = Turn::begin(step, want_raw, &self.spec, &mut self.nonces, out)?;
        self.phase = match self.idle() {
            Some(Found::Violation(reason)) => Phase::Broken(reason),
            _ => Phase::Turn(turn),
        };
        self.due = matches!(self.phase, Phase::Broken(_)).then_some(now);
        self.unsolicited += self.stream.clear() as u64;
        self.stream.begin_turn(now);
        Ok(())
    }

    fn take_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.output);
    }

    /// The end of the turn is awaited by its own rule: what was sent behind the text is still read by the tool.
    fn interrupted(&mut self, _out: &mut Vec<u8>, _now: Instant) {}

    fn answer(&mut self, text: &str, out: &mut Vec<u8>) {
        let line = keys::answer(text, self.spec.io);
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
        if let Phase::Turn(turn) = &mut self.phase {
            turn.answered(out);
        }
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.stream.buffer
    }

    fn poll(&mut self, now: Instant) -> Option<Found> {
        let raw = match &mut self.phase {
            Phase::Turn(turn) => turn.raw.as_mut(),
            _ => None,
        };
        let is_new = self.stream.absorb(now, raw);
        if !is_new && self.due.is_none_or(|due| now < due) {
            return None;
        }
        self.due = None;
        match &self.phase {
            Phase::Closed => None,
            Phase::Starting(_) => self.start(now),
            Phase::Idle => self.idle(),
            Phase::Turn(_) => self.turn(now),
            Phase::Broken(reason) => Some(Found::Violation(reason.clone())),
        }
    }

    fn preview(&mut self, missed: &mut u64) -> String {
        let Phase::Turn(turn) = &mut self.phase else { return String::new() };
        *missed += self.stream.take_missed();
        turn.preview(&self.spec, &mut self.stream)
    }

    fn resumed(&mut self, now: Instant) {
        self.stream.restart_silence(now);
        // Looked at once more, for the rule to say when it is due.
        self.due = self.due.map(|_| now);
    }

    fn deadline(&self) -> Option<Instant> {
        self.due
    }

    fn end_of_output(&mut self) -> Partial {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Turn(mut turn) => {
                self.stream.absorb_rest(turn.raw.as_mut());
                turn.partial(&self.spec, &mut self.stream)
            }
            _ => Partial::default(),
        }
    }

    fn tail(&self) -> &[u8] {
        let buffer = &self.stream.buffer;
        &buffer[buffer.len().saturating_sub(TAIL)..]
    }

    fn expects(&self) -> String {
        self.expected()
    }

    fn unsolicited(&self) -> u64 {
        self.unsolicited
    }
}

/// The longest piece of output that is put into a message, in characters.
const EXCERPT: usize = 80;

/// The beginning of a text, for people.
fn excerpt(text: &str) -> String {
    text.trim().chars().take(EXCERPT).collect()
}

#[cfg(test)]
mod tests;
