//! Our own terminal while somebody sits at an instance's: raw, and left as it was whatever happens.

use super::sanitize;
use memchr::memmem;
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{Write, stdin, stdout};

/// What a tool may have switched on in a terminal, off again: colours, a hidden cursor, bracketed paste, the mouse, keys of
/// applications.
const AS_IT_WAS: &[u8] =
    b"\x1b[0m\x1b[?25h\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1l\x1b>";

/// How a program takes the whole screen, and gives it back.
const WHOLE: (&[u8], &[u8]) = (b"\x1b[?1049h", b"\x1b[?1049l");

/// What shows an instance's output.
pub(crate) enum Seat {
    /// A terminal: every byte acts.
    Terminal(Raw),
    /// Lines: nothing acts. The beginning of a character whose end has not come.
    Lines(Vec<u8>),
}

/// A terminal that was made raw; dropping it makes it what it was.
pub(crate) struct Raw {
    before: Termios,
    /// Whether the whole screen has been taken.
    whole: bool,
}

impl Seat {
    /// Makes our terminal raw; none if standard input and output are none.
    pub(crate) fn raw() -> Option<Self> {
        let before = tcgetattr(stdin()).ok().filter(|_| isatty(stdout()))?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw).ok()?;
        Some(Self::Terminal(Raw { before, whole: false }))
    }

    /// Leaves our terminal, or whatever there is, as it is.
    pub(crate) const fn lines() -> Self {
        Self::Lines(Vec::new())
    }

    /// Shows what the instance says.
    pub(crate) fn show(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let mut out = stdout().lock();
        match self {
            Self::Terminal(raw) => {
                raw.note(bytes);
                out.write_all(bytes)?;
            }
            Self::Lines(open) => {
                open.extend_from_slice(bytes);
                let whole = whole_characters(open);
                let text = String::from_utf8_lossy(&open[..whole]);
                out.write_all(sanitize::text(&text).as_bytes())?;
                open.drain(..whole);
            }
        }
        out.flush()
    }
}

impl Raw {
    /// What the screen was last told to be; told in two pieces, it is not noticed, and less is undone.
    fn note(&mut self, bytes: &[u8]) {
        let last = |mark| memmem::rfind(bytes, mark);
        match (last(WHOLE.0), last(WHOLE.1)) {
            (None, None) => {}
            (on, off) => self.whole = on > off,
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let mut out = stdout().lock();
        if self.whole {
            let _ = out.write_all(WHOLE.1);
        }
        let _ = out.write_all(AS_IT_WAS);
        let _ = out.write_all(b"\r\n");
        let _ = out.flush();
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

/// How large our terminal is: lines and columns.
pub(crate) fn size() -> Option<(u16, u16)> {
    tcgetwinsize(stdout()).ok().map(|size| (size.ws_row, size.ws_col)).filter(|size| size.0 > 0 && size.1 > 0)
}

/// How many bytes there are before the beginning of a character whose end is missing.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        // Nothing will make it a character; only what stands at the very end can wait.
        Err(_) => {
            let tail = bytes.len().saturating_sub(3);
            let open = (tail..bytes.len()).find(|&at| {
                std::str::from_utf8(&bytes[at..])
                    .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
            });
            open.unwrap_or(bytes.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_of_a_character_waits() {
        let table: [(&[u8], usize); 6] = [
            (b"", 0),
            (b"abc", 3),
            (b"a\xc3", 1),
            (b"a\xff", 2),
            (b"\xffa\xe2\x82", 2),
            (b"\xff\xff\xff\xff", 4),
        ];
        for (bytes, whole) in table {
            assert_eq!(whole_characters(bytes), whole, "{bytes:?}");
        }
    }
}
