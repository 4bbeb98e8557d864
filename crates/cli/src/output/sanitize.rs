//! Foreign text → text that is safe to show.
//!
//! A tool's reply, the name of a file, a line of a log may hold sequences that move the cursor, set the clipboard or
//! the title of the window, or turn the direction of writing so that a name reads as another. Shown text keeps its
//! letters; what acts instead of being seen is spelt out.

use std::borrow::Cow;
use std::fmt::Write;

/// Text of several lines: line ends and tabs stay.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

/// Text for one line, at most `width` characters of it.
pub(crate) fn line(text: &str, width: usize) -> String {
    let mut short: String = text.chars().take(width).collect();
    if short.len() < text.len() {
        short.pop();
        short.push('…');
    }
    match escape(&short, |_| false) {
        Cow::Borrowed(_) => short,
        Cow::Owned(escaped) => escaped,
    }
}

/// The beginning of a text, whole characters that take so many bytes at most.
pub(crate) fn start(text: &str, bytes: usize) -> &str {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= bytes).last();
    &text[..end.unwrap_or(0)]
}

/// JSON on one line: stays the same JSON.
pub(crate) fn json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(acts) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    let mut units = [0; 2];
    for c in json.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| acts(c) && !keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') && keep('\n') => {}
            c if acts(c) && !keep(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal acts on it instead of showing it: control characters, line and paragraph separators, those that
/// turn the direction of writing, and the invisible tags.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_acts_is_spelt_out() {
        let table = [
            ("plain ä 漢\n\tx", "plain ä 漢\n\tx"),
            ("\x1b]52;c;aGk=\x07", "\\u{1b}]52;c;aGk=\\u{7}"),
            ("a\r\nb\rc", "a\nb\\rc"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
        ];
        for (dirty, clean) in table {
            assert_eq!(text(dirty), clean);
        }
        assert_eq!(line("a\nb\tc\r\n", 40), "a\\nb\\tc\\r\\n");
        assert_eq!([0, 1, 2, 3, 4, 9].map(|bytes| start("aäb", bytes)), ["", "a", "a", "aä", "aäb", "aäb"]);
        assert_eq!((line("abcdef", 4).as_str(), line("abcd", 4).as_str()), ("abc…", "abcd"));
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left(dirty: String) {
            prop_assert!(!text(&dirty).chars().any(|c| acts(c) && c != '\n' && c != '\t'));
            prop_assert!(!line(&dirty, 20).chars().any(acts));
        }

        #[test]
        fn json_stays_the_same(dirty: String) {
            let plain = serde_json::to_string(&dirty).unwrap();
            let safe = json(&plain);
            prop_assert!(!safe.chars().any(acts));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), dirty);
        }
    }
}
