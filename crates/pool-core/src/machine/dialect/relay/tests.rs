//! The dialects of what is started for each turn: the test plays the relay and the processes.

mod extract;
mod one_shot;
mod remote;
mod verdict;

use super::wire::{End, Frame, Request, Run};
use crate::machine::dialect::{Dialect, Found, TurnEnd};
use crate::message::Step;
use std::time::{Duration, Instant};

/// A dialect that has begun, and what it has asked for.
struct Talk<D> {
    dialect: D,
    now: Instant,
    asked: Vec<Request>,
}

impl<D: Dialect> Talk<D> {
    fn begun(dialect: D) -> Self {
        #[expect(clippy::disallowed_methods, reason = "where the test begins")]
        let now = Instant::now();
        let mut talk = Self { dialect, now, asked: Vec::new() };
        talk.calls(|dialect, out, now| dialect.open(out, now));
        assert_eq!(talk.polls(), [Found::Ready]);
        talk
    }

    fn calls<R>(&mut self, call: impl FnOnce(&mut D, &mut Vec<u8>, Instant) -> R) -> R {
        let mut out = Vec::new();
        let result = call(&mut self.dialect, &mut out, self.now);
        self.dialect.take_output(&mut out);
        let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        self.asked.extend(lines.map(|line| Request::read(line).expect("a request")));
        result
    }

    fn polls(&mut self) -> Vec<Found> {
        self.calls(|dialect, _, now| std::iter::from_fn(|| dialect.poll(now)).collect())
    }

    fn says(&mut self, text: &str) {
        self.step(Step::Say(text.into()));
    }

    fn step(&mut self, step: Step) {
        self.calls(|dialect, out, now| dialect.begin(step, false, out, now))
            .expect("a step that can be carried");
    }

    fn comes(&mut self, frame: &Frame<'_>) -> Vec<Found> {
        frame.write(self.dialect.buffer());
        self.polls()
    }

    /// The process prints this and exits with code 0.
    fn prints(&mut self, text: &str) -> Vec<Found> {
        self.ends(text, "", End::Code(0))
    }

    fn ends(&mut self, text: &str, errors: &str, end: End) -> Vec<Found> {
        let mut found = self.comes(&Frame::Output(text.as_bytes()));
        found.extend(self.comes(&Frame::Errors(errors.as_bytes())));
        found.extend(self.comes(&Frame::End(end)));
        found
    }

    /// Time goes by; what is found when something is due.
    fn waits(&mut self, time: Duration) -> Vec<Found> {
        self.now += time;
        self.polls()
    }

    /// The process that was asked for, which must be all that was.
    fn run(&mut self) -> Run {
        match (self.asked.pop(), self.asked.is_empty()) {
            (Some(Request::Run(run)), true) => run,
            other => panic!("{other:?}, {:?}", self.asked),
        }
    }
}

/// The end of the turn, which must be all that was found.
fn end(mut found: Vec<Found>) -> TurnEnd {
    match (found.pop(), found.is_empty()) {
        (Some(Found::End(end)), true) => *end,
        other => panic!("{other:?}, {found:?}"),
    }
}

/// The arguments, the path of the file as `FILE`.
fn words(run: &Run) -> String {
    let words: Vec<&str> = run.words.iter().map(|word| word.as_deref().unwrap_or("FILE")).collect();
    words.join(" ")
}

#[test]
fn a_name_that_could_be_something_else_is_none() {
    for good in ["01a1fb7f-20ca", " ses_1\n", "a/b:c", "123"] {
        assert_eq!(super::name(good), Some(good.trim()));
    }
    for bad in ["", "  ", "-x", "--resume", "two words", "{id}", "\u{1b}[1m", "é", &"x".repeat(257)] {
        assert_eq!(super::name(bad), None, "{bad}");
    }
}
