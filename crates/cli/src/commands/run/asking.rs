//! What agents ask, one question at a time, and what the keys of who is asked mean.

use pool_core::message::SlotId;
use pool_core::supervisor::{InstanceState, InstanceStatus};
use std::collections::VecDeque;

/// The keys, for who is asked.
pub(super) const KEYS: &str = "[y] yes  [n] no  [a] yes, and to everything else in this run  [?] help";

/// What an agent asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) slot: SlotId,
    pub(crate) tool: String,
    pub(crate) job: u64,
    pub(crate) words: String,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The first of the open questions is another one, or there is none any more.
    Turn,
    /// The tool is answered.
    Answer { question: Question, yes: bool },
    /// Somebody wants to know more.
    Help,
}

/// Questions that are open, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    open: VecDeque<Question>,
    /// Somebody has said yes to everything.
    always: bool,
}

impl Asking {
    /// The question that is put.
    pub(super) fn first(&self) -> Option<&Question> {
        self.open.front()
    }

    /// How many wait behind it.
    pub(super) fn behind(&self) -> usize {
        self.open.len().saturating_sub(1)
    }

    /// An instance has become something: it asks, or it does not ask any more.
    pub(super) fn changed(&mut self, status: &InstanceStatus) -> Vec<Act> {
        let question = status.job.filter(|_| status.state == InstanceState::NeedsInput);
        let question = question.map(|job| Question {
            slot: status.index,
            tool: status.tool_id.clone(),
            job,
            words: status.evidence.strip_prefix("it asks: ").unwrap_or(&status.evidence).to_owned(),
        });
        let first = self.first().cloned();
        match question {
            Some(question) if self.open.contains(&question) => return Vec::new(),
            Some(question) if self.always => return vec![Act::Answer { question, yes: true }],
            question => {
                self.open.retain(|open| open.slot != status.index);
                self.open.extend(question);
            }
        }
        if self.first() == first.as_ref() { Vec::new() } else { vec![Act::Turn] }
    }

    /// A key was pressed.
    pub(super) fn key(&mut self, key: u8) -> Vec<Act> {
        let count = match key.to_ascii_lowercase() {
            b'y' | b'n' => 1,
            b'a' => self.open.len(),
            b'?' | b'h' if !self.open.is_empty() => return vec![Act::Help],
            _ => return Vec::new(),
        };
        if self.open.is_empty() {
            return Vec::new();
        }
        let yes = !key.eq_ignore_ascii_case(&b'n');
        self.always |= key.eq_ignore_ascii_case(&b'a');
        let answered = self.open.drain(..count).map(|question| Act::Answer { question, yes });
        answered.chain([Act::Turn]).collect()
    }
}

#[cfg(test)]
mod tests;
