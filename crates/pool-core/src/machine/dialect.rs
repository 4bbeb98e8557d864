//! Bytes ⇄ turns: what a tool's language is, without any input or output.
//!
//! A [`Dialect`] belongs to one generation of one instance. The reader of the process's output puts bytes straight
//! into [`Dialect::buffer`] and calls [`Dialect::poll`]; the conversation asks it to encode steps. It never sees a
//! file descriptor, a clock or a job.

pub mod agent;
pub mod any;
pub mod filter;
pub mod relay;
pub mod replay;
pub mod text;

use crate::message::{CompletedBy, Outcome, Reset, Step, Usage};
use std::sync::Arc;
use std::time::Instant;

/// What a dialect has found in the bytes so far.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// The tool answers: the start is over.
    Ready,
    /// The running turn has ended.
    End(Box<TurnEnd>),
    /// The tool asks this and waits; said once per question.
    Question(String),
    /// The tool says this, and tries again by itself; said once each time.
    Throttled(String),
    /// The output broke the rule that frames it. The instance cannot be trusted any more.
    Violation(String),
}

/// A turn that has ended, as its bytes tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnEnd {
    /// The text as the tool meant it.
    pub text: String,
    /// The bytes as they came, if asked for.
    pub raw: Option<Vec<u8>>,
    /// Which rule.
    pub completed_by: CompletedBy,
    /// What matched.
    pub evidence: String,
    /// What the text says about success.
    pub outcome: Outcome,
    /// Why, if not ok.
    pub detail: Option<String>,
    /// With [`Outcome::Limited`]: when the limit is over, if the text says so.
    pub reset: Option<Reset>,
    /// What the tool measured.
    pub usage: Option<Usage>,
    /// Bytes cut out of the middle.
    pub cut: u64,
    /// Bytes that [`Dialect::preview`] has told, and that since its last call are no longer what the tool shows.
    pub void: u64,
}

/// Why a step cannot be carried to the tool; nothing has been written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotCarry(pub String);

/// A tool's language.
///
/// Contract: `poll` may be called at any time and as often as you like; it returns `None` when nothing new is
/// known. After [`Found::Violation`] only dropping it makes sense. Any split of the byte stream over `buffer` and
/// `poll` gives the same result.
pub trait Dialect {
    /// Begins the start: writes to `out` what must be sent to learn whether the tool answers (often nothing).
    /// May be called once.
    fn open(&mut self, out: &mut Vec<u8>, now: Instant);

    /// Moves to `out` what the start has to send after [`Dialect::open`]; asked after every `poll` until
    /// [`Found::Ready`].
    fn take_output(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Begins a turn: appends the bytes of `step` to `out`.
    ///
    /// # Errors
    /// [`CannotCarry`] if the tool could not be given this text unharmed; no turn has begun.
    fn begin(
        &mut self,
        step: Step,
        want_raw: bool,
        out: &mut Vec<u8>,
        now: Instant,
    ) -> Result<(), CannotCarry>;

    /// Gives up the running turn after an interrupt: its end is still awaited, and told as usual. Returns bytes to
    /// send in `out` where the tool needs more than the signal.
    fn interrupted(&mut self, out: &mut Vec<u8>, now: Instant);

    /// Encodes the answer to a question.
    fn answer(&mut self, text: &str, out: &mut Vec<u8>);

    /// Where the reader puts bytes: append only.
    fn buffer(&mut self) -> &mut Vec<u8>;

    /// Looks at what is new since the last call.
    fn poll(&mut self, now: Instant) -> Option<Found>;

    /// What is known to belong to the running turn's reply and has not been told yet; empty if nothing is. Asked after
    /// `poll`, and only for who listens. `missed` grows by bytes that had to be given up before they were told.
    fn preview(&mut self, missed: &mut u64) -> String {
        let _ = missed;
        String::new()
    }

    /// When `poll` is to be called again although nothing has come; `None`: never.
    fn deadline(&self) -> Option<Instant>;

    /// Our program had been stopped and goes on: silence counts from now, for nobody was there to hear.
    fn resumed(&mut self, now: Instant);

    /// The output has ended: what is left of the running turn, for the record. Never a complete reply.
    fn end_of_output(&mut self) -> Partial;

    /// The last bytes that came, for error messages; at most `TAIL` of them.
    fn tail(&self) -> &[u8];

    /// What output is awaited, in words: the rule, with the mark that is expected.
    fn expects(&self) -> String;

    /// What the tool calls its version, once it has told that.
    fn version(&self) -> Option<Arc<str>> {
        None
    }

    /// What the tool calls the conversation that it is in, if it could be taken up again after its end.
    fn thread(&self) -> Option<&Arc<str>> {
        None
    }

    /// Whether the tool has taken up the conversation that it was started with.
    fn has_taken_up(&self) -> bool {
        false
    }

    /// What a service calls the task that the running turn is about, once it is known.
    fn task(&self) -> Option<&Arc<str>> {
        None
    }

    /// The next turn is about the task that a service calls `id`: it has been submitted before.
    fn take_up_task(&mut self, id: Arc<str>) {
        let _ = id;
    }

    /// Whether what was found last of the turn's state (a question, being turned away) still holds, although bytes have come
    /// since.
    fn still_holds(&self) -> bool {
        false
    }

    /// Whether a question of the tool waits for its answer; nothing where that cannot be told.
    fn is_asking(&self) -> Option<bool> {
        None
    }

    /// How many bytes have come that belong to no job, since the start: remains of prompts, late output.
    fn unsolicited(&self) -> u64 {
        0
    }
}

/// How many bytes of the last output error messages show.
pub const TAIL: usize = 4096;

/// What had come of a reply when the tool went away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partial {
    /// The text so far.
    pub text: String,
    /// The bytes so far, if asked for.
    pub raw: Option<Vec<u8>>,
    /// The line that tells of a usage limit, if the text ends with that: the tool went away because of it.
    pub limit: Option<(String, Option<Reset>)>,
}
