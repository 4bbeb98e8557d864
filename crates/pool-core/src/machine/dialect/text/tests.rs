//! The dialect as a whole: transcripts of what tools say, and what holds for any output.

mod marks;
mod memory;
mod splits;
mod transcripts;

use super::*;
use crate::spec::{Limits, OutcomeRule, TextRule, TurnSpec};
use regex::Regex;
use std::time::Duration;

/// Any moment; the tests only count from it.
#[expect(clippy::disallowed_methods, reason = "an origin for virtual time")]
fn origin() -> Instant {
    Instant::now()
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern")
}

fn tool(turn: TurnSpec) -> ToolSpec {
    ToolSpec::new("test", vec!["test".into()], turn)
}

fn sentinel(send: &str, expect: &str) -> TurnRule {
    TurnRule::Sentinel { send: send.into(), expect: pattern(expect), before: None, begin: false }
}

fn prompt(until: &str, settle: u64) -> TurnRule {
    TurnRule::Prompt { until: pattern(until), settle: Duration::from_millis(settle) }
}

/// A turn that has begun, and what was written.
fn in_turn(spec: ToolSpec, text: &str, want_raw: bool) -> (TextDialect, String, Instant) {
    let (mut dialect, mut out, now) = (TextDialect::new(Arc::new(spec), 7), Vec::new(), origin());
    dialect.begin(Step::Say(text.into()), want_raw, &mut out, now).expect("carried");
    (dialect, String::from_utf8(out).expect("text"), now)
}

/// Polls until something is found, as time passes.
fn found(dialect: &mut TextDialect, now: &mut Instant) -> Option<Found> {
    loop {
        if let Some(found) = dialect.poll(*now) {
            return Some(found);
        }
        *now = dialect.deadline()?;
    }
}

fn ended(dialect: &mut TextDialect, now: &mut Instant) -> TurnEnd {
    match found(dialect, now) {
        Some(Found::End(end)) => *end,
        other => panic!("no end: {other:?}"),
    }
}

fn lines(bytes: &str) -> (TextDialect, Instant) {
    let (mut dialect, _, now) = in_turn(tool(TurnSpec::new(TurnRule::Lines)), "x", false);
    dialect.buffer().extend_from_slice(bytes.as_bytes());
    (dialect, now)
}

#[test]
fn one_line_is_a_reply_and_more_is_a_violation() {
    let (mut dialect, now) = lines("half");
    assert_eq!(dialect.poll(now), None);
    let (mut dialect, mut now) = lines("whole\r\n");
    assert_eq!(ended(&mut dialect, &mut now).text, "whole");
    for extra in ["one\ntwo", "one\ntwo\n", "one\n\n"] {
        let (mut dialect, now) = lines(extra);
        assert!(matches!(dialect.poll(now), Some(Found::Violation(_))), "{extra:?}");
    }
}

#[test]
fn with_lines_nothing_may_come_between_turns() {
    let (mut dialect, mut now) = lines("one\n");
    ended(&mut dialect, &mut now);
    dialect.buffer().extend_from_slice(b"\x1b[0m");
    assert_eq!(dialect.poll(now), None, "invisible");
    dialect.buffer().extend_from_slice(b"late");
    assert_eq!(dialect.poll(now), Some(Found::Violation("one line too many: \"late\"".into())));
}

#[test]
fn with_lines_what_comes_before_a_turn_and_is_not_yet_seen_breaks_it() {
    let (mut dialect, mut now) = lines("one\n");
    ended(&mut dialect, &mut now);
    dialect.buffer().extend_from_slice(b"late\n");
    dialect.begin(Step::Say("y".into()), false, &mut Vec::new(), now).expect("carried");
    assert_eq!(found(&mut dialect, &mut now), Some(Found::Violation("one line too many: \"late\"".into())));
}

