//! What goes between a protocol and the rest: messages to the agent, and what its messages have told.

use super::json::Value;
use crate::message::{Outcome, Reset, Usage};
use std::collections::VecDeque;

/// What a protocol has understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    /// What the agent calls its version.
    Version(String),
    /// What it calls its conversation, if that can be taken up again.
    Thread(String),
    /// It goes on with the conversation that it was started with.
    TakenUp,
    /// It can take a turn.
    Ready,
    /// More of the reply; it may be repeated, whole, by a [`Heard::Block`].
    Text(String),
    /// A part of the reply that is whole, and what has come of it before.
    Block(String),
    /// What the running turn has taken so far.
    Usage(Usage),
    /// This was not allowed.
    Denied(String),
    /// May it do this? The turn waits.
    Question(String),
    /// It was turned away, and tries again by itself.
    Throttled(String),
    /// The turn is over.
    End(Ended),
    /// It cannot go on.
    Broken(String),
}

/// The end of a turn.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ended {
    /// The message that says so, in short.
    pub(super) evidence: String,
    /// The reply, for those who tell it only now.
    pub(super) text: Option<String>,
    /// What the message itself says about failure.
    pub(super) failure: Option<(Outcome, String)>,
    /// When a limit is over.
    pub(super) reset: Option<Reset>,
    /// What the turn took.
    pub(super) usage: Option<Usage>,
}

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct Post {
    outgoing: Vec<u8>,
    heard: VecDeque<Heard>,
}

impl Post {
    /// Sends a message.
    pub(super) fn send(&mut self, message: &Value) {
        // A `Value` has string keys and no failing parts.
        if serde_json::to_writer(&mut self.outgoing, message).is_ok() {
            self.outgoing.push(b'\n');
        }
    }

    /// Tells what has been understood.
    pub(super) fn tell(&mut self, heard: Heard) {
        self.heard.push_back(heard);
    }

    pub(super) fn next(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Moves what is to be sent.
    pub(super) fn deliver(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.outgoing);
    }
}

impl Post {
    /// Tells the agent's version, if it has told one.
    pub(super) fn tell_version(&mut self, version: Option<&str>) {
        if let Some(version) = version {
            self.tell(Heard::Version(version.to_owned()));
        }
    }
}
