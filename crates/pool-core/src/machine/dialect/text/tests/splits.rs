//! Any split of the output gives the same.

use super::*;
use proptest::prelude::*;

fn spec(rule: TurnRule) -> ToolSpec {
    let mut spec = tool(TurnSpec::new(rule));
    spec.limits.max_reply = 4096;
    spec.turn.questions = vec![pattern(r"\? \z")];
    spec.turn.trim_start = vec![pattern("^(?:> )+")];
    spec.turn.trim_end = vec![pattern(r"(?m)^[a-z]*> \n?\z")];
    spec.turn.outcomes = vec![OutcomeRule { outcome: Outcome::Error, pattern: pattern("(?m)^err.*$") }];
    spec
}

/// What is found in `output`, in reads of these sizes, with `NONCE` standing for ours, when time passes at the end.
fn run(spec: &ToolSpec, output: &[u8], sizes: &mut dyn FnMut() -> usize) -> (Vec<Found>, Partial, u64) {
    let mut dialect = TextDialect::new(Arc::new(spec.clone()), 3);
    let (mut out, mut now, mut all) = (Vec::new(), origin(), Vec::new());
    dialect.begin(Step::Say("x".into()), true, &mut out, now).expect("carried");
    let sent = String::from_utf8(out).expect("text");
    let nonce = sent.split(['-', '\n']).find(|word| word.len() == 16).unwrap_or("none");
    let output = replace(output, nonce.as_bytes());
    let mut rest = output.as_slice();
    while !rest.is_empty() {
        let (read, more) = rest.split_at(sizes().clamp(1, rest.len()));
        dialect.buffer().extend_from_slice(read);
        all.extend(dialect.poll(now));
        rest = more;
    }
    all.extend(found(&mut dialect, &mut now));
    (all, dialect.end_of_output(), dialect.unsolicited())
}

fn replace(output: &[u8], nonce: &[u8]) -> Vec<u8> {
    let (mut filled, mut rest) = (Vec::new(), output);
    while let Some(at) = memchr::memmem::find(rest, b"NONCE") {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(nonce);
        rest = &rest[at + 5..];
    }
    filled.extend_from_slice(rest);
    filled
}

fn output() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => "[a-z é漢]{0,30}".prop_map(String::into_bytes),
        4 => prop::sample::select(vec![
            &b"\n"[..], b"\r\n", b"> ", b"diff> ", b"\n> ", b"? ", b"err\n", b"\x1b[1m", b"\xc2", b"\xff", b"\xe2\x80", b"\r", b"\x1b]0;",
        ]).prop_map(<[u8]>::to_vec),
        1 => Just(b"/zz-NONCE\n".to_vec()),
        1 => Just(b"no /zz-0123456789abcdef\n".to_vec()),
        1 => Just(b"x".repeat(3000)),
        1 => Just(b"line\n".repeat(20_000)),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// Everything but what is dropped after the end of the turn, which may still be under way.
fn same(spec: &ToolSpec, output: &[u8], sizes: &[usize]) -> Result<(), TestCaseError> {
    let whole = run(spec, output, &mut || usize::MAX);
    if output.len() < 5000 {
        prop_assert_eq!(&run(spec, output, &mut || 1), &whole);
    }
    let mut sizes = sizes.iter().copied().cycle();
    let pieces = run(spec, output, &mut || sizes.next().unwrap_or(1));
    prop_assert!(pieces == whole, "{}\n{}", brief(&pieces), brief(&whole));
    Ok(())
}

/// Long replies shortened, for messages.
fn brief(seen: &(Vec<Found>, Partial, u64)) -> String {
    let text = format!("{seen:?}").replace("line\\n", "L").replace("108, 105, 110, 101, 10, ", "L");
    text.replace("xxxxxxxxxx", "X").replace(&"120, ".repeat(10), "X").replace(&"L".repeat(100), "…")
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1..8_usize, 1..100_usize, 1..70_000_usize], 1..10)
}

proptest! {
    #[test]
    fn by_sentinel(before in output(), answered in any::<bool>(), after in "[a-z> ]{0,20}", sizes in sizes()) {
        let spec = spec(sentinel("/zz-{nonce}", r"(?m)\n?^no /zz-(?P<nonce>[0-9a-f]{16})$"));
        let answer = if answered { "\nno /zz-NONCE\n" } else { "" };
        let output = [&before, answer.as_bytes(), after.as_bytes()].concat();
        same(&spec, &output, &sizes)?;
    }

    #[test]
    fn by_prompt(output in output(), sizes in sizes()) {
        same(&spec(prompt(r"(?m)^> \z", 50)), &output, &sizes)?;
    }

    #[test]
    fn by_silence(output in output(), sizes in sizes()) {
        same(&spec(TurnRule::Quiet { after: Duration::from_millis(500) }), &output, &sizes)?;
    }

    #[test]
    fn by_line(line in "[a-z é漢?>]{0,200}", end in "\r?\n", sizes in sizes()) {
        same(&spec(TurnRule::Lines), format!("{line}{end}").as_bytes(), &sizes)?;
        same(&spec(TurnRule::Lines), line.as_bytes(), &sizes)?;
    }

    /// The text that goes in comes out, whatever it is; only the sentinel of this turn ends it.
    #[test]
    fn a_reply_is_whole(text in "[ -~\n\té漢😀]{0,2000}", sizes in sizes()) {
        let spec = tool(TurnSpec::new(sentinel("/zz-{nonce}", r"(?m)^no /zz-(?P<nonce>[0-9a-f]{16})$")));
        let output = format!("{text}\nno /zz-NONCE\n");
        let mut sizes = sizes.iter().copied().cycle();
        let (found, ..) = run(&spec, output.as_bytes(), &mut || sizes.next().unwrap_or(1));
        let [Found::End(end)] = found.as_slice() else { panic!("{found:?}") };
        prop_assert_eq!(&end.text, &text);
        let raw = format!("{text}\n").into_bytes();
        prop_assert_eq!(end.raw.as_ref(), Some(&raw));
    }
}
