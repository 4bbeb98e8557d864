//! A tool without a terminal: each line is a prompt, and has its turn.

mod ahead;

use super::{Caller, Left};
use crate::control::controller::Controller;
use crate::control::protocol::Event;
use crate::control::seats::{Asked, Key, Keys};
use crate::stream::{JobStream, Piece};
use ahead::{Ahead, LINE, Line};
use pool_core::message::{JobResult, Outcome};
use pool_core::supervisor::Attachment;

/// Lines until the person gets up and all have had their turns, or the instance ends.
pub(super) async fn sit(
    controller: &Controller,
    lent: &mut Attachment,
    keys: &mut Keys,
    caller: &Caller,
) -> Left {
    let mut console = Console { caller, ahead: Ahead::default(), turn: Turn::None, leaves: false };
    while lent.is_alive() {
        if console.is_done() {
            console.give_up();
            return Left::Detached;
        }
        let (may_begin, may_type) = (console.can_begin(), !console.leaves && console.ahead.has_room());
        tokio::select! {
            piece = console.turn.next() => console.show(piece),
            // Heard only for its end: the replies come with the turns.
            piece = lent.output.next() => if piece.is_none() { return Left::Ended },
            // Who does not read the replies gets no more of them.
            () = caller.out.roomy(), if may_begin => console.begin(controller, lent).await,
            key = keys.recv(), if may_type => console.key(key),
        }
    }
    while !matches!(console.turn, Turn::None) {
        let piece = console.turn.next().await;
        console.show(piece);
    }
    Left::Ended
}

struct Console<'a> {
    caller: &'a Caller,
    ahead: Ahead,
    turn: Turn,
    leaves: bool,
}

enum Turn {
    None,
    Runs(JobStream),
    /// It runs, and the tool waits for the next line.
    Asks(JobStream),
}

impl Turn {
    async fn next(&mut self) -> Option<Piece> {
        match self {
            Self::Runs(stream) | Self::Asks(stream) => stream.next().await,
            Self::None => std::future::pending().await,
        }
    }
}

impl Console<'_> {
    /// Nothing more will be typed, and no turn goes on without that: what the tool asks is left unanswered.
    fn is_done(&self) -> bool {
        self.leaves && self.ahead.is_empty() && !matches!(self.turn, Turn::Runs(_))
    }

    fn give_up(&self) {
        if matches!(self.turn, Turn::Asks(_)) {
            self.say("[nobody is left to answer: the turn is taken back]\n".to_owned());
        }
    }

    /// Whether a line waits, and no turn runs.
    fn can_begin(&self) -> bool {
        matches!(self.turn, Turn::None) && !self.ahead.is_empty()
    }

    /// The next line has its turn.
    async fn begin(&mut self, controller: &Controller, lent: &Attachment) {
        if let Some(line) = self.next_line() {
            match controller.typed(&lent.tool, &line) {
                Ok(step) => self.turn = Turn::Runs(JobStream::new(lent.ask(step).await)),
                Err(fault) => self.say(format!("[{fault}]\n")),
            }
        }
    }

    fn key(&mut self, key: Option<(Key, Asked)>) {
        match key {
            Some((Key::Bytes(bytes), asked)) => {
                self.ahead.feed(&bytes);
                asked.taken();
            }
            Some((Key::Size(_), asked)) => asked.taken(),
            Some((Key::Leave, asked)) => {
                self.leave();
                asked.taken();
            }
            None => self.leave(),
        }
        self.answer();
    }

    fn leave(&mut self) {
        self.leaves = true;
        self.ahead.finish();
    }

    /// What the tool asks is answered by the line that was typed first, as soon as there is one.
    fn answer(&mut self) {
        if matches!(self.turn, Turn::Asks(_))
            && let Some(line) = self.next_line()
            && let Turn::Asks(stream) = std::mem::replace(&mut self.turn, Turn::None)
        {
            stream.answer(line);
            self.turn = Turn::Runs(stream);
        }
    }

    /// The line that was typed first, but for those that are too long.
    fn next_line(&mut self) -> Option<String> {
        loop {
            match self.ahead.next()? {
                Line::Whole(line) => return Some(line),
                Line::TooLong => {
                    self.say(format!("[a line of more than {} MiB was passed over]\n", LINE >> 20));
                }
            }
        }
    }

    fn show(&mut self, piece: Option<Piece>) {
        match piece {
            Some(Piece::Missed(count)) => self.caller.event(Event::Unshown { bytes: count }),
            Some(Piece::Question(question)) => {
                self.say(format!("{question}\n"));
                if let Turn::Runs(stream) = std::mem::replace(&mut self.turn, Turn::None) {
                    self.turn = Turn::Asks(stream);
                }
                self.answer();
            }
            // The reply as it is meant comes at the end.
            Some(Piece::Sent | Piece::Text { .. }) => {}
            Some(Piece::End(result)) => {
                self.turn = Turn::None;
                self.say(ending(&result));
            }
            None => self.turn = Turn::None,
        }
    }

    fn say(&self, text: String) {
        if !text.is_empty() {
            self.caller.event(Event::Output(text.into_bytes().into()));
        }
    }
}

/// A reply as people read it, and what went wrong.
fn ending(result: &JobResult) -> String {
    match result {
        Ok(reply) => {
            let text = reply.text();
            let end = if text.is_empty() { "" } else { "\n" };
            let why = reply.error.as_deref().unwrap_or_default();
            match reply.outcome {
                Outcome::Ok => format!("{text}{end}"),
                outcome => format!("{text}{end}[{outcome}: {why}]\n"),
            }
        }
        Err(error) => format!("[{error}]\n"),
    }
}
