//! What a reply says about success.

use super::window::next_boundary;
use crate::message::Outcome;
use crate::spec::OutcomeRule;

/// Of a long reply only this much, at its end, is searched: what decides stands near the end.
const REACH: usize = 256 * 1024;

/// What the rules say: the one whose last match begins latest decides; among equals the first. The line of the match
/// is the reason.
pub(super) fn judge(rules: &[OutcomeRule], text: &str) -> Option<(Outcome, String)> {
    let tail = tail(text);
    let last = |rule: &OutcomeRule| rule.pattern.find_iter(tail).last().map(|found| found.start());
    let (at, rule) = rules
        .iter()
        .filter_map(|rule| Some((last(rule)?, rule)))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    Some((rule.outcome, super::excerpt(line_at(tail, at))))
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
            let expected = expected.map(|(outcome, line)| (outcome, line.to_owned()));
            assert_eq!(judge(&rules(), text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_end_of_a_long_reply_is_searched() {
        let long = "é\n".repeat(REACH);
        assert_eq!(judge(&rules(), &format!("usage limit\n{long}")), None);
        assert_eq!(
            judge(&rules(), &format!("{long}usage limit\n")),
            Some((Outcome::Limited, "usage limit".into()))
        );
    }
}
