//! What is typed ahead: bytes → lines, within bounds. Pure.

use std::collections::VecDeque;

/// With so many bytes of lines that wait for their turns, no more is taken.
pub(super) const AHEAD: usize = 1 << 20;

/// The longest line, in bytes. A longer one is passed over.
pub(super) const LINE: usize = 1 << 20;

/// What a line costs besides its text, in bytes.
pub(super) const EACH: usize = 64;

/// What a person has typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// As it came, without its end.
    Whole(String),
    /// Longer than a line may be.
    TooLong,
}

/// The lines that wait for their turns, and the one that has not ended.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    whole: VecDeque<Line>,
    /// What they cost.
    bytes: usize,
    begun: Begun,
}

/// The line that has not ended.
#[derive(Debug)]
enum Begun {
    Kept(Vec<u8>),
    PassedOver,
}

impl Ahead {
    /// Takes in what was typed.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(last) => {
                    self.add(last);
                    self.end();
                }
                None => self.add(piece),
            }
        }
    }

    /// Nothing more is typed, which ends the last line.
    pub(super) fn finish(&mut self) {
        if !matches!(&self.begun, Begun::Kept(line) if line.is_empty()) {
            self.end();
        }
    }

    /// Whether more is taken. While no line waits it always is, or the one that has not ended never would.
    pub(super) fn has_room(&self) -> bool {
        let begun = match &self.begun {
            Begun::Kept(line) => line.len(),
            Begun::PassedOver => 0,
        };
        self.whole.is_empty() || self.bytes + begun < AHEAD
    }

    /// Whether no whole line waits.
    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    /// The line that was typed first.
    pub(super) fn next(&mut self) -> Option<Line> {
        let line = self.whole.pop_front()?;
        self.bytes -= line.cost();
        Some(line)
    }

    fn add(&mut self, bytes: &[u8]) {
        match &mut self.begun {
            Begun::Kept(line) if line.len() + bytes.len() <= LINE => line.extend_from_slice(bytes),
            begun => *begun = Begun::PassedOver,
        }
    }

    fn end(&mut self) {
        let line = match std::mem::take(&mut self.begun) {
            Begun::Kept(line) => Line::Whole(String::from_utf8_lossy(&line).into_owned()),
            Begun::PassedOver => Line::TooLong,
        };
        self.bytes += line.cost();
        self.whole.push_back(line);
    }
}

impl Line {
    fn cost(&self) -> usize {
        match self {
            Self::Whole(text) => EACH + text.len(),
            Self::TooLong => EACH,
        }
    }
}

impl Default for Begun {
    fn default() -> Self {
        Self::Kept(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ahead: &mut Ahead) -> Vec<Line> {
        std::iter::from_fn(|| ahead.next()).collect()
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.to_owned())
    }

    #[test]
    fn lines_end_however_they_come_and_the_last_one_with_the_typing() {
        let mut ahead = Ahead::default();
        ahead.feed(b"a\n\nb");
        ahead.feed(b"c\nd");
        assert_eq!(all(&mut ahead), [whole("a"), whole(""), whole("bc")]);
        ahead.finish();
        ahead.finish();
        assert_eq!(all(&mut ahead), [whole("d")]);
    }

    #[test]
    fn lines_that_wait_are_bounded_whatever_is_in_them() {
        for text in [&b"\n"[..], b"0123456789\n", &[b"x".repeat(10_000), b"\n".to_vec()].concat()] {
            let (mut ahead, mut fed) = (Ahead::default(), 0);
            while ahead.has_room() {
                ahead.feed(text);
                fed += 1;
            }
            assert_eq!(fed, AHEAD.div_ceil(EACH + text.len() - 1));
            assert_eq!(all(&mut ahead).len(), fed);
            assert!(ahead.has_room() && ahead.bytes == 0);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_never_in_the_way() {
        let mut ahead = Ahead::default();
        ahead.feed(&b"x".repeat(LINE));
        assert!(ahead.has_room(), "or it would never end");
        ahead.feed(b"\n");
        assert!(!ahead.has_room());
        assert_eq!(all(&mut ahead), [whole(&"x".repeat(LINE))]);
        for _ in 0..64 {
            ahead.feed(&b"x".repeat(LINE));
            assert!(
                ahead.has_room() && matches!(&ahead.begun, Begun::Kept(line) if line.len() <= LINE)
                    || matches!(ahead.begun, Begun::PassedOver)
            );
        }
        ahead.feed(b"x\nnext\n");
        assert_eq!(all(&mut ahead), [Line::TooLong, whole("next")]);
    }
}
