//! Agents that speak in messages: JSON, one a line, with an end of turn of their own.
//!
//! What is common to all of them is here: lines, the text of a turn, permissions, what a turn's end is worth. Each protocol is
//! one file that turns messages into what was heard, and says what to send; it knows no bytes and keeps no text.

mod acp;
mod app_server;
mod asked;
pub(super) mod json;
pub(super) mod lines;
mod permit;
mod post;
mod rpc;
mod stream_json;
pub(super) mod turn;

use super::text::outcome;
use super::{CannotCarry, Dialect, Found, Partial, TurnEnd};
use crate::message::{CompletedBy, Outcome, Step};
use crate::spec::{AgentSpec, Protocol, ToolSpec};
use lines::{Line, Lines};
use post::{Ended, Heard, Post};
use std::sync::Arc;
use std::time::Instant;
use turn::Turn;

/// The dialect of agents. One for each generation of an instance.
#[derive(Debug)]
pub struct AgentDialect {
    spec: Arc<ToolSpec>,
    lines: Lines,
    protocol: Box<dyn Speaks>,
    post: Post,
    phase: Phase,
    version: Option<Arc<str>>,
    thread: Option<Arc<str>>,
    has_taken_up: bool,
    unsolicited: u64,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Starting,
    Idle,
    Turn(Box<Turn>),
}

/// A protocol: messages to [`Heard`], and what is to be said. It is asked one thing at a time.
trait Speaks: std::fmt::Debug {
    /// Greets.
    fn open(&mut self, post: &mut Post);

    /// Begins a turn.
    ///
    /// # Errors
    /// [`CannotCarry`], with nothing posted.
    fn begin(&mut self, step: Step, post: &mut Post) -> Result<(), CannotCarry>;

    /// Asks for the end of the running turn.
    fn interrupt(&mut self, post: &mut Post);

    /// Says yes or no to the request that was put as a question.
    fn answer(&mut self, yes: bool, post: &mut Post);

    /// Whether a request that was put as a question is open.
    fn is_asking(&self) -> bool;

    /// Takes a message.
    fn hear(&mut self, message: json::Value, post: &mut Post);

    /// The message that ends what goes on, in words.
    fn expects(&self) -> &'static str;
}

impl AgentDialect {
    /// A dialect for one generation of a tool that speaks as `agent` says.
    #[must_use]
    pub fn new(spec: Arc<ToolSpec>, agent: &AgentSpec, thread: Option<Arc<str>>) -> Self {
        let folder = spec.cwd.clone();
        let protocol: Box<dyn Speaks> = match agent.protocol {
            Protocol::StreamJson => Box::new(stream_json::StreamJson::new(agent, thread.is_some())),
            Protocol::AppServer => Box::new(app_server::AppServer::new(agent, folder, thread)),
            Protocol::Acp => Box::new(acp::Acp::new(&spec, agent, thread)),
        };
        Self {
            spec,
            lines: Lines::default(),
            protocol,
            post: Post::default(),
            phase: Phase::Closed,
            version: None,
            thread: None,
            has_taken_up: false,
            unsolicited: 0,
        }
    }

    /// What is news of what was heard.
    fn weigh(&mut self, heard: Heard) -> Option<Found> {
        match (heard, &mut self.phase) {
            (Heard::Version(version), _) => self.version = Some(version.into()),
            (Heard::Thread(thread), _) => self.thread = Some(thread.into()),
            (Heard::TakenUp, _) => self.has_taken_up = true,
            (Heard::Ready, Phase::Starting) => {
                self.phase = Phase::Idle;
                return Some(Found::Ready);
            }
            (Heard::Broken(reason), _) => return Some(Found::Violation(reason)),
            (Heard::End(ended), Phase::Turn(_)) => return self.end(ended),
            (Heard::Text(text), Phase::Turn(turn)) => turn.add(&text),
            (Heard::Block(text), Phase::Turn(turn)) => turn.block(&text),
            (Heard::Usage(usage), Phase::Turn(turn)) => turn.usage = Some(usage),
            (Heard::Denied(what), Phase::Turn(turn)) => turn.denied = Some(what),
            (Heard::Question(question), Phase::Turn(turn)) if turn.is_wanted => {
                return Some(Found::Question(question));
            }
            // Nobody is there to answer.
            (Heard::Question(_), _) => self.protocol.answer(false, &mut self.post),
            (Heard::Throttled(line), Phase::Turn(_)) => return Some(Found::Throttled(line)),
            (Heard::Text(text) | Heard::Block(text), _) => self.unsolicited += text.len() as u64,
            _ => {}
        }
        None
    }