#[test]
fn what_comes_between_turns_is_counted_and_nobodys() {
    let spec = tool(TurnSpec::new(prompt("> $", 20)));
    let (mut dialect, mut now) = (TextDialect::new(Arc::new(spec), 1), origin());
    dialect.open(&mut Vec::new(), now);
    dialect.buffer().extend_from_slice(b"hello\n> ");
    assert_eq!(found(&mut dialect, &mut now), Some(Found::Ready));
    assert_eq!(dialect.unsolicited(), 0);
    for round in 1..=3 {
        dialect.begin(Step::Say("x".into()), false, &mut Vec::new(), now).expect("carried");
        dialect.buffer().extend_from_slice(b"reply\n> ");
        assert_eq!(ended(&mut dialect, &mut now).text, "reply");
        dialect.buffer().extend_from_slice(b"late\n> ");
        assert_eq!(found(&mut dialect, &mut now), None);
        assert_eq!(dialect.unsolicited(), 7 * (round - 1));
    }
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let limits = Limits { max_prompt: 10, ..Limits::default() };
    let one_line = TextRule { multiline: false, ..TextRule::default() };
    let json = TextRule { wrap: Some("{text:json}".into()), command: None, multiline: true };
    let rules = [
        (sentinel("{nonce}", "[0-9a-f]{16}"), TextRule { multiline: true, ..TextRule::default() }),
        (sentinel("{nonce}", "[0-9a-f]{16}"), one_line),
        (TurnRule::Lines, TextRule { multiline: true, ..TextRule::default() }),
        (TurnRule::Lines, json),
    ];
    let table = [
        (Step::Say("a\nb".into()), [true, false, false, true]),
        (Step::Say("a\rb".into()), [true, false, false, true]),
        (Step::Say("ab\0".into()), [false; 4]),
        (Step::Say("0123456789a".into()), [false; 4]),
        (Step::Say("0123456789".into()), [true; 4]),
        (Step::Command("/a\n/b".into()), [false; 4]),
        (Step::Command("/a b".into()), [true; 4]),
    ];
    for (step, expected) in table {
        for ((rule, text), carried) in rules.iter().zip(expected) {
            let mut spec = tool(TurnSpec::new(rule.clone()));
            (spec.turn.text, spec.limits) = (text.clone(), limits);
            let (mut dialect, mut out) = (TextDialect::new(Arc::new(spec), 1), b"before".to_vec());
            let result = dialect.begin(step.clone(), false, &mut out, origin());
            assert_eq!(result.is_ok(), carried, "{step:?} by {rule:?}: {result:?}");
            assert_eq!(out == b"before", !carried, "{step:?}");
        }
    }
}

#[test]
fn templates_carry_text_unharmed() {
    let table = [
        ("{text}", "it's {text} {tag}", "it's {text} {tag}"),
        ("run {text:shell} now", "it's\n$HOME `x`", "run 'it'\\''s\n$HOME `x`' now"),
        (
            "exec({text:json})",
            "a\"b\\c\n\t\u{1}é\u{2028}😀\u{7f}",
            "exec(\"a\\\"b\\\\c\\n\\t\\u0001\\u00e9\\u2028😀\\u007f\")",
        ),
        ("{other} {text", "x", "{other} {text"),
    ];
    for (wrap, text, expected) in table {
        let mut spec = tool(TurnSpec::new(prompt("> $", 0)));
        spec.turn.text.wrap = Some(wrap.into());
        let mut out = Vec::new();
        let mut dialect = TextDialect::new(Arc::new(spec), 1);
        dialect.begin(Step::Say(text.into()), false, &mut out, origin()).expect("carried");
        assert_eq!(String::from_utf8(out).expect("text"), format!("{expected}\n"));
    }
}

#[test]
fn the_status_and_the_text_decide_the_outcome() {
    let mut turn = TurnSpec::new(sentinel("{nonce}", r"(?m)^(?P<nonce>[0-9a-f]{16}):(?P<status>\d+)$"));
    turn.outcomes = vec![
        OutcomeRule { outcome: Outcome::Denied, pattern: pattern("permission denied") },
        OutcomeRule { outcome: Outcome::Ok, pattern: pattern("fine") },
    ];
    for (text, status, outcome, detail) in [
        ("hi\n", 0, Outcome::Ok, None),
        ("hi\n", 127, Outcome::Error, Some("exit status 127")),
        ("rm: permission denied\n", 0, Outcome::Denied, Some("rm: permission denied")),
        ("rm: permission denied\n", 1, Outcome::Denied, Some("rm: permission denied")),
        ("fine\n", 1, Outcome::Error, Some("exit status 1")),
        ("fine\n", 0, Outcome::Ok, None),
    ] {
        let (mut dialect, sent, mut now) = in_turn(tool(turn.clone()), "x", false);
        let nonce = sent[2..].trim();
        dialect.buffer().extend_from_slice(format!("{text}{nonce}:{status}\n").as_bytes());
        let end = ended(&mut dialect, &mut now);
        assert_eq!((end.outcome, end.detail.as_deref()), (outcome, detail), "{text:?} {status}");
        assert_eq!(end.evidence, format!("{nonce}:{status}"));
    }
}

