//! What version a tool is, and whether its profile has been tried with that.

use crate::learn::talk::Talk;
use pool_core::message::ExitReport;
use pool_core::process::Launch;
use pool_core::spec::{Io, ToolSpec};
use std::time::Duration;

/// The longest version that is told, in characters.
const LONGEST: usize = 120;

/// How long it may take: agents load all that they are first.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a shell answers when there is no such program.
const NO_PROGRAM: i32 = 127;

/// What came of the question for a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The first line with a digit in it.
    Said(String),
    /// It cannot be started, fails, goes on, or says nothing.
    Nothing,
    /// A shell has looked for the program in vain.
    NoProgram,
}

impl Answer {
    pub(crate) fn said(self) -> Option<String> {
        match self {
            Self::Said(version) => Some(version),
            Self::Nothing | Self::NoProgram => None,
        }
    }
}

/// Asks for the version of a tool by this command, in the environment of `spec`, with nothing to read.
pub(crate) async fn ask(command: &[String], spec: &ToolSpec, launcher: &dyn Launch) -> Answer {
    let spec = ToolSpec { command: command.to_vec(), io: Io::Pipes, ..spec.clone() };
    let Ok(talk) = Talk::start(launcher, &spec).await else { return Answer::Nothing };
    let Ok(Some((text, exit))) = talk.end_within(PATIENCE).await else { return Answer::Nothing };
    match (exit, text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()))) {
        (Some(ExitReport::Exited(NO_PROGRAM)), _) => Answer::NoProgram,
        (Some(ExitReport::Exited(0)), Some(line)) => {
            Answer::Said(line.trim().chars().take(LONGEST).collect())
        }
        _ => Answer::Nothing,
    }
}

/// Whether `version` is one of those that a profile has been `tested` with; `None` if there is nothing to compare.
#[must_use]
pub fn is_tested(version: Option<&str>, tested: &[String]) -> Option<bool> {
    let version = version?;
    let mut numbers = tested.iter().filter_map(|tested| number(tested)).peekable();
    numbers.peek()?;
    Some(numbers.any(|number| has(version, number)))
}

/// The first word of digits and points that begins with a digit and has a point in it; else the first number.
fn number(text: &str) -> Option<&str> {
    let words = || text.split(|c: char| !(c.is_ascii_digit() || c == '.')).map(|word| word.trim_matches('.'));
    words().find(|word| word.contains('.')).or_else(|| words().find(|word| !word.is_empty()))
}

/// Whether this number, and not just the front of a longer one, is in `text`.
fn has(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + number.len()..].chars();
        let goes_on = match after.next() {
            Some('.') => after.next().is_some_and(|c| c.is_ascii_digit()),
            Some(c) => c.is_ascii_digit(),
            None => false,
        };
        !goes_on && !before.is_some_and(|c| c.is_ascii_digit() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let table = [
            (Some("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)"), "bash 5.2.15", Some(true)),
            (Some("GNU bash, version 5.2.150(1)-release"), "bash 5.2.15", Some(false)),
            (Some("GNU bash, version 5.2.15.1"), "bash 5.2.15", Some(false)),
            (Some("GNU bash, version 15.2.15"), "bash 5.2.15", Some(false)),
            (Some("Python 3.11.7"), "Python 3.11.7", Some(true)),
            (Some("Python 3.11.7."), "Python 3.11.7", Some(true)),
            (Some("dc (GNU bc 1.07.1) 1.4.1"), "dc 1.4.1 (GNU bc 1.07.1)", Some(true)),
            (Some("jq-1.6"), "jq-1.6", Some(true)),
            (Some("jq-1.6"), "jq-1.7", Some(false)),
            (Some("tool 7"), "tool 7", Some(true)),
            (Some("tool 7"), "a tool", None),
            (None, "tool 7", None),
        ];
        for (version, tested, expected) in table {
            assert_eq!(is_tested(version, &[tested.to_owned()]), expected, "{version:?} {tested:?}");
        }
        assert_eq!(is_tested(Some("tool 7"), &[]), None);
        assert_eq!(is_tested(Some("1.2"), &["1.1".into(), "1.2".into()]), Some(true));
    }
}
