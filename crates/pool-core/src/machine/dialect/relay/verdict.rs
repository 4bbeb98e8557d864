//! What the end of a short process is worth: what it told itself first, then how it ended, and the profile's patterns, which
//! may know more about either.

use super::extract::Extracted;
use super::wire::End;
use crate::machine::dialect::filter;
use crate::machine::dialect::text::outcome;
use crate::message::{Outcome, Reset};
use crate::spec::{Extract, OutcomeRule};

/// How a turn turned out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) detail: Option<String>,
    pub(super) reset: Option<Reset>,
}

/// The signals that end a process; a shell, and whoever does as shells do, adds 128 to tell one as a code. The numbers
/// between them are some tools' own codes.
const FATAL: [i32; 17] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 24, 25, 30, 31];

/// The code by which `timeout`, and whoever does as that does, tells that the time was up.
const TIME_IS_UP: i32 = 124;

impl End {
    /// In words, for the evidence.
    pub(super) fn words(self) -> String {
        match self {
            Self::Code(code) => format!("exit code {code}"),
            Self::Signal(signal) => format!("ended by signal {signal}"),
            Self::OutOfMemory => "killed by the system, which was short of memory".into(),
        }
    }

    /// What it says about failure, without anything else being known; `last` is the last line of the error text.
    fn failure(self, last: Option<String>) -> Option<(Outcome, String)> {
        let told = |last: Option<String>| {
            last.map_or_else(|| self.words(), |last| format!("{last} ({})", self.words()))
        };
        match self {
            Self::Code(0) => None,
            Self::Code(TIME_IS_UP) => Some((Outcome::TimedOut, told(last))),
            Self::Code(code) if FATAL.contains(&(code - 128)) => {
                Some((Outcome::Crashed, format!("{}, as by signal {}", self.words(), code - 128)))
            }
            Self::Code(_) => Some((Outcome::Error, told(last))),
            Self::Signal(_) | Self::OutOfMemory => Some((Outcome::Crashed, self.words())),
        }
    }
}

/// What is missing although the exit was a good one.
pub(super) fn missing(extracted: &Extracted, how: &Extract) -> Option<(Outcome, String)> {
    let reply_is_picked = !how.reply.is_empty();
    match (how.end.is_empty(), extracted.has_ended) {
        (false, false) => Some((Outcome::Truncated, "it exited without a word of its turn's end".into())),
        (true, _) if reply_is_picked && !extracted.has_reply => {
            Some((Outcome::Error, "it exited without a reply".into()))
        }
        _ => None,
    }
}

/// The verdict on a process that has ended so. `text` is the reply, `errors` what it printed besides.
pub(super) fn judge(
    rules: &[OutcomeRule],
    text: &str,
    errors: &[u8],
    told: Option<String>,
    end: End,
    missing: Option<(Outcome, String)>,
    denied: Option<String>,
) -> Verdict {
    let errors = filter::clean(errors);
    let failure = match &told {
        // A signal says more than what was told before it came.
        Some(told) if matches!(end, End::Code(_)) => Some((Outcome::Error, excerpt(told))),
        _ => end.failure(last_line(&errors)).or(missing),
    };
    // What stands among the errors of a process that ended well was overcome.
    let searched = match &failure {
        Some(_) => format!("{text}\n{errors}\n{}", told.unwrap_or_default()),
        None => text.to_owned(),
    };
    let said = outcome::judge(rules, &searched).filter(|said| said.outcome != Outcome::Ok);
    match (failure, said) {
        (_, Some(said)) => Verdict { outcome: said.outcome, detail: Some(said.line), reset: said.reset },
        (Some((outcome, detail)), None) => Verdict { outcome, detail: Some(detail), reset: None },
        (None, None) => {
            let outcome = if denied.is_some() { Outcome::Denied } else { Outcome::Ok };
            Verdict { outcome, detail: denied, reset: None }
        }
    }
}

/// The last line that says something.
pub(super) fn last_line(errors: &str) -> Option<String> {
    errors.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(excerpt)
}

/// The longest piece of an output that is put into our words, in characters.
const EXCERPT: usize = 200;

/// The beginning of a text, on one line, for people.
pub(super) fn excerpt(text: &str) -> String {
    text.trim().chars().take(EXCERPT).map(|it| if it.is_control() { ' ' } else { it }).collect()
}