    /// The turn's end, judged: first by what the message says, then by the profile's patterns, which may know more about
    /// a failure than that it is one, and know failures that are told as good text.
    fn end(&mut self, ended: Ended) -> Option<Found> {
        let Phase::Turn(turn) = std::mem::replace(&mut self.phase, Phase::Idle) else { return None };
        let spec = &self.spec.turn;
        let denied = turn.denied.clone();
        let usage = ended.usage.or(turn.usage);
        let finished = turn.finish(ended.text);
        let failure = ended.failure;
        let searched = match &failure {
            Some((_, detail)) => format!("{}\n{detail}", finished.text),
            None => finished.text.clone(),
        };
        let said = outcome::judge(&spec.outcomes, &searched);
        let (reset, said) = match said {
            Some(said) => (said.reset, Some((said.outcome, said.line))),
            None => (None, None),
        };
        let verdict = match (failure, said) {
            // A vendor's own words about a failure are more exact than its number.
            (Some((Outcome::Error, _)), Some(said)) if said.0 != Outcome::Ok => said,
            (Some(failure), _) => failure,
            (None, Some(said)) if said.0 != Outcome::Ok => said,
            (None, _) => denied.map_or((Outcome::Ok, String::new()), |what| (Outcome::Denied, what)),
        };
        let (outcome, detail) = verdict;
        Some(Found::End(Box::new(TurnEnd {
            text: finished.text,
            raw: finished.raw,
            completed_by: CompletedBy::Protocol,
            evidence: ended.evidence,
            outcome,
            detail: (outcome != Outcome::Ok).then_some(detail),
            reset: reset.or(ended.reset).filter(|_| outcome == Outcome::Limited),
            usage,
            cut: finished.cut,
            void: 0,
        })))
    }
}

impl Dialect for AgentDialect {
    fn open(&mut self, out: &mut Vec<u8>, _now: Instant) {
        self.phase = Phase::Starting;
        self.protocol.open(&mut self.post);
        self.post.deliver(out);
    }

    fn take_output(&mut self, out: &mut Vec<u8>) {
        self.post.deliver(out);
    }

    fn begin(
        &mut self,
        step: Step,
        want_raw: bool,
        out: &mut Vec<u8>,
        _now: Instant,
    ) -> Result<(), CannotCarry> {
        self.protocol.begin(step, &mut self.post)?;
        let limits = &self.spec.limits;
        let turn = Turn::new(limits.max_reply, want_raw.then_some(limits.max_raw));
        self.phase = Phase::Turn(Box::new(turn));
        self.post.deliver(out);
        Ok(())
    }

    fn interrupted(&mut self, out: &mut Vec<u8>, _now: Instant) {
        if let Phase::Turn(turn) = &mut self.phase {
            turn.is_wanted = false;
        }
        self.protocol.interrupt(&mut self.post);
        self.post.deliver(out);
    }

    fn answer(&mut self, text: &str, out: &mut Vec<u8>) {
        self.protocol.answer(permit::is_yes(text), &mut self.post);
        self.post.deliver(out);
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        self.lines.buffer()
    }

    fn poll(&mut self, _now: Instant) -> Option<Found> {
        loop {
            while let Some(heard) = self.post.next() {
                if let Some(found) = self.weigh(heard) {
                    return Some(found);
                }
            }
            match self.lines.next() {
                Line::None => return None,
                Line::TooLong => return Some(Found::Violation(lines::too_long())),
                Line::Whole(line) => {
                    if let Phase::Turn(turn) = &mut self.phase {
                        turn.raw(line);
                    }
                    match json::object(line) {
                        Some(message) => self.protocol.hear(message, &mut self.post),
                        None => self.unsolicited += line.len() as u64,
                    }
                }
            }
        }
    }

    fn preview(&mut self, missed: &mut u64) -> String {
        match &mut self.phase {
            Phase::Turn(turn) => turn.preview(missed),
            _ => String::new(),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn resumed(&mut self, _now: Instant) {}

    fn end_of_output(&mut self) -> Partial {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Turn(turn) => {
                let rest = turn.finish(None);
                Partial { text: rest.text, raw: rest.raw, limit: None }
            }
            _ => Partial::default(),
        }
    }

    fn tail(&self) -> &[u8] {
        self.lines.tail()
    }

    fn expects(&self) -> String {
        match self.phase {
            Phase::Closed | Phase::Idle => "nothing".into(),
            Phase::Starting | Phase::Turn(_) => self.protocol.expects().into(),
        }
    }

    fn version(&self) -> Option<Arc<str>> {
        self.version.clone()
    }

    fn thread(&self) -> Option<&Arc<str>> {
        self.thread.as_ref()
    }

    fn has_taken_up(&self) -> bool {
        self.has_taken_up
    }

    fn is_asking(&self) -> Option<bool> {
        Some(self.protocol.is_asking())
    }

    fn unsolicited(&self) -> u64 {
        self.unsolicited
    }
}

/// The longest piece of a message that is put into ours, in characters.
const EXCERPT: usize = 200;

/// The beginning of a text, on one line, for people.
fn excerpt(text: &str) -> String {
    text.trim().chars().take(EXCERPT).map(|it| if it.is_control() { ' ' } else { it }).collect()
}

#[cfg(test)]
mod tests;
