//! What a tool printed, as harmless text: no terminal escape, no control character, no trick with the direction of
//! writing.
//!
//! Kept: everything printable, `\n` and `\t`. CR LF and runs of CR become one `\n`. Dropped: the other C0 controls, DEL,
//! C1 controls, escape sequences and the strings they open, bidirectional controls. Invalid UTF-8 is left to whoever
//! decodes the text, but for half a character in front of something dropped: its other half may stand behind it.
//!
//! The parser is ours, not `vte`: that one collects the text of an OSC string without a bound and does not know C1
//! controls in UTF-8. Ours keeps two bytes of state whatever comes; the tests hold it to `vte`'s reading of everything
//! else. One more difference is meant: a line end closes a string that nobody has closed, so that a stray `ESC ]`
//! costs one line and not the rest of the session.

mod plain;

pub(super) use plain::is_bidi;

/// The state of the parser between two reads. Any split of the bytes over calls gives the same text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    state: State,
    /// A line end has been written for a CR; a LF that follows belongs to it.
    after_cr: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// After ESC [ or U+009B.
    Csi,
    /// After ESC ] or U+009D: ended by BEL too.
    Osc,
    /// After another opener of a string: DCS, SOS, PM, APC.
    Text,
}

/// `bytes` as text, all at once.
#[must_use]
pub fn clean(bytes: &[u8]) -> String {
    let mut filtered = bytes.to_vec();
    Filter::default().absorb(&mut filtered, 0);
    String::from_utf8(filtered)
        .unwrap_or_else(|invalid| String::from_utf8_lossy(invalid.as_bytes()).into_owned())
}

impl Filter {
    /// Filters `bytes[from..]` in place and returns where the filtered part ends: short of the end by a character
    /// that has not come whole (at most 3 bytes), which is to be offered again together with what follows.
    ///
    /// Plain text is only looked at, not moved.
    pub fn absorb(&mut self, bytes: &mut Vec<u8>, from: usize) -> usize {
        let whole = bytes.len() - incomplete(&bytes[from..]);
        let plain = if self.is_plain() { from + plain::run(&bytes[from..whole]) } else { from };
        if plain == whole {
            return whole;
        }
        let keep = plain - incomplete(&bytes[..plain]);
        let tail = bytes.split_off(keep);
        let (body, open) = tail.split_at(whole - keep);
        self.strip(body, bytes);
        let end = bytes.len();
        bytes.extend_from_slice(open);
        end
    }

    fn is_plain(self) -> bool {
        self.state == State::Ground && !self.after_cr
    }

    fn strip(&mut self, mut rest: &[u8], out: &mut Vec<u8>) {
        out.reserve(rest.len());
        while !rest.is_empty() {
            let skipped = match self.state {
                State::Ground if !self.after_cr => {
                    let run = plain::run(rest);
                    let half = if run < rest.len() { incomplete(&rest[..run]) } else { 0 };
                    out.extend_from_slice(&rest[..run - half]);
                    if half > 0 {
                        self.print(char::REPLACEMENT_CHARACTER, out);
                    }
                    run
                }
                State::Osc | State::Text => {
                    rest.iter().position(|&byte| may_end_string(byte)).unwrap_or(rest.len())
                }
                _ => 0,
            };
            rest = &rest[skipped..];
            if let Some((character, length)) = first_char(rest) {
                rest = &rest[length..];
                self.step(character, out);
            }
        }
    }

    fn step(&mut self, character: char, out: &mut Vec<u8>) {
        match (self.state, character) {
            (State::Osc | State::Text, _) => self.inside_string(character, out),
            (State::Ground, '\u{20}'..='\u{7e}') => self.print(character, out),
            (State::Ground, c) if c > '\u{9f}' && !is_bidi(c) => self.print(c, out),
            (State::Escape, '[') => self.state = State::Csi,
            (State::Escape, ']') => self.state = State::Osc,
            (State::Escape, 'P' | 'X' | '^' | '_') => self.state = State::Text,
            (State::Escape, '0'..='~') | (State::Csi, '@'..='~') => self.state = State::Ground,
            (_, control) => self.control(control, out),
        }
    }

    /// Controls work in the middle of an escape sequence too; whatever else comes there is part of it.
    fn control(&mut self, control: char, out: &mut Vec<u8>) {
        match control {
            '\u{1b}' => self.state = State::Escape,
            '\n' | '\r' => self.line_end(control, out),
            '\t' => self.print(control, out),
            '\u{9b}' => self.state = State::Csi,
            '\u{9d}' => self.state = State::Osc,
            '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => self.state = State::Text,
            '\u{18}' | '\u{1a}' | '\u{80}'..='\u{9f}' => self.state = State::Ground,
            _ => {}
        }
    }

    fn inside_string(&mut self, character: char, out: &mut Vec<u8>) {
        match character {
            '\u{7}' if self.state == State::Osc => self.state = State::Ground,
            '\u{18}' | '\u{1a}' | '\u{9c}' => self.state = State::Ground,
            '\u{1b}' => self.state = State::Escape,
            '\n' | '\r' => {
                self.state = State::Ground;
                self.line_end(character, out);
            }
            _ => {}
        }
    }

    fn line_end(&mut self, character: char, out: &mut Vec<u8>) {
        if !self.after_cr {
            out.push(b'\n');
        }
        self.after_cr = character == '\r';
    }

    fn print(&mut self, character: char, out: &mut Vec<u8>) {
        self.after_cr = false;
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// How many bytes at the end begin a character that has not come whole.
fn incomplete(bytes: &[u8]) -> usize {
    let leads = [0xc2, 0xe0, 0xf0];
    for ((&byte, lead), length) in bytes.iter().rev().zip(leads).zip(1..) {
        match byte {
            0x80..=0xbf => {}
            0xc2..=0xf4 if byte >= lead => return length,
            _ => break,
        }
    }
    0
}

/// The first character and its length; an invalid sequence counts as one U+FFFD.
fn first_char(bytes: &[u8]) -> Option<(char, usize)> {
    let chunk = bytes[..bytes.len().min(4)].utf8_chunks().next()?;
    Some(match chunk.valid().chars().next() {
        Some(character) => (character, character.len_utf8()),
        None => (char::REPLACEMENT_CHARACTER, chunk.invalid().len()),
    })
}

const fn may_end_string(byte: u8) -> bool {
    matches!(byte, 0x07 | 0x18 | 0x1a | 0x1b | b'\n' | b'\r' | 0xc2)
}

#[cfg(test)]
mod tests;
