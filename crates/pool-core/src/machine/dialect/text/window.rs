//! A look at a few bytes of the output as text: patterns work on text, the output is bytes.

use regex::{Match, Regex};
use std::borrow::Cow;
use std::ops::Range;

/// How much of the end of the output a prompt or a question may take up.
const TAIL: usize = 2048;

/// A piece of the output, with one character of context in front, so that `^` matches only where a line begins.
pub(super) struct Window<'a> {
    bytes: &'a [u8],
    /// Where `bytes` begin in the output.
    base: usize,
    pub(super) text: Cow<'a, str>,
    /// Where in `text` patterns may begin to match.
    pub(super) from: usize,
}

impl<'a> Window<'a> {
    /// `output[range]`; the start moves to the next beginning of a character.
    pub(super) fn new(output: &'a [u8], range: Range<usize>) -> Self {
        let start = char_start_after(output, range.start.min(range.end));
        let base = if start == 0 { 0 } else { char_start_before(output, start - 1) };
        let end = range.end.max(start);
        let text = String::from_utf8_lossy(&output[base..end]);
        let from = match text {
            Cow::Borrowed(_) => start - base,
            Cow::Owned(_) => String::from_utf8_lossy(&output[base..start]).len(),
        };
        Self { bytes: &output[base..end], base, text, from }
    }

    /// The end of `output`: what patterns for prompts and questions see.
    pub(super) fn tail(output: &'a [u8]) -> Self {
        Self::new(output, output.len().saturating_sub(TAIL)..output.len())
    }

    /// The place in the output that `offset` in the text stands for.
    pub(super) fn place(&self, offset: usize) -> usize {
        if let Cow::Borrowed(_) = self.text {
            return self.base + offset;
        }
        let (mut in_text, mut in_bytes) = (0, 0);
        for chunk in self.bytes.utf8_chunks() {
            let valid = chunk.valid().len();
            if offset < in_text + valid {
                break;
            }
            let invalid = chunk.invalid().len();
            if offset == in_text + valid || invalid == 0 {
                return self.base + in_bytes + valid;
            }
            in_text += valid + char::REPLACEMENT_CHARACTER.len_utf8();
            in_bytes += valid + invalid;
        }
        self.base + in_bytes + offset.saturating_sub(in_text)
    }

    /// The match of `pattern` that ends exactly where the text ends.
    pub(super) fn match_at_end(&self, pattern: &Regex) -> Option<Match<'_>> {
        match_at_end(pattern, &self.text, self.from)
    }
}

/// The match of `pattern` in `text[from..]` that ends exactly where the text ends.
pub(super) fn match_at_end<'a>(pattern: &Regex, text: &'a str, mut from: usize) -> Option<Match<'a>> {
    loop {
        let found = pattern.find_at(text, from)?;
        if found.end() == text.len() {
            return Some(found);
        }
        from = if found.is_empty() { next_boundary(text, found.end() + 1) } else { found.end() };
    }
}

/// The first character boundary of `text` at or after `at`.
pub(super) fn next_boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

/// The first place at or after `at` where a character can begin.
pub(super) fn char_start_after(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take(3).take_while(|&&byte| is_continuation(byte)).count() + at
}

/// The last place at or before `at` where a character can begin.
pub(super) fn char_start_before(bytes: &[u8], at: usize) -> usize {
    at - bytes[..=at].iter().rev().take(3.min(at)).take_while(|&&byte| is_continuation(byte)).count()
}

const fn is_continuation(byte: u8) -> bool {
    matches!(byte, 0x80..=0xbf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_places_in_the_bytes() {
        for bytes in [&b"plain text"[..], "naïve 漢字".as_bytes(), b"a\xffb\xe2\x82cd\x80\x80e", b"\xff", b""]
        {
            for start in 0..=bytes.len() {
                let window = Window::new(bytes, start..bytes.len());
                for (offset, character) in window.text.char_indices() {
                    if character != char::REPLACEMENT_CHARACTER {
                        let place = window.place(offset);
                        let text = character.to_string();
                        assert_eq!(
                            &bytes[place..place + text.len()],
                            text.as_bytes(),
                            "{bytes:?} {start} {offset}"
                        );
                    }
                }
                assert_eq!(window.place(window.text.len()), bytes.len(), "{bytes:?} {start}");
            }
        }
    }

    #[test]
    fn a_match_must_reach_the_end() {
        let table = [
            ("> ", "a > b", None),
            ("> ", "a > b> ", Some(5)),
            ("(?m)^> $", "> \nx\n> ", Some(5)),
            ("(?m)^> $", "x> ", None),
            ("[a-z]*> ", "one> two> ", Some(5)),
            ("", "abc", Some(3)),
        ];
        for (pattern, text, start) in table {
            let window = Window::tail(text.as_bytes());
            let found = window.match_at_end(&Regex::new(pattern).expect("a pattern"));
            assert_eq!(found.map(|found| found.start()), start, "{pattern} in {text:?}");
        }
    }

    #[test]
    fn a_line_begins_only_where_one_begins() {
        let pattern = Regex::new("(?m)^x$").expect("a pattern");
        let last = |bytes: &'static [u8]| Window::new(bytes, bytes.len() - 1..bytes.len());
        assert!(last(b"yx").match_at_end(&pattern).is_none());
        assert!(last(b"\xffx").match_at_end(&pattern).is_none());
        assert!(last(b"\nx").match_at_end(&pattern).is_some());
        assert!(last(b"x").match_at_end(&pattern).is_some());
    }
}
