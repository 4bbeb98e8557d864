//! Marks that a tool prints at its prompts.

use super::*;
use crate::spec::Io;
use proptest::prelude::*;

const END: &str = "\x1b]133;B\x07";
const ON: &str = "\x1b[?2004h";
const OFF: &str = "\x1b[?2004l";

fn shell() -> ToolSpec {
    let mut spec = tool(TurnSpec::new(prompt(r"(?m)^\$ \z", 50)));
    spec.io = Io::Pty;
    spec
}

/// What a terminal makes of a program's line ends.
fn print(dialect: &mut TextDialect, output: &str) {
    dialect.buffer().extend_from_slice(output.replace('\n', "\r\n").as_bytes());
}

/// A tool that has said this at its start, and a first turn.
fn started(spec: ToolSpec, start: &str) -> (TextDialect, Instant) {
    let (mut dialect, mut now) = (TextDialect::new(Arc::new(spec), 1), origin());
    dialect.open(&mut Vec::new(), now);
    print(&mut dialect, start);
    assert_eq!(found(&mut dialect, &mut now), Some(Found::Ready), "{start:?}");
    dialect.begin(Step::Say("x".into()), false, &mut Vec::new(), now).expect("carried");
    (dialect, now)
}

/// The reply and its evidence, if the turn ends.
fn reply(start: &str, output: &str) -> Option<(String, String)> {
    let (mut dialect, mut now) = started(shell(), start);
    print(&mut dialect, output);
    match found(&mut dialect, &mut now)? {
        Found::End(end) => Some((end.text, end.evidence)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_that_looks_like_a_prompt_ends_a_turn_only_with_the_mark_that_the_tool_has() {
    let (input, paste) = ("prompt mark (OSC 133;B), $", "prompt mark (bracketed paste), $");
    let marked = format!("$ {END}");
    let both = format!("{ON}$ {END}");
    let before = format!("{ON}$ ");
    let behind = format!("$ \x1b[K{ON}");
    let hidden = format!("\x1b[1m$ \x1b[0m\x1b]133;B\x1b\\{ON}\x1b[K");
    let table = [
        // Nothing has been promised.
        ("$ ", "a\n$ ".to_owned(), Some(("a", "$"))),
        ("$ ", format!("a\n$ {END}"), Some(("a", "$"))),
        ("\x1b]133;A\x07$ ", "a\n$ ".into(), Some(("a", "$"))),
        // Each tool by its own custom, of two marks the more exact.
        (&marked, "a\n$ ".into(), None),
        (&marked, format!("a\n$ {ON}"), None),
        (&marked, format!("a\n{marked}"), Some(("a", input))),
        (&marked, format!("a\n$ \nb\n{marked}"), Some(("a\n$ \nb", input))),
        (&marked, format!("a\n{hidden}"), Some(("a", input))),
        (&both, format!("a\n{before}"), None),
        (&both, format!("a\n{OFF}{both}"), Some(("a", input))),
        (&before, "a\n$ ".into(), None),
        (&before, format!("{OFF}a\n{before}"), Some(("a", paste))),
        (&before, format!("{OFF}a\n\x1b]133;D;0\x07{ON}\x1b]133;A\x07$ "), Some(("a", paste))),
        (&behind, format!("a{OFF}\n{behind}"), Some(("a", paste))),
        // What a program in the middle of a reply says is not said of the prompt.
        (&before, format!("{OFF}{ON}edited{OFF}\n$ "), None),
        (&before, format!("{OFF}{ON}edited\x1b]133;C\x07\n$ "), None),
        (&marked, format!("{END}a\n$ "), None),
        (&marked, format!("a\n{END}\n$ "), None),
        (&marked, format!("a{END} \n$ "), None),
        (&marked, format!("$ {END}a\r$ "), None),
        (&marked, "a\n$ \x1b]133;B".into(), None),
        (&marked, "a\n$ \x1b]0;133;B\x07".into(), None),
        (&before, "a\n\x1b]0;\x1b[?2004\x07h$ ".into(), None),
        (&before, "a\n\x1b[?20041h\x1b[2004h\x1b[?200\x184h\n$ ".into(), None),
        // A mark alone is no prompt.
        (&marked, format!("a\n{END}"), None),
        (&before, format!("a\n{ON}"), None),
        (&before, format!("a\n{ON}> "), None),
    ];
    for (start, output, expected) in table {
        let expected = expected.map(|(text, evidence)| (text.to_owned(), evidence.to_owned()));
        assert_eq!(reply(start, &output), expected, "{start:?} then {output:?}");
    }
}

#[test]
fn a_reply_that_prints_marks_teaches_nothing() {
    let (mut dialect, mut now) = started(shell(), "$ ");
    for output in [format!("cat\n{ON}\n{END}\n$ "), "plain\n$ ".to_owned()] {
        print(&mut dialect, &output);
        assert!(ended(&mut dialect, &mut now).evidence == "$", "{output:?}");
        dialect.begin(Step::Say("x".into()), false, &mut Vec::new(), now).expect("carried");
    }
}

#[test]
fn each_turn_needs_a_mark_of_its_own() {
    let marked = format!("$ {END}");
    let (mut dialect, mut now) = started(shell(), &marked);
    for _ in 0..3 {
        print(&mut dialect, "a\n$ ");
        assert_eq!(found(&mut dialect, &mut now), None);
        let awaited = dialect.expects();
        assert!(awaited.ends_with(", together with the tool's own prompt mark (OSC 133;B)"), "{awaited}");
        dialect.buffer().extend_from_slice(END.as_bytes());
        assert_eq!(ended(&mut dialect, &mut now).text, "a");
        dialect.begin(Step::Say("x".into()), false, &mut Vec::new(), now).expect("carried");
    }
}

#[test]
fn the_status_of_the_last_command_is_that_of_the_turn() {
    let marked = format!("$ {END}");
    let done = |status: &str| format!("\x1b]133;D{status}\x07");
    let table = [
        (&*marked, done(";0"), None),
        (&marked, done(""), None),
        (&marked, done(";nonsense"), None),
        (&marked, done(";1"), Some("exit status 1")),
        (&marked, done(";127;aid=7"), Some("exit status 127")),
        (&marked, done(";1") + &done(";0"), None),
        (&marked, done(";1") + "\x1b]133;C\x07", None),
        ("$ ", done(";1"), None),
    ];
    for (start, status, detail) in table {
        let (mut dialect, mut now) = started(shell(), start);
        print(&mut dialect, &format!("a\n{status}{marked}"));
        let end = ended(&mut dialect, &mut now);
        assert_eq!(end.detail.as_deref(), detail, "{start:?} {status:?}");
        assert_eq!(end.outcome == Outcome::Error, detail.is_some(), "{start:?} {status:?}");
    }
}

#[test]
fn a_start_is_over_with_the_mark() {
    let (mut dialect, mut now) = (TextDialect::new(Arc::new(shell()), 1), origin());
    dialect.open(&mut Vec::new(), now);
    print(&mut dialect, &format!("{ON}{OFF}loading\n$ "));
    assert_eq!(found(&mut dialect, &mut now), None);
    print(&mut dialect, &format!("plugin\n{ON}$ "));
    assert_eq!(found(&mut dialect, &mut now), Some(Found::Ready));
}

#[test]
fn a_sentinel_asks_for_no_mark() {
    let mut spec = tool(TurnSpec::new(sentinel("/zz-{nonce}", r"(?m)^no /zz-(?P<nonce>[0-9a-f]{16})$")));
    (spec.io, spec.start.ready) = (Io::Pty, Some(pattern(r"\$ \z")));
    let (mut dialect, mut now, mut sent) = (TextDialect::new(Arc::new(spec), 1), origin(), Vec::new());
    dialect.open(&mut sent, now);
    print(&mut dialect, &format!("$ {END}{ON}\n$ "));
    assert_eq!(found(&mut dialect, &mut now), None);
    dialect.take_output(&mut sent);
    dialect.buffer().extend_from_slice(&[b"no ", &*sent].concat());
    assert_eq!(found(&mut dialect, &mut now), Some(Found::Ready));
}

fn piece() -> impl Strategy<Value = String> {
    let marks = vec![
        "\n",
        "\r\n",
        "$ ",
        "\n$ ",
        END,
        ON,
        OFF,
        "\x1b]133;A\x1b\\",
        "\x1b]133;C\x07",
        "\x1b]133;D;3\x07",
        "\x1b[K",
        "\r",
        "\x1b",
        "é",
    ];
    prop_oneof![2 => "[a-z ]{0,9}", 8 => prop::sample::select(marks).prop_map(str::to_owned)]
}

proptest! {
    /// Any split of the output gives the same.
    #[test]
    fn any_split_of_marks_gives_the_same(
        start in prop::sample::select(vec!["$ ".to_owned(), format!("$ {END}"), format!("{ON}$ ")]),
        output in prop::collection::vec(piece(), 0..20),
        sizes in prop::collection::vec(1..9_usize, 1..8),
    ) {
        let output = output.concat();
        let run = |sizes: &[usize]| {
            let (mut dialect, mut now) = started(shell(), &start);
            let (mut rest, mut sizes) = (output.as_bytes(), sizes.iter().copied().cycle());
            while !rest.is_empty() {
                let (read, more) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
                dialect.buffer().extend_from_slice(read);
                prop_assert_eq!(dialect.poll(now), None);
                rest = more;
            }
            Ok((found(&mut dialect, &mut now), dialect.expects(), dialect.end_of_output()))
        };
        let whole = run(&[usize::MAX])?;
        prop_assert_eq!(&run(&[1])?, &whole);
        prop_assert_eq!(&run(&sizes)?, &whole);
    }
}
