//! What a reply says about success.

use super::window::next_boundary;
use crate::message::{Outcome, Reset};
use crate::spec::OutcomeRule;
use regex::Captures;
use std::time::Duration;

/// Of a long reply only this much, at its end, is searched: what decides stands near the end.
const REACH: usize = 256 * 1024;

/// What a reply says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::machine::dialect) struct Said {
    pub(in crate::machine::dialect) outcome: Outcome,
    /// The line that says so.
    pub(in crate::machine::dialect) line: String,
    /// When a limit is over.
    pub(in crate::machine::dialect) reset: Option<Reset>,
}

impl Said {
    /// What the status of the turn says, where the text says nothing.
    pub(super) fn by_status(failure: Option<String>) -> Self {
        let (outcome, line) = match failure {
            Some(status) => (Outcome::Error, format!("exit status {status}")),
            None => (Outcome::Ok, String::new()),
        };
        Self { outcome, line, reset: None }
    }
}

/// What the rules say: the one whose last match begins latest decides; among equals the first. The line of the match
/// is the reason.
pub(in crate::machine::dialect) fn judge(rules: &[OutcomeRule], text: &str) -> Option<Said> {
    let tail = tail(text);
    let last = |rule: &OutcomeRule| rule.pattern.find_iter(tail).last().map(|found| found.start());
    let (at, rule) = rules
        .iter()
        .filter_map(|rule| Some((last(rule)?, rule)))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    let reset = match rule.outcome {
        Outcome::Limited => rule.pattern.captures_at(tail, at).as_ref().and_then(reset),
        _ => None,
    };
    Some(Said { outcome: rule.outcome, line: super::excerpt(line_at(tail, at)), reset })
}

/// When the limit is over: the group `reset_at`, or the sum of those that count from now.
fn reset(found: &Captures<'_>) -> Option<Reset> {
    if let Some(at) = found.name("reset_at") {
        return Some(Reset::At(at.as_str().to_owned()));
    }
    let seconds = |(name, unit): (&str, f64)| {
        let count: f64 = found.name(name)?.as_str().parse().ok()?;
        Some(count * unit)
    };
    let parts = OutcomeRule::RESETS.into_iter().filter_map(seconds);
    let sum = parts.reduce(|sum, part| sum + part)?;
    Duration::try_from_secs_f64(sum).ok().map(Reset::After)
}

/// The part that is searched: whole lines, if there are any.
fn tail(text: &str) -> &str {
    if text.len() <= REACH {
        return text;
    }
    let tail = &text[next_boundary(text, text.len() - REACH)..];
    tail.split_once('\n').map_or(tail, |(_, lines)| lines)
}

fn line_at(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    // A match may begin with a line end: what it is about comes after it.
    let rest = text[start..].trim_start_matches('\n');
    rest.split('\n').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn rules() -> Vec<OutcomeRule> {
        [
            (Outcome::Error, r"(?m)^litellm\.\w+: "),
            (Outcome::Limited, "usage limit"),
            (Outcome::Ok, r"(?m)^Applied edit to (.+)$"),
        ]
        .map(|(outcome, pattern)| OutcomeRule { outcome, pattern: Regex::new(pattern).expect("a pattern") })
        .into()
    }

    #[test]
    fn the_last_match_decides() {
        let table = [
            ("fine", None),
            ("litellm.BadRequestError: no\nmore", Some((Outcome::Error, "litellm.BadRequestError: no"))),
            ("litellm.X: no\nApplied edit to f.py\n", Some((Outcome::Ok, "Applied edit to f.py"))),
            (
                "Applied edit to f.py\nlitellm.X: usage limit",
                Some((Outcome::Limited, "litellm.X: usage limit")),
            ),
            ("usage limit\nusage limit\nlitellm.X: b", Some((Outcome::Error, "litellm.X: b"))),
        ];
        for (text, expected) in table {
            let said = judge(&rules(), text);
            let said = said.as_ref().map(|said| (said.outcome, said.line.as_str()));
            assert_eq!(said, expected, "{text}");
        }
    }

    #[test]
    fn only_the_end_of_a_long_reply_is_searched() {
        let long = "é\n".repeat(REACH);
        assert_eq!(judge(&rules(), &format!("usage limit\n{long}")), None);
        let said = Said { outcome: Outcome::Limited, line: "usage limit".into(), reset: None };
        assert_eq!(judge(&rules(), &format!("{long}usage limit\n")), Some(said));
    }

    #[test]
    fn a_limit_may_say_when_it_is_over() {
        let pattern = r"(?m)^limit(?:, in (?:(?P<reset_h>\d+) ?h)? ?(?:(?P<reset_m>\d+) ?m)? ?(?:(?P<reset_s>[\d.]+) ?s)?| until (?P<reset_at>.+))?";
        let rule = |outcome| OutcomeRule { outcome, pattern: Regex::new(pattern).expect("a pattern") };
        let after = |seconds| Some(Reset::After(Duration::from_millis(seconds)));
        let table = [
            ("limit", None),
            ("limit, in 20s", after(20_000)),
            ("limit, in 1.5 s", after(1500)),
            ("limit, in 7m12s", after(432_000)),
            ("limit, in 2 h 5 m", after(7_500_000)),
            ("limit, in 1s\nlimit, in 2s", after(2000)),
            ("limit, in 1.2.3 s", None),
            ("limit until 3pm (UTC)", Some(Reset::At("3pm (UTC)".into()))),
        ];
        for (text, expected) in table {
            let said = judge(&[rule(Outcome::Limited)], text).expect("a match");
            assert_eq!(said.reset, expected, "{text}");
        }
        assert_eq!(judge(&[rule(Outcome::Error)], "limit, in 20s").expect("a match").reset, None);
    }
}
