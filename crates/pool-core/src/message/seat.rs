//! Who sits at a tool's terminal, and what comes from there.

use super::Job;
use actix::Message;

/// Who sits at a tool's terminal. Tools on pipes have none, and are the same to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// The pool: no byte is a key, and nothing is echoed.
    Pool,
    /// A person, before a tool that edits lines itself: keys send signals.
    Person,
    /// A person, before a tool that only reads: the terminal edits lines and shows what is typed, too.
    PersonEditing,
}

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
}

/// What a person types. Answered with false if it was not taken: nobody is attached, or the tool has long not read.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "bool")]
pub struct Typed(pub Vec<u8>);

/// What a person wants said to a tool that has no terminal: a job whose steps are turns, and which nobody else hears of.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Attended(pub Box<Job>);

/// The person's terminal is now as large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Resize(pub Size);
