//! Makes a transcript of a life as it goes on.

use super::escape;
use crate::machine::dialect::{Found, TurnEnd};
use crate::message::Step;

/// Writes what goes to and fro as lines of a transcript. Of text tools the nonces would be lost: for agents only.
pub struct Recorder {
    sink: Sink,
    /// How much of the buffer has been written.
    seen: usize,
}

/// Where lines go, each with its end.
pub type Sink = Box<dyn FnMut(&str)>;

impl Recorder {
    /// One that hands its lines to `sink`.
    #[must_use]
    pub fn new(sink: Sink) -> Self {
        Self { sink, seen: 0 }
    }

    fn line(&mut self, word: &str, rest: &str) {
        let space = if rest.is_empty() { "" } else { " " };
        (self.sink)(&format!("{word}{space}{rest}\n"));
    }

    /// Bytes, a line of the transcript for each line of theirs.
    fn bytes(&mut self, word: &str, bytes: &[u8]) {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line(word, &escape(line, &[]));
        }
    }

    pub(in crate::machine::dialect) fn sent(&mut self, bytes: &[u8]) {
        self.bytes(">>>", bytes);
    }

    pub(in crate::machine::dialect) fn step(&mut self, step: &Step) {
        (self.sink)("\n");
        match step {
            Step::Say(text) => self.line("say", &escape(text.as_bytes(), &[])),
            Step::Command(line) => self.line("command", &escape(line.as_bytes(), &[])),
        }
    }

    pub(in crate::machine::dialect) fn answered(&mut self, text: &str) {
        self.line("answer", &escape(text.as_bytes(), &[]));
    }

    pub(in crate::machine::dialect) fn interrupted(&mut self) {
        self.line("interrupt", "");
    }

    /// What has come since the last look.
    pub(in crate::machine::dialect) fn came(&mut self, buffer: &[u8]) {
        self.bytes("<<<", buffer.get(self.seen..).unwrap_or_default());
    }

    /// A look is over, and has left so much.
    pub(in crate::machine::dialect) const fn looked(&mut self, left: usize) {
        self.seen = left;
    }

    pub(in crate::machine::dialect) fn found(&mut self, found: &Found) {
        match found {
            Found::Ready => self.line("===", "ready"),
            Found::Question(line) => self.line("===", &format!("question {}", escape(line.as_bytes(), &[]))),
            Found::Violation(why) => self.line("===", &format!("violation {}", escape(why.as_bytes(), &[]))),
            Found::Throttled(line) => {
                self.line("===", &format!("throttled {}", escape(line.as_bytes(), &[])));
            }
            Found::End(end) => self.ended(end),
        }
    }

    fn ended(&mut self, end: &TurnEnd) {
        let by = format!("{:?}", end.completed_by).to_lowercase();
        self.line("===", &format!("{} {by}", end.outcome));
        for line in end.text.split_inclusive('\n') {
            self.line("|||", &escape(line.as_bytes(), &[]));
        }
        if let Some(detail) = &end.detail {
            self.line("!!!", &escape(detail.as_bytes(), &[]));
        }
        if let Some(usage) = &end.usage {
            let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
            self.line("###", &format!("{} {}", count(usage.input), count(usage.output)));
        }
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
