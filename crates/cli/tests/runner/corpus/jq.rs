//! JSON values, and what is none.
//!
//! Not tried: several values in a text, and none, which jq alone takes for so many inputs.

use super::{Item, lookalike, words};
use crate::dice::Dice;

/// What is made of each.
pub(crate) const FILTER: &str = ".a, (.b[]? | {b: .}) # and no more";

/// Always tried.
pub(crate) const FIXED: &[&str] = &[
    "{}",
    "[]",
    "null",
    "true",
    "0",
    "\"text\"",
    "{\"a\": 1}",
    "{\"a\": null}",
    "{\"b\": [1, [2], {\"c\": 3}]}",
    "{\"b\": []}",
    "{\"b\": {\"x\": 1}}",
    "{\"b\": 5}",
    "{\n  \"a\": [\n    1\n  ]\n}",
    "{\"a\": \"two\\nlines\"}",
    "{\"a\": \"é漢🦀\"}",
    "{\"a\": \"\\u00e9\\ud83e\\udd80\"}",
    "{\"a\": \"\\u0000\\u001f\"}",
    "{\"a\": 1.0}",
    "{\"a\": 1e100}",
    "{\"a\": 0.1}",
    "{\"a\": 100000000000000000000}",
    "{\"a\": -0}",
    "{\"a\": 1, \"a\": 2}",
    "{",
    "}",
    "[1,",
    "\"open",
    "nope",
    "{a: 1}",
    "{\"a\" 1}",
    "[1 2]",
    "'x'",
    "--help",
    "/exit",
    "{}}",
    "[\"0123456789abcdef\"]",
    "\"0123456789abcdef\"",
    "{\"a\": \"0123456789abcdef\"}",
    "{\"a\": \"jq: error: x\"}",
    " {\"a\": 1} ",
    "\n\n[]\n",
    "{\"a\": {}}",
    "{\"a\": \"\\\"\"}",
    "{\"a\": \"\\x\"}",
    "\u{feff}{\"a\": 1}",
    "{\"\": 1}",
    "é",
    "tru",
    "01",
    "1.",
    ".5",
    "{\"a\": \"\t\"}",
    "{\"b\": [null, false]}",
];

/// One more.
pub(crate) fn item(dice: &mut Dice) -> Item {
    let (a, b) = (dice.upto(100_000), dice.upto(1000) + 1);
    let text = match dice.upto(9) {
        0 => format!("{{\"a\": {a}, \"b\": [{b}]}}"),
        1 => format!("{{\"a\": {}}}", string(&words(dice))),
        2 => format!("{{\n  \"a\": {a},\n  \"b\": [{}, {b}]\n}}", string(&words(dice))),
        3 => format!("{{\"b\": [{}, {}]}}", string(&lookalike(dice)), string(&dice.hex())),
        4 => format!("{{\"b\": [{}]}}", vec![a.to_string(); usize::try_from(b).unwrap_or(1)].join(", ")),
        5 => format!("{{\"a\": [{a}{}]}}", dice.pick(&[" {}", "é", " 'a'", ": 1", " ]", "\"", "e", ","])),
        6 => format!("[{a}, {b}]"),
        7 => format!("{{\"a\": {}}}", string(&"long ".repeat(usize::try_from(a).unwrap_or(1)))),
        _ => format!("{{\"a\": {{\"c\": {a}.{b}}}, \"d\": {{}}}}"),
    };
    text.into()
}

/// A literal.
fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
