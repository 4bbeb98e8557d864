use super::{Filter, clean};
use proptest::prelude::*;

#[test]
fn what_becomes_of_what() {
    let table: &[(&str, &[u8], &str)] = &[
        ("plain", b"a\tb\nc", "a\tb\nc"),
        ("colour", b"\x1b[1;31mred\x1b[0m", "red"),
        ("cursor, private mode", b"\x1b[?25l\x1b[2K\x1b[3;4Hx\x1b[?25h", "x"),
        ("title ended by BEL", b"\x1b]0;title\x07x", "x"),
        ("clipboard ended by ST", b"\x1b]52;c;ZXZpbA==\x1b\\x", "x"),
        ("device control string", b"\x1bPq#0;2;0\x1b\\x", "x"),
        ("application command", b"\x1b_Gf=24;AAAA\x1b\\x", "x"),
        ("charset", b"\x1b(Bx\x1b=y", "xy"),
        ("CSI as one character", "\u{9b}31mx".as_bytes(), "x"),
        ("OSC as one character", "\u{9d}0;title\u{9c}x".as_bytes(), "x"),
        ("other C1", "a\u{85}b\u{8d}c".as_bytes(), "abc"),
        ("C0 and DEL", b"a\0b\x08c\x07d\x7fe\x05f", "abcdef"),
        ("CR LF", b"a\r\nb\r\r\nc", "a\nb\nc"),
        ("lone CR", b"10%\r20%\r", "10%\n20%\n"),
        ("LF after LF stays", b"a\n\n\r\n\r\nb", "a\n\n\n\nb"),
        ("bidi", "a\u{202e}b\u{2066}c\u{61c}d\u{200f}e".as_bytes(), "abcde"),
        (
            "near bidi stays",
            "\u{200b}\u{2010}\u{2065}\u{61b}\u{a0}°—…█".as_bytes(),
            "\u{200b}\u{2010}\u{2065}\u{61b}\u{a0}°—…█",
        ),
        ("invalid", b"a\xffb\xe2\x82c\x9b", "a\u{fffd}b\u{fffd}c\u{fffd}"),
        ("no new character out of two halves", b"\xc2\x1b[m\x9bx", "\u{fffd}\u{fffd}x"),
        ("a line end closes a string", b"\x1b]0;never closed\nnext", "\nnext"),
        ("line end inside a sequence", b"\x1b[1\nmx", "\nx"),
        ("sequence given up", b"\x1b[1\x18mx", "mx"),
        ("sequence inside a sequence", b"\x1b[1\x1b[2mx", "x"),
    ];
    for (name, bytes, text) in table {
        assert_eq!(clean(bytes), *text, "{name}");
    }
}

#[test]
fn plain_text_is_left_where_it_is() {
    let mut bytes = "plain text, naïve, 漢字, — dash\n".repeat(100).into_bytes();
    let (before, place) = (bytes.clone(), bytes.as_ptr());
    assert_eq!(Filter::default().absorb(&mut bytes, 0), before.len());
    assert_eq!((bytes.as_ptr(), &bytes), (place, &before));
}

#[test]
fn an_unclosed_string_costs_no_memory() {
    let mut filter = Filter::default();
    let mut bytes = Vec::new();
    for opener in [&b"\x1b]0;"[..], b"\x1bP", b"\x1b_", b"\x1b[", "\u{9d}".as_bytes()] {
        bytes.extend_from_slice(opener);
        for _ in 0..64 {
            bytes.extend_from_slice(&[b'0'; 65536]);
            filter.absorb(&mut bytes, 0);
            assert_eq!(bytes.len(), 0);
        }
        bytes.extend_from_slice(b"\x18");
        filter.absorb(&mut bytes, 0);
    }
}

/// `bytes` in pieces that end at `cuts`, then decoded.
fn clean_in_pieces(bytes: &[u8], cuts: &[usize]) -> String {
    let (mut filter, mut out, mut clean, mut start) = (Filter::default(), Vec::new(), 0, 0);
    for end in cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]) {
        if end > start {
            out.extend_from_slice(&bytes[start..end]);
            clean = filter.absorb(&mut out, clean);
            start = end;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Bytes made of what is hard: openers, halves of characters, controls.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        "[ -~]{0,80}".prop_map(String::into_bytes),
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        prop::sample::select(vec![
            &b"\x1b"[..],
            b"\x1b[",
            b"\x1b]",
            b"\x1bP",
            b"\x1b\\",
            b"\x07",
            b"\r",
            b"\n",
            b"\r\n",
            b"\xc2",
            b"\x9b",
            b"\xe2",
            b"\xe2\x80",
            b"\x80",
            b"\xae",
            b"\xd8",
            b"\x9c",
            b"\xf0\x9f\x98",
            b"\xe2\x80\xae",
            b"31m",
            b"\xc2\x9b",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same(bytes in nasty(), cuts in prop::collection::vec(any::<usize>(), 0..20)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let whole = clean(&bytes);
        prop_assert_eq!(&clean_in_pieces(&bytes, &cuts), &whole);
        let every: Vec<_> = (1..bytes.len()).collect();
        prop_assert_eq!(&clean_in_pieces(&bytes, &every), &whole);
    }

    #[test]
    fn nothing_harmful_is_left_and_twice_is_once(bytes in nasty()) {
        let text = clean(&bytes);
        prop_assert!(text.chars().all(|c| c == '\n' || c == '\t' || !(c.is_control() || super::is_bidi(c))), "{:?}", text);
        prop_assert_eq!(clean(text.as_bytes()), text);
    }

    #[test]
    fn text_is_not_touched(text in "[ -~\n\té漢😀—]{0,300}") {
        prop_assert_eq!(clean(text.as_bytes()), text);
    }

    /// Closed sequences with text between them, read as `vte` reads them.
    #[test]
    fn reads_sequences_as_vte_does(pieces in prop::collection::vec(prop_oneof![
        "[a-z é漢\n\t]{0,20}",
        "\u{1b}\\[[?>]?[0-9;:]{0,8}[ -/]?[@-~]",
        "\u{1b}[()#][0-9A-B]",
        "\u{1b}[=>78cDEHMZ]",
        "\u{1b}\\][0-9]{1,4};[ -~]{0,12}\u{7}",
        "\u{1b}\\][0-9]{1,4};[ -~]{0,12}\u{1b}\\\\",
        "\u{1b}P[0-9;]{0,4}[a-z][ -~]{0,12}\u{1b}\\\\",
        "\u{1b}[X^_][ -~é]{0,12}\u{1b}\\\\",
        "[\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1a}\u{7f}]",
    ], 0..20)) {
        let bytes = pieces.concat().into_bytes();
        let mut screen = Screen(String::new());
        vte::Parser::new().advance(&mut screen, &bytes);
        prop_assert_eq!(clean(&bytes), screen.0);
    }
}

struct Screen(String);

impl vte::Perform for Screen {
    fn print(&mut self, character: char) {
        if character != '\u{7f}' {
            self.0.push(character);
        }
    }

    fn execute(&mut self, byte: u8) {
        if byte == b'\n' || byte == b'\t' {
            self.0.push(char::from(byte));
        }
    }
}
