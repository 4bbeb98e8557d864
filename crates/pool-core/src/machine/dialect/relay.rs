//! Tools without a process that stays: each turn starts one, or several one after the other.
//!
//! To the conversation they are a tool like any other. What it talks to is a *relay* ([`crate::process::relay`]): a request
//! says which short process to start and what it gets, and what that prints comes back in frames, its end in the last one.
//!
//! ```text
//!   dialect ── Request::Run, Request::Cancel ──▶ relay ── starts, kills ──▶ short process
//!      ▲                                           │ ◀──── output, errors, exit ───┘
//!      └───────── frames: output, errors, end ─────┘
//! ```

mod extract;
pub mod one_shot;
mod pick;
pub mod remote;
mod verdict;
pub mod wire;

use super::TAIL;
use std::time::Instant;
use wire::{End, Frame, Frames};

/// What has come of the short process at hand, besides its output.
#[derive(Debug, Default)]
struct Incoming {
    frames: Frames,
    /// The last of its standard error, and of what it printed that was no message.
    errors: Vec<u8>,
    /// The last of what came at all.
    tail: Vec<u8>,
}

impl Incoming {
    /// The next piece of output, or the end.
    fn next(&mut self) -> Result<Option<Piece>, String> {
        loop {
            let piece = match self.frames.pop()? {
                None => return Ok(None),
                Some(Frame::Errors(bytes)) => {
                    add(&mut self.errors, bytes);
                    add(&mut self.tail, bytes);
                    continue;
                }
                Some(Frame::Output(bytes)) => {
                    add(&mut self.tail, bytes);
                    Piece::Output(bytes.to_vec())
                }
                Some(Frame::End(end)) => Piece::End(end),
            };
            return Ok(Some(piece));
        }
    }

    /// Forgets the last process.
    fn begin(&mut self) {
        self.errors.clear();
    }
}

/// What a short process has given.
enum Piece {
    Output(Vec<u8>),
    End(End),
}

/// Adds to the end of an error text; only the last of that is of interest.
fn add(text: &mut Vec<u8>, bytes: &[u8]) {
    text.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
    let surplus = text.len().saturating_sub(TAIL);
    text.drain(..surplus);
}

/// A look that is due although nothing comes.
#[derive(Debug, Default)]
struct Due(Option<Instant>);

impl Due {
    /// Whether it is due; it then is no more.
    fn take(&mut self, now: Instant) -> bool {
        self.0.take_if(|at| *at <= now).is_some()
    }
}

/// A name that a tool has given to a conversation or a task, if it can be one: it becomes an argument, where it must not be
/// taken for an option or for one of our own placeholders.
fn name(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
    let is_name =
        !text.is_empty() && text.len() <= 256 && !text.starts_with('-') && text.bytes().all(is_plain);
    is_name.then_some(text)
}

#[cfg(test)]
mod tests;
