use super::super::{TextDialect, TurnEnd};
use crate::machine::dialect::{Dialect, Found};
use crate::message::Step;
use crate::spec::{Io, Limits, ToolSpec, TurnRule, TurnSpec};
use proptest::prelude::{ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use regex::Regex;
use std::sync::Arc;
use std::time::Instant;

/// Any moment; the tests only count from it.
#[expect(clippy::disallowed_methods, reason = "an origin for virtual time")]
fn origin() -> Instant {
    Instant::now()
}

fn tool() -> ToolSpec {
    let expect = Regex::new(r"(?m)^end (?P<nonce>[0-9a-f]{16})$").expect("a pattern");
    let rule = TurnRule::Sentinel { send: "/end {nonce}".into(), expect, before: None, begin: false };
    ToolSpec::new("test", vec!["test".into()], TurnSpec::new(rule))
}

/// What is told of a reply that comes in these pieces, `{end}` standing for the end of the turn; and the reply.
fn told(spec: ToolSpec, pieces: &[&[u8]]) -> (Vec<String>, u64, Option<TurnEnd>) {
    let (mut dialect, mut out, now) = (TextDialect::new(Arc::new(spec), 7), Vec::new(), origin());
    dialect.begin(Step::Say("sent".into()), false, &mut out, now).expect("carried");
    let out = String::from_utf8(out).expect("text");
    let (_, nonce) = out.trim_end().rsplit_once("/end ").expect("a sentinel");
    let (mut told, mut missed) = (Vec::new(), 0);
    for piece in pieces {
        let piece = match piece.strip_suffix(b"{end}") {
            Some(front) => [front, format!("end {nonce}\n").as_bytes()].concat(),
            None => piece.to_vec(),
        };
        dialect.buffer().extend_from_slice(&piece);
        if let Some(Found::End(end)) = dialect.poll(now) {
            return (told, missed, Some(*end));
        }
        let text = dialect.preview(&mut missed);
        told.extend(Some(text).filter(|text| !text.is_empty()));
    }
    (told, missed, None)
}

#[test]
fn whole_lines_are_told_once_and_the_last_line_waits() {
    let table: &[(&[&str], &[&str])] = &[
        (&["one\ntwo\nthr", "ee\n"], &["one\ntwo\n", "three\n"]),
        (&["no line end yet"], &[]),
        (&["\x1b[31mred\x1b[0m\r\nx"], &["red\n"]),
        (&["a\nend 0123", "456789abcdef\n"], &["a\n", "end 0123456789abcdef\n"]),
    ];
    for (pieces, expected) in table {
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        assert_eq!(told(tool(), &pieces).0, *expected, "{pieces:?}");
    }
}

#[test]
fn a_long_line_is_told_in_parts() {
    let long = "é".repeat(5000);
    let (told, _, _) = told(tool(), &[long.as_bytes(), long.as_bytes()]);
    assert_eq!(told.len(), 2);
    let both = told.concat();
    assert!(long.repeat(2).starts_with(&both) && both.len() > 16_000, "{}", both.len());
}

#[test]
fn what_is_trimmed_off_the_front_is_not_told() {
    let mut spec = tool();
    spec.turn.trim_start = vec![Regex::new(r"^(?:[a-z]+> )+\n").expect("a pattern")];
    assert_eq!(told(spec, &[b"diff> ", b"\nreply\n"]).0, ["reply\n"]);
}

#[test]
fn an_echo_is_not_told() {
    let mut spec = tool();
    spec.turn.echo = true;
    let (told, _, end) = told(spec, &[b"se", b"nt\nreply\nmo", b"re\n", b"last\n", b"{end}"]);
    assert_eq!(told.concat(), "reply\nmore\n");
    assert!(end.is_some_and(|end| end.text == "reply\nmore\nlast"));
}

#[test]
fn what_is_cut_out_before_it_is_told_is_counted() {
    let mut spec = tool();
    spec.limits = Limits { max_reply: 4096, ..Limits::default() };
    let piece = [&b"x".repeat(63)[..], b"\n"].concat().repeat(16 * 1024);
    let (told, missed, _) = told(spec, &[&piece, &piece]);
    let told: usize = told.iter().map(String::len).sum();
    assert!(missed > 0);
    assert_eq!(told as u64 + missed, 2 * piece.len() as u64);
}

#[test]
fn what_is_drawn_over_on_a_terminal_is_told_anew() {
    let mut spec = tool();
    spec.io = Io::Pty;
    let pieces: &[&[u8]] = &[b"one\r\ntwo\r\n", b"\x1b[2A\x1b[Jthree\r\n", b"bar 1%", b"\rbar 2%\r\n"];
    let (told, void, _) = told(spec, pieces);
    assert_eq!((told.concat().as_str(), void), ("one\ntwo\nthree\nbar 2%\n", 8));
}

#[test]
fn what_is_drawn_over_with_the_end_of_the_turn_is_void() {
    let mut spec = tool();
    spec.io = Io::Pty;
    let (told, void, end) = told(spec, &[b"one\r\ntwo\r\n", b"\x1b[2A\x1b[Jthree\r\n{end}"]);
    let end = end.expect("an end");
    assert_eq!((told.concat().as_str(), void, end.void), ("one\ntwo\n", 0, 8));
    assert_eq!(end.text, "three");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_told_is_the_beginning_of_the_reply_however_it_comes(
        pieces in prop::collection::vec(prop_oneof![
            "[a-z\n]{0,20}".prop_map(String::into_bytes),
            "é{1,3}|漢\r\n|\x1b\\[31m|\x1b".prop_map(String::into_bytes),
            prop::collection::vec(prop::num::u8::ANY, 1..5),
            (1..9000_usize).prop_map(|size| vec![b'x'; size]),
        ], 0..20),
    ) {
        let mut pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        pieces.extend([&b"\x18\n"[..], b"{end}"]);
        let (told, missed, end) = told(tool(), &pieces);
        let end = end.expect("an end");
        prop_assert_eq!(missed, 0);
        // The reply's last line end is dropped.
        let reply = format!("{}\n", end.text);
        prop_assert!(reply.starts_with(&told.concat()), "{:?} of {:?}", told, reply);
    }

    #[test]
    fn whatever_is_drawn_what_is_told_and_not_void_is_on_the_screen(
        pieces in prop::collection::vec(
            "([a-z]{0,9}|\r|\n|\r\n|\x08|\x1b\\[[0-9]{0,2}[A-HJKLMPX@]){0,9}".prop_map(String::into_bytes),
            0..20,
        ),
    ) {
        let mut spec = tool();
        spec.io = Io::Pty;
        let (mut dialect, mut out, now) = (TextDialect::new(Arc::new(spec), 7), Vec::new(), origin());
        dialect.begin(Step::Say("sent".into()), false, &mut out, now).expect("carried");
        let mut valid = String::new();
        for piece in pieces {
            dialect.buffer().extend_from_slice(&piece);
            prop_assert_eq!(dialect.poll(now), None);
            let mut void = 0;
            let text = dialect.preview(&mut void);
            valid.truncate(valid.len() - usize::try_from(void).expect("small"));
            valid += &text;
            prop_assert!(dialect.buffer().starts_with(valid.as_bytes()), "{:?} of {:?}", valid, dialect.buffer());
        }
    }
}
