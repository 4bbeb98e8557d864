//! From what a short process printed to a reply: text, or what is picked from messages.

use super::pick;
use crate::machine::dialect::agent::json::{self, Value};
use crate::machine::dialect::agent::lines::{self, Line, Lines};
use crate::machine::dialect::agent::turn::Turn;
use crate::machine::dialect::filter::Filter;
use crate::machine::dialect::text::{reply, usage};
use crate::message::Usage;
use crate::spec::{Counts, Extract, Form, Join, Limits, TurnSpec};

/// A reply, whole.
pub(super) use crate::machine::dialect::agent::turn::Finished as Text;

/// What has come of a reply.
#[derive(Debug)]
pub(super) struct Extractor {
    how: Extract,
    state: State,
    turn: Turn,
    found: Extracted,
}

#[derive(Debug)]
enum State {
    /// The text that is not whole yet, and how escapes are taken out.
    Text {
        pending: Vec<u8>,
        filter: Filter,
    },
    Jsonl(Lines),
    Json(Vec<u8>),
}

/// What is known of a turn besides its reply.
#[derive(Debug, Default)]
pub(super) struct Extracted {
    /// The failure that was told.
    pub(super) error: Option<String>,
    /// What was not allowed.
    pub(super) denied: Option<String>,
    /// What tells that the reply is whole has come.
    pub(super) has_ended: bool,
    /// Some piece of the reply has come.
    pub(super) has_reply: bool,
    /// What the tool calls the conversation.
    pub(super) session: Option<String>,
    /// What was counted, as it was counted.
    pub(super) usage: Option<Usage>,
    /// The reply, where only the last piece counts.
    last: Option<String>,
    /// The last of what was no message.
    pub(super) noise: Vec<u8>,
}

/// The longest JSON document that is understood, in bytes.
const LONGEST: usize = 64 << 20;

impl Extractor {
    /// For a turn that begins; what came is kept as it is, too, if that is wanted.
    pub(super) fn new(how: &Extract, limits: &Limits, want_raw: bool) -> Self {
        let state = match how.form {
            Form::Text => State::Text { pending: Vec::new(), filter: Filter::default() },
            Form::Jsonl => State::Jsonl(Lines::default()),
            Form::Json => State::Json(Vec::new()),
        };
        let turn = Turn::new(limits.max_reply, want_raw.then_some(limits.max_raw));
        Self { how: how.clone(), state, turn, found: Extracted::default() }
    }

    /// More output.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.turn.raw_bytes(bytes);
        match &mut self.state {
            State::Text { pending, filter } => {
                pending.extend_from_slice(bytes);
                let whole = filter.absorb(pending, 0);
                self.found.has_reply |= whole > 0;
                self.turn.add(&String::from_utf8_lossy(&pending[..whole]));
                pending.drain(..whole);
            }
            State::Jsonl(lines) => {
                lines.buffer().extend_from_slice(bytes);
                self.read_lines();
            }
            State::Json(text) if text.len() + bytes.len() <= LONGEST => text.extend_from_slice(bytes),
            State::Json(_) => self.found.error = Some(lines::too_long()),
        }
    }

    fn read_lines(&mut self) {
        let State::Jsonl(lines) = &mut self.state else { return };
        loop {
            match lines.next() {
                Line::None => return,
                Line::TooLong => {
                    self.found.error = Some(lines::too_long());
                    *lines = Lines::default();
                    return;
                }
                Line::Whole(line) => match json::object(line) {
                    Some(message) => self.found.take(&message, &self.how, &mut self.turn),
                    None if line.is_empty() => {}
                    None => {
                        super::add(&mut self.found.noise, line);
                        super::add(&mut self.found.noise, b"\n");
                    }
                },
            }
        }
    }

    /// What is new of the reply, for who listens. What may still be cut off is not told.
    pub(super) fn preview(&mut self, spec: &TurnSpec, missed: &mut u64) -> String {
        if spec.trim_start.is_empty() && spec.trim_end.is_empty() {
            self.turn.preview(missed)
        } else {
            String::new()
        }
    }

    /// The process has ended: the reply, and what else was found.
    pub(super) fn finish(mut self, spec: &TurnSpec) -> (Text, Extracted) {
        let mut is_text = false;
        match &mut self.state {
            State::Text { pending, .. } => {
                is_text = true;
                let rest = String::from_utf8_lossy(pending).into_owned();
                self.turn.add(&rest);
            }
            // The last line may have no end.
            State::Jsonl(lines) => {
                lines.buffer().push(b'\n');
                self.read_lines();
            }
            State::Json(text) => {
                let text = std::mem::take(text);
                self.read_document(&text);
            }
        }
        let mut finished = self.turn.finish(self.found.last.take());
        if is_text {
            finished.text = reply::plain(finished.text, spec);
            self.found.usage =
                spec.usage.as_ref().and_then(|pattern| usage::measure(pattern, &finished.text));
        }
        (finished, self.found)
    }

    fn read_document(&mut self, text: &[u8]) {
        let messages = match serde_json::from_slice(text) {
            Ok(Value::Array(messages)) => messages,
            Ok(message) => vec![message],
            Err(_) => {
                super::add(&mut self.found.noise, text);
                return;
            }
        };
        for message in messages {
            self.found.take(&message, &self.how, &mut self.turn);
        }
    }
}

impl Extracted {
    /// Takes in a message.
    fn take(&mut self, message: &Value, how: &Extract, turn: &mut Turn) {
        let first = |picks: &[crate::spec::Pick]| pick::first(picks, message).map(pick::text);
        if let Some(text) = first(&how.reply) {
            self.has_reply = true;
            match how.join {
                Join::Blocks => turn.block(&text),
                Join::Pieces => turn.add(&text),
                Join::Last => self.last = Some(text),
            }
        }
        // The first failure is the cause of those that follow.
        self.error = self.error.take().or_else(|| first(&how.error));
        self.denied = first(&how.denied).or_else(|| self.denied.take());
        self.has_ended |= pick::first(&how.end, message).is_some();
        self.session = first(&how.session).or_else(|| self.session.take());
        self.count(message, how);
    }

    fn count(&mut self, message: &Value, how: &Extract) {
        let tokens = |picks| pick::sum(picks, message).map(|count| count.round() as u64);
        let (input, output, cost_usd) =
            (tokens(&how.input), tokens(&how.output), pick::sum(&how.cost, message));
        if input.is_none() && output.is_none() && cost_usd.is_none() {
            return;
        }
        let before = self.usage.unwrap_or_default();
        let tokens = |before: Option<u64>, new: Option<u64>| match (how.tokens_count, before, new) {
            (Counts::Part, Some(before), Some(new)) => Some(before.saturating_add(new)),
            (_, before, new) => new.or(before),
        };
        let cost_usd = match (how.cost_counts, before.cost_usd, cost_usd) {
            (Counts::Part, Some(before), Some(new)) => Some(before + new),
            (_, before, new) => new.or(before),
        };
        self.usage = Some(Usage {
            input: tokens(before.input, input),
            output: tokens(before.output, output),
            cost_usd,
        });
    }
}
