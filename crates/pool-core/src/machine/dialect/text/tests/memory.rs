//! Memory and work stay bounded, whatever a tool prints.

use super::*;

fn big() -> ToolSpec {
    let mut spec = tool(TurnSpec::new(sentinel("/zz-{nonce}", r"(?m)^no /zz-(?P<nonce>[0-9a-f]{16})$")));
    spec.start.ready = Some(pattern("$"));
    (spec.limits.max_reply, spec.limits.max_raw) = (1 << 20, 1 << 16);
    spec
}

/// A turn, and the answer that ends it.
fn begun(spec: ToolSpec) -> (TextDialect, Vec<u8>, Instant) {
    let (dialect, sent, now) = in_turn(spec, "x", true);
    (dialect, format!("no {}", &sent[2..]).into_bytes(), now)
}

#[test]
fn a_stream_without_end_is_cut_and_still_framed() {
    let (mut dialect, answer, mut now) = begun(big());
    dialect.buffer().extend_from_slice(b"first\n");
    let chunk = b"0123456789abcde\n".repeat(4096);
    for _ in 0..512 {
        dialect.buffer().reserve(65536);
        dialect.buffer().extend_from_slice(&chunk);
        assert_eq!(dialect.poll(now), None);
        let capacity = dialect.buffer().capacity();
        assert!(capacity <= (1 << 20) + (1 << 18) + (1 << 18), "{capacity}");
    }
    dialect.buffer().extend_from_slice(&[b"last\n", answer.as_slice()].concat());
    let end = ended(&mut dialect, &mut now);
    let cut = 512 * 65536 + 11 - (1 << 20);
    assert_eq!(end.cut, cut);
    assert!(end.text.starts_with("first\n") && end.text.ends_with("\nlast"));
    assert!(end.text.contains(&format!("\n[… {cut} bytes cut …]\n")));
    let raw = String::from_utf8(end.raw.expect("it was wanted")).expect("text");
    let mark = format!("\n[… {} bytes cut …]\n", 512 * 65536 + 11 - (1 << 16));
    assert!(raw.starts_with("first\n") && raw.contains(&mark) && raw.ends_with("\nlast\n"), "{}", raw.len());
    assert_eq!(raw.len(), (1 << 16) + mark.len());
}

#[test]
fn a_large_reply_is_the_buffer_itself_and_leaves_a_small_one() {
    let mut spec = big();
    spec.limits.max_reply = 1 << 30;
    let (mut dialect, answer, mut now) = begun(spec);
    dialect.buffer().extend_from_slice(&b"0123456789abcde\n".repeat(65536));
    assert_eq!(dialect.poll(now), None);
    dialect.buffer().extend_from_slice(&answer);
    let place = dialect.buffer().as_ptr();
    let end = ended(&mut dialect, &mut now);
    assert_eq!(end.text.as_ptr(), place);
    assert_eq!(end.text.len(), (1 << 20) - 1);
    assert!(dialect.buffer().capacity() <= 4096);
}

#[test]
fn an_idle_tool_that_talks_costs_nothing() {
    let (mut dialect, answer, mut now) = begun(big());
    dialect.buffer().extend_from_slice(&answer);
    ended(&mut dialect, &mut now);
    for _ in 0..1000 {
        dialect.buffer().extend_from_slice(&[b'x'; 1000]);
        assert_eq!(dialect.poll(now), None);
        assert!(dialect.buffer().len() <= TAIL + 1000);
    }
    dialect.begin(Step::Say("x".into()), true, &mut Vec::new(), now).expect("carried");
    assert_eq!(dialect.unsolicited(), 1_000_000);
    assert!(dialect.buffer().capacity() <= 4096);
}

#[test]
fn a_loud_start_is_bounded() {
    let mut spec = big();
    spec.start.ready = Some(pattern(r"ready> \z"));
    let (mut dialect, mut out, mut now) = (TextDialect::new(Arc::new(spec), 1), Vec::new(), origin());
    dialect.open(&mut out, now);
    for _ in 0..100 {
        dialect.buffer().extend_from_slice(&[b'x'; 65536]);
        assert_eq!(dialect.poll(now), None);
        assert!(dialect.buffer().len() <= 3 * 65536);
    }
    dialect.buffer().extend_from_slice(b"ready> ");
    assert_eq!(found(&mut dialect, &mut now), None);
    dialect.take_output(&mut out);
    dialect.buffer().extend_from_slice(&[b"\nno ", out.as_slice()].concat());
    assert_eq!(found(&mut dialect, &mut now), Some(Found::Ready));
}
