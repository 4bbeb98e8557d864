//! A tool without a terminal: each line is a prompt, and has its turn.

use super::{Caller, Left};
use crate::control::controller::Controller;
use crate::control::protocol::Event;
use crate::control::seats::Key;
use crate::stream::{JobStream, Piece};
use pool_core::message::{JobResult, Outcome};
use pool_core::supervisor::Attachment;
use std::collections::VecDeque;
use tokio::sync::mpsc::Receiver;

/// How much may be typed ahead, in bytes.
const AHEAD: usize = 1 << 20;

/// Lines until the person gets up and all have had their turns, or the instance ends.
pub(super) async fn sit(
    controller: &Controller,
    lent: &mut Attachment,
    keys: &mut Receiver<Key>,
    caller: &Caller,
) -> Left {
    let mut console =
        Console { caller, typed: Vec::new(), lines: VecDeque::new(), turn: Turn::None, leaves: false };
    while lent.is_alive() {
        console.begin(controller, lent).await;
        if console.is_done() {
            return Left::Detached;
        }
        let may_type = !console.leaves && console.typed.len() < AHEAD;
        tokio::select! {
            piece = console.turn.next() => console.show(piece),
            // Heard only for its end: the replies come with the turns.
            piece = lent.output.next() => if piece.is_none() { return Left::Ended },
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
    /// The beginning of a line.
    typed: Vec<u8>,
    /// Those that wait for their turns.
    lines: VecDeque<String>,
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
    fn is_done(&self) -> bool {
        self.leaves && self.lines.is_empty() && matches!(self.turn, Turn::None)
    }

    /// The next line has its turn, if it can.
    async fn begin(&mut self, controller: &Controller, lent: &Attachment) {
        if matches!(self.turn, Turn::None)
            && let Some(line) = self.lines.pop_front()
        {
            match controller.typed(&lent.tool, &line) {
                Ok(step) => self.turn = Turn::Runs(JobStream::new(lent.ask(step).await)),
                Err(fault) => self.say(format!("[{fault}]\n")),
            }
        }
    }

    fn key(&mut self, key: Option<Key>) {
        match key {
            Some(Key::Bytes(bytes)) => self.typed.extend(bytes),
            Some(Key::Size(_)) => {}
            Some(Key::Leave) | None => {
                self.leaves = true;
                if !self.typed.is_empty() {
                    self.typed.push(b'\n');
                }
            }
        }
        while let Some(end) = memchr::memchr(b'\n', &self.typed) {
            let rest = self.typed.split_off(end + 1);
            let line = std::mem::replace(&mut self.typed, rest);
            self.line(String::from_utf8_lossy(&line[..end]).into_owned());
        }
    }

    fn line(&mut self, line: String) {
        match std::mem::replace(&mut self.turn, Turn::None) {
            Turn::Asks(stream) => {
                stream.answer(line);
                self.turn = Turn::Runs(stream);
            }
            turn => {
                self.turn = turn;
                self.lines.push_back(line);
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