#[test]
fn an_end_in_the_middle_leaves_a_part() {
    let (mut dialect, _, now) = in_turn(tool(TurnSpec::new(prompt("> $", 20))), "x", true);
    dialect.buffer().extend_from_slice(b"some\x1b[1m te");
    assert_eq!(dialect.poll(now), None);
    dialect.buffer().extend_from_slice(b"xt\xe2\x82");
    let expected = Partial {
        text: "some text\u{fffd}".into(),
        raw: Some(b"some\x1b[1m text\xe2\x82".to_vec()),
        limit: None,
    };
    assert_eq!(dialect.end_of_output(), expected);
    assert_eq!(dialect.end_of_output(), Partial::default());
    assert_eq!(dialect.tail(), b"some text\xe2\x82");
}

#[test]
fn raw_is_what_came_without_the_framing() {
    let mut rule = sentinel("echo {nonce}", r"(?m)\n?^(?P<nonce>[0-9a-f]{16})$");
    if let TurnRule::Sentinel { begin, .. } = &mut rule {
        *begin = true;
    }
    let (mut dialect, sent, mut now) = in_turn(tool(TurnSpec::new(rule)), "x", true);
    let nonces: Vec<_> = sent.lines().filter_map(|line| line.strip_prefix("echo ")).collect();
    let output = format!("foreign\n{}\r\n\x1b[1mbold\x1b[0m\nend\n{}\nlate", nonces[0], nonces[1]);
    dialect.buffer().extend_from_slice(output.as_bytes());
    let end = ended(&mut dialect, &mut now);
    assert_eq!(end.raw.as_deref(), Some(&b"\x1b[1mbold\x1b[0m\nend"[..]));
    assert_eq!(end.text, "bold\nend");
    assert_eq!(dialect.unsolicited(), "foreign".len() as u64);
}

#[test]
fn a_lost_first_sentinel_is_a_violation() {
    let mut rule = sentinel("echo {nonce}", r"(?m)^(?P<nonce>[0-9a-f]{16})$");
    if let TurnRule::Sentinel { begin, .. } = &mut rule {
        *begin = true;
    }
    let (mut dialect, sent, mut now) = in_turn(tool(TurnSpec::new(rule)), "x", false);
    let last = sent.rsplit(' ').next().expect("a nonce");
    dialect.buffer().extend_from_slice(format!("reply\n{last}").as_bytes());
    assert!(matches!(found(&mut dialect, &mut now), Some(Found::Violation(_))));
}

#[test]
fn a_question_is_told_once_and_its_answer_sends_the_sentinel_again() {
    let mut spec = tool(TurnSpec::new(sentinel("/zz-{nonce}", r"(?m)^no /zz-(?P<nonce>[0-9a-f]{16})$")));
    spec.turn.questions = vec![pattern(r"\? \(Y\)es/\(N\)o \[Yes\]: \z")];
    let (mut dialect, sent, mut now) = in_turn(spec, "x", false);
    let (send, mut out) = (&sent.as_bytes()[2..], Vec::new());
    for _ in 0..2 {
        dialect.buffer().extend_from_slice(b"\ng.py\nAdd file? (Y)es/(N)o [Yes]: ");
        assert_eq!(dialect.poll(now), None);
        let asked = found(&mut dialect, &mut now);
        assert_eq!(asked, Some(Found::Question("Add file? (Y)es/(N)o [Yes]:".into())));
        assert_eq!(found(&mut dialect, &mut now), None);
        out.clear();
        dialect.answer("no\nand more", &mut out);
        assert_eq!(out, [b"no\n", send].concat());
    }
    dialect.buffer().extend_from_slice(&[b"done\nno ", send].concat());
    assert!(ended(&mut dialect, &mut now).text.ends_with("done"));
}

#[test]
fn nonces_never_repeat() {
    let mut nonces = Nonces::new(u64::MAX - 3);
    let all: std::collections::HashSet<_> = (0..100_000).map(|_| nonces.fresh()).collect();
    assert_eq!(all.len(), 100_000);
    assert!(all.iter().flatten().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
}
