//! What an agent says in a turn: its reply, and what it tells of itself in the same way.
//!
//! Some agents report that they try again, or that they have failed, as if it were text of their model: in one piece, with
//! words of their own. The profile's patterns know them, and count here only where they match such a piece as a whole, so that
//! a reply that quotes them stays a reply.

use crate::machine::dialect::agent::excerpt;
use crate::machine::dialect::agent::json::{Fields, Value};
use crate::machine::dialect::agent::post::{Heard, Post};
use crate::machine::dialect::text::outcome;
use crate::message::{Outcome, Reset};
use crate::spec::TurnSpec;
use regex::Regex;

/// The longest piece that may be a word of the agent's own, in bytes.
const LONGEST_NOTICE: usize = 4096;

/// What has been said in the running turn.
#[derive(Debug)]
pub(super) struct Said {
    /// How pieces look that are no part of the reply.
    notes: Option<Regex>,
    /// The message that the last piece belongs to, if the agent tells.
    message: Option<String>,
    /// What was said last was a failure.
    failure: Option<Failure>,
}

/// A failure, and when it is over.
pub(super) type Failure = ((Outcome, String), Option<Reset>);

impl Said {
    pub(super) const fn new(notes: Option<Regex>) -> Self {
        Self { notes, message: None, failure: None }
    }

    /// A turn begins.
    pub(super) fn begin(&mut self) {
        (self.message, self.failure) = (None, None);
    }

    /// Takes an update.
    pub(super) fn update(&mut self, update: &Value, turn: &TurnSpec, post: &mut Post) {
        match update.text(&["sessionUpdate"]) {
            Some("agent_message_chunk") => {
                let message = update.text(&["messageId"]);
                if message.is_some() && message != self.message.as_deref() {
                    self.pause(post);
                    self.message = message.map(str::to_owned);
                }
                if let Some(text) = update.text(&["content", "text"]).filter(|text| !text.is_empty()) {
                    self.piece(text, turn, post);
                }
            }
            // What it says after a tool was used is a new paragraph.
            Some("tool_call" | "tool_call_update") => self.pause(post),
            _ => {}
        }
    }

    /// Something else happens than that it speaks.
    pub(super) fn pause(&mut self, post: &mut Post) {
        self.failure = None;
        post.tell(Heard::Block(String::new()));
    }

    /// How it has failed, if it has told so at last.
    pub(super) fn failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    fn piece(&mut self, text: &str, turn: &TurnSpec, post: &mut Post) {
        if text.len() <= LONGEST_NOTICE {
            if turn.throttled.iter().any(|pattern| is_all(pattern, text)) {
                self.pause(post);
                return post.tell(Heard::Throttled(excerpt(text)));
            }
            if self.notes.as_ref().is_some_and(|pattern| is_all(pattern, text)) {
                return self.pause(post);
            }
            let rule = turn.outcomes.iter().find(|rule| is_all(&rule.pattern, text));
            let said = rule.and_then(|rule| outcome::judge(std::slice::from_ref(rule), text));
            if let Some(said) = said.filter(|said| said.outcome != Outcome::Ok) {
                self.pause(post);
                self.failure = Some(((said.outcome, excerpt(text)), said.reset));
                return post.tell(Heard::Block(text.to_owned()));
            }
        }
        self.failure = None;
        post.tell(Heard::Text(text.to_owned()));
    }
}

fn is_all(pattern: &Regex, text: &str) -> bool {
    let end = text.trim_end().len();
    pattern.find(text).is_some_and(|found| found.start() == 0 && found.end() >= end)
}
