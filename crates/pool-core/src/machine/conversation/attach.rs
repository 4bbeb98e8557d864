//! A person at the terminal: the tool belongs to somebody else for a while, then comes back.
//!
//! What is typed and said meanwhile is no turn: the dialect hears nothing of it. Afterwards the tool has to answer, by a
//! reset or an empty line, before it gets another job; one that cannot be known to be at rest is started again.

use super::{Action, Conversation, State};
use crate::error::JobError;
use crate::machine::dialect::Dialect;
use crate::machine::dialect::filter::clean;
use crate::machine::later;
use crate::message::{Control, ControlMessage, Job, Seat, Size, Step};
use crate::spec::TurnRule;
use std::time::Instant;

/// How much of the last output is looked at for the prompt, in bytes.
const TAIL: usize = 1024;

/// Bytes after which nothing of a line is left to be sent off: its end, Ctrl-C, Ctrl-D, Ctrl-U.
const WHOLE: [u8; 5] = [b'\r', b'\n', 3, 4, 0x15];

/// Whose turns run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lent {
    /// The pool's.
    No,
    /// Those of a person, who still sits there: nobody else hears of them.
    Sitting,
    /// The same, but the person has gone.
    Leaving,
}

/// What a person has typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    Nothing,
    /// Prompts, each of which has had its turn.
    Prompts,
    /// Whole lines; the end of what the tool has said since.
    Lines(Vec<u8>),
    /// The last line has not been sent off: whatever we wrote would be added to it.
    Half,
}

impl<D: Dialect> Conversation<D> {
    /// The tool is free, its credit is void, and somebody sits down.
    // ## Idle => Attached
    pub(super) fn attach(&mut self, seat: Seat) {
        if matches!(self.state, State::Idle) {
            self.state = State::Attached(Typed::Nothing);
            self.actions.push_back(Action::Seat(seat));
        }
    }

    /// Whether somebody sits there.
    pub const fn is_attached(&self) -> bool {
        matches!(self.state, State::Attached(_))
    }

    /// The person types.
    pub fn typed(&mut self, bytes: &[u8]) {
        let (State::Attached(typed), Some(last)) = (&mut self.state, bytes.last()) else { return };
        *typed = if WHOLE.contains(last) { Typed::Lines(Vec::new()) } else { Typed::Half };
        self.outgoing.extend_from_slice(bytes);
    }

    /// The person has a prompt for a turn; it comes back undelivered unless the tool is free for that.
    // ## Attached => Turn
    pub fn attend(&mut self, job: Box<Job>, controls: Vec<Control>, now: Instant) {
        if !self.is_attached() || self.ending.has_begun() {
            job.reply_to.send(Err(JobError::Closed));
            return;
        }
        (self.state, self.lent) = (State::Idle, Lent::Sitting);
        let (id, keeps) = (job.reply_to.job(), self.keeps);
        self.take_job(job, now);
        self.keeps = keeps;
        for control in controls {
            self.control(ControlMessage { job: id, control }, now);
        }
    }

    /// The turn of a person has ended.
    // ## Turn => (Attached | Returning | Stopping)
    pub(super) fn attended(&mut self, now: Instant) {
        let lent = std::mem::replace(&mut self.lent, Lent::No);
        if self.draining {
            self.rest(now);
        } else if lent == Lent::Sitting {
            self.state = State::Attached(Typed::Prompts);
        } else {
            self.actions.push_back(Action::Seat(Seat::Pool));
            self.returning(0, now);
        }
    }

    /// The person's terminal has another size.
    pub fn resized(&mut self, size: Size) {
        if self.is_attached() {
            self.actions.push_back(Action::Resize(size));
        }
    }

    /// `count` bytes are for the person, and not for the dialect.
    pub(super) fn overheard(&mut self, count: usize) {
        let State::Attached(typed) = &mut self.state else { return };
        let buffer = self.dialect.buffer();
        let from = buffer.len() - count;
        if let Typed::Lines(tail) = typed {
            tail.extend_from_slice(&buffer[from..]);
            tail.drain(..tail.len().saturating_sub(TAIL));
        }
        buffer.truncate(from);
    }

    /// The person has gone.
    // ## Attached => (Returning | Idle | Stopping)
    pub(super) fn detach(&mut self, now: Instant) {
        if self.lent == Lent::Sitting {
            self.lent = Lent::Leaving;
            return self.cancel(now);
        }
        if !self.is_attached() {
            return;
        }
        let State::Attached(typed) = std::mem::replace(&mut self.state, State::Idle) else { return };
        self.actions.push_back(Action::Seat(Seat::Pool));
        match typed {
            Typed::Nothing => self.come_back(now),
            Typed::Prompts => self.returning(0, now),
            Typed::Lines(tail) if self.is_at_rest(&tail) => self.returning(0, now),
            Typed::Lines(_) | Typed::Half => {
                tracing::info!(tool = %self.me.tool, slot = %self.me.slot, "left in the middle of something: started again");
                self.kill(now);
            }
        }
    }

    /// Whether nothing that was typed is still at work, as far as that can be known. A sentinel finds out by itself:
    /// nothing else prints what it expects.
    fn is_at_rest(&self, tail: &[u8]) -> bool {
        match &self.spec.turn.rule {
            TurnRule::Sentinel { .. } => true,
            TurnRule::Prompt { until, .. } => {
                let text = clean(tail);
                until.find_iter(&text).last().is_some_and(|prompt| prompt.end() == text.len())
            }
            TurnRule::Lines
            | TurnRule::Quiet { .. }
            | TurnRule::Protocol(_)
            | TurnRule::OneShot(_)
            | TurnRule::Remote(_) => false,
        }
    }

    /// Sends line number `line` of the reset, or an empty one where there is no reset or a conversation is kept.
    // ## (Attached | Returning) => (Returning | Idle)
    pub(super) fn returning(&mut self, line: usize, now: Instant) {
        let lines: &[String] = if self.keeps { &[] } else { &self.spec.reset };
        let step = match lines.get(line) {
            Some(text) => Step::Command(text.clone()),
            // As text, in the tool's own spelling: a bare line may be a command, such as the one that forgets the state.
            None if line == 0 => Step::Say(String::new()),
            None => return self.come_back(now),
        };
        let begun = self.dialect.begin(step, false, &mut self.outgoing, now);
        self.state = State::Returning { line, deadline: later(now, self.spec.limits.reset) };
        if begun.is_err() {
            self.kill(now);
        }
    }

    fn come_back(&mut self, now: Instant) {
        self.state = State::Idle;
        self.reset_done(now);
    }
}
