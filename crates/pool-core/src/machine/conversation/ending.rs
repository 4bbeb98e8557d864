//! The end of a process is two facts, in either order: it exited, and its output ended. A grandchild may hold the
//! output open, a tool may close it and live on; neither may hold us up for longer than [`super::DRAIN`].

use super::{Action, Conversation, State};
use crate::error::StartError;
use crate::machine::dialect::Dialect;
use crate::message::{Event, ExitReport, Outcome};
use crate::process::Signal;
use std::time::Instant;

/// How much of the end has been seen.
pub(super) enum Ending {
    None,
    /// Nobody reads its input any more: its output or the process must end, too.
    InputBroken {
        by: Instant,
    },
    /// The output ended; the process must follow, or is being made to.
    Output {
        by: Option<Instant>,
    },
    /// The process ended; its output must follow.
    Process {
        exit: ExitReport,
        by: Instant,
    },
    Both(ExitReport),
}

impl Ending {
    /// Whether it is under way: nothing can be said to the process any more.
    pub(super) const fn has_begun(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::InputBroken { by } | Self::Process { by, .. } => Some(*by),
            Self::Output { by } => *by,
            Self::None | Self::Both(_) => None,
        }
    }

    pub(super) fn shift(&mut self, time: std::time::Duration) {
        if let Self::InputBroken { by } | Self::Output { by: Some(by) } | Self::Process { by, .. } = self {
            *by += time;
        }
    }

    pub(super) fn output_ended(&mut self, by: Instant) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None | Self::InputBroken { .. } | Self::Output { .. } => Self::Output { by: Some(by) },
            Self::Process { exit, .. } | Self::Both(exit) => Self::Both(exit),
        };
    }

    pub(super) fn process_ended(&mut self, exit: ExitReport, by: Instant) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None | Self::InputBroken { .. } | Self::Process { .. } => Self::Process { exit, by },
            Self::Output { .. } | Self::Both(_) => Self::Both(exit),
        };
    }
}

/// What a job is called whose tool went away before all its steps were sent.
fn between_steps(exit: &ExitReport) -> (Outcome, String) {
    let outcome = if *exit == ExitReport::Exited(0) { Outcome::Truncated } else { Outcome::Crashed };
    (outcome, format!("it {exit} before the next step"))
}

impl<D: Dialect> Conversation<D> {
    /// Says the last word if both facts are there.
    pub(super) fn end_if_over(&mut self, now: Instant) {
        if let Ending::Both(exit) = &self.ending {
            let exit = exit.clone();
            self.gone(exit, now);
        }
    }

    /// The second fact did not come in time.
    pub(super) fn drained(&mut self, now: Instant) {
        match std::mem::replace(&mut self.ending, Ending::None) {
            // Something else holds the output open; the process itself is gone, and its reply cannot go on.
            Ending::Process { exit, .. } => {
                self.signal(Signal::Kill);
                self.gone(exit, now);
            }
            Ending::InputBroken { .. } => self.lives_on(now),
            Ending::Output { .. } => {
                self.ending = Ending::Output { by: None };
                self.lives_on(now);
            }
            ending => self.ending = ending,
        }
    }

    /// It closed a pipe and lives: no further turn is possible. One that is going anyway has the time that it has for that.
    fn lives_on(&mut self, now: Instant) {
        if !matches!(self.state, State::Stopping(_)) {
            self.fail_and_kill(Outcome::Crashed, "it closed its input or output and lived on", now);
        }
    }

    /// The last word of this generation. A job at hand ends with what had come of its reply.
    pub(super) fn gone(&mut self, exit: ExitReport, now: Instant) {
        let exit = match std::mem::replace(&mut self.state, State::Gone) {
            State::Gone => return,
            State::Starting { .. } | State::Warming { .. } => self.ended_early(&exit),
            State::Arming { work, .. } | State::Resetting { next: Some(work), .. } => {
                self.hand_back(work);
                exit
            }
            State::Turn { work, turn } => {
                let (outcome, detail) = turn.fate(&exit);
                let detail = self.with_complaint(detail);
                self.finish_with_rest(work, &turn, outcome, detail, now);
                exit
            }
            State::Settling { work, .. } => {
                // The steps that ran ended well; those that did not run are missing.
                let why = work.is_unfinished().then(|| between_steps(&exit));
                let why = why.map(|(outcome, detail)| (outcome, self.with_complaint(detail)));
                self.finish(work, why, false, now);
                exit
            }
            State::Idle
            | State::Attached(_)
            | State::Returning { .. }
            | State::Resetting { next: None, .. } => exit,
            State::Stopping(ladder) => ladder.verdict(exit),
        };
        self.tell(Event::Exited { slot: self.me.slot, generation: self.me.generation, exit });
    }

    /// The process could not be launched.
    pub fn launch_failed(&mut self, error: StartError) {
        if self.is_gone() {
            return;
        }
        self.state = State::Gone;
        let exit = ExitReport::NotStarted(error);
        self.actions.push_back(Action::Tell(Event::Exited {
            slot: self.me.slot,
            generation: self.me.generation,
            exit,
        }));
    }

    fn ended_early(&self, exit: &ExitReport) -> ExitReport {
        let (how, code) = (exit.to_string(), exit.code());
        ExitReport::NotStarted(StartError::Ended { how, code, tail: self.tail_for_people() })
    }

    /// The last output on one line, with everything that is not plain escaped.
    pub(super) fn tail_for_people(&self) -> String {
        let tail = self.dialect.tail();
        let last = &tail[tail.len().saturating_sub(1024)..];
        let output = if last.is_empty() { "(nothing)".into() } else { last.escape_ascii().to_string() };
        self.with_complaint(output)
    }

    /// What is said of it, and what it has said itself.
    fn with_complaint(&self, detail: String) -> String {
        match self.complaint.for_people() {
            Some(words) => format!("{detail}; on its standard error: {words}"),
            None => detail,
        }
    }
}
