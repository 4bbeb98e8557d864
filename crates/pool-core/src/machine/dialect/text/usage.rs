//! What a reply tells of the tokens that it took, and of their price.

use super::window::next_boundary;
use crate::message::Usage;
use regex::{Captures, Regex};

/// Of a long reply only this much, at its end, is searched.
const REACH: usize = 256 * 1024;

/// What the tool says that it has used: the sum over all matches, since a turn may ask the model several times. Absent
/// if nothing matches; never estimated.
pub(in crate::machine::dialect) fn measure(pattern: &Regex, text: &str) -> Option<Usage> {
    let tail = &text[next_boundary(text, text.len().saturating_sub(REACH))..];
    pattern.captures_iter(tail).map(|found| read(&found)).reduce(Usage::plus)
}

fn read(found: &Captures<'_>) -> Usage {
    let value = |group| found.name(group).and_then(|text| number(text.as_str()));
    let tokens = |group| value(group).map(|count| count.round() as u64);
    Usage { input: tokens("input"), output: tokens("output"), cost_usd: value("cost") }
}

/// A number as people are shown it: `1,234`, `2.1k`, `3M`, `0.0012`.
fn number(text: &str) -> Option<f64> {
    let (digits, unit) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1e3),
        (at, 'm' | 'M') => (&text[..at], 1e6),
        _ => (text, 1.0),
    };
    let count: f64 = digits.replace(',', "").parse().ok()?;
    (count.is_finite() && count >= 0.0).then_some(count * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_turn_has_asked_is_added_up() {
        let line = r"(?m)^Tokens: (?P<input>[\d.,]+[kM]?) sent, (?P<output>[\d.,]+[kM]?) received\.(?: Cost: \$(?P<cost>[\d.]+))?";
        let pattern = Regex::new(line).unwrap();
        let usage = |input, output, cost_usd| Some(Usage { input, output, cost_usd });
        let table = [
            ("no word of it", None),
            ("Tokens: 100 sent, 10 received.", usage(Some(100), Some(10), None)),
            (
                "a\nTokens: 2.1k sent, 1,024 received. Cost: $0.0012",
                usage(Some(2100), Some(1024), Some(0.0012)),
            ),
            (
                "Tokens: 100 sent, 10 received. Cost: $0.5\nb\nTokens: 3M sent, 1 received. Cost: $0.25",
                usage(Some(3_000_100), Some(11), Some(0.75)),
            ),
            ("Tokens: ... sent, 1 received.", usage(None, Some(1), None)),
            (
                "Tokens: 99999999999999M sent, 1 received.\nTokens: 1 sent, 1 received.",
                usage(Some(u64::MAX), Some(2), None),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(measure(&pattern, text), expected, "{text}");
        }
        let far = format!("Tokens: 1 sent, 1 received.\n{}", "é".repeat(REACH));
        assert_eq!(
            measure(&pattern, &far),
            None,
            "too far from the end, and no panic in the middle of a character"
        );
    }
}
