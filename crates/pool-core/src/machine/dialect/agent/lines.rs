//! Bytes to lines.

use crate::machine::dialect::TAIL;
use memchr::memchr;

/// The longest line that is understood, in bytes: what is longer can only be an accident, or an attack.
const LONGEST: usize = 64 << 20;

/// A buffer that is read line by line. What has been read stays until there is enough of it to be worth moving, and the
/// last of it stays always, for error messages.
#[derive(Debug, Default)]
pub(in crate::machine::dialect) struct Lines {
    buffer: Vec<u8>,
    /// Lines before here have been taken.
    taken: usize,
    /// There is no line end between `taken` and here.
    scanned: usize,
}

/// What comes next.
pub(in crate::machine::dialect) enum Line<'a> {
    /// Nothing whole yet.
    None,
    /// A line, without its end.
    Whole(&'a [u8]),
    /// The next one has more bytes than may be.
    TooLong,
}

/// What is said of a line that is too long.
pub(in crate::machine::dialect) fn too_long() -> String {
    format!("a message of more than {} MiB", LONGEST >> 20)
}

impl Lines {
    pub(in crate::machine::dialect) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// The next line.
    pub(in crate::machine::dialect) fn next(&mut self) -> Line<'_> {
        let Some(end) = memchr(b'\n', &self.buffer[self.scanned..]).map(|at| self.scanned + at) else {
            self.scanned = self.buffer.len();
            if self.scanned - self.taken > LONGEST {
                return Line::TooLong;
            }
            self.forget();
            return Line::None;
        };
        let start = std::mem::replace(&mut self.taken, end + 1);
        self.scanned = end + 1;
        if end - start > LONGEST { Line::TooLong } else { Line::Whole(&self.buffer[start..end]) }
    }

    /// The last bytes that came.
    pub(in crate::machine::dialect) fn tail(&self) -> &[u8] {
        &self.buffer[self.buffer.len().saturating_sub(TAIL)..]
    }

    fn forget(&mut self) {
        // Moving the rest, the tail with it, must cost less than reading what goes has cost.
        let gone = self.taken.saturating_sub(TAIL);
        if gone < self.buffer.len() - gone {
            return;
        }
        self.buffer.drain(..gone);
        self.taken -= gone;
        self.scanned -= gone;
        if self.buffer.capacity() > (1 << 20) {
            self.buffer.shrink_to(2 * self.buffer.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(lines: &mut Lines) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        while let Line::Whole(line) = lines.next() {
            all.push(line.to_vec());
        }
        all
    }

    proptest! {
        #[test]
        fn lines_are_whole_however_they_come(text in proptest::collection::vec("[a-z]{0,300}", 1..300), at in 1..2000_usize) {
            let bytes = text.join("\n").into_bytes();
            let (mut lines, mut seen, mut come) = (Lines::default(), Vec::new(), 0);
            for piece in bytes.chunks(at) {
                lines.buffer().extend_from_slice(piece);
                seen.extend(all(&mut lines));
                come += piece.len();
                prop_assert!(bytes[..come].ends_with(lines.tail()));
            }
            let expected: Vec<_> = text[..text.len() - 1].iter().map(|line| line.clone().into_bytes()).collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn what_has_been_read_does_not_stay() {
        let mut lines = Lines::default();
        for _ in 0..10_000 {
            lines.buffer().extend_from_slice(&[b'x'; 1000]);
            lines.buffer().push(b'\n');
            all(&mut lines);
            assert!(lines.buffer.len() < 3 * TAIL, "{}", lines.buffer.len());
        }
    }

    #[test]
    fn what_has_been_looked_at_is_not_looked_at_again() {
        let mut lines = Lines::default();
        for _ in 0..100_000 {
            lines.buffer().extend_from_slice(b"piece of a line that ends much later ");
            assert!(matches!(lines.next(), Line::None));
            assert_eq!(lines.scanned, lines.buffer.len());
        }
        lines.buffer().push(b'\n');
        assert!(matches!(lines.next(), Line::Whole(line) if line.len() == 3_700_000));
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let mut lines = Lines::default();
        lines.buffer().resize(LONGEST, b'x');
        assert!(matches!(lines.next(), Line::None));
        lines.buffer().push(b'x');
        assert!(matches!(lines.next(), Line::TooLong));
    }
}
