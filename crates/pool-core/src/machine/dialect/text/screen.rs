//! What a terminal shows, as text: the output of a tool drawn as on the screen that a person would look at.
//!
//! Most output never moves the cursor back. It is text as it stands, and costs a look at each byte. The first thing that
//! does more (a lone carriage return, a cursor movement, the alternate screen) sets up a terminal with the last lines on
//! it; from then on the text is what has left the screen at the top, and then the screen.

use super::marks::Marks;
use crate::machine::dialect::filter::is_bidi;
use crate::spec::Io;
use avt::observer::Observer;
use avt::parser::{DecMode, EdScope, ElScope, Function, State};
use avt::{Charset, Line, Observation, Parser, Terminal};

const ROWS: usize = Io::ROWS as usize;
const COLUMNS: usize = Io::COLUMNS as usize;

/// At most this much text is put onto a new screen.
const PLACED: usize = 64 * 1024;

/// What is kept of the room for new bytes.
const IDLE: usize = 4096;

/// Draws.
#[derive(Debug, Default)]
pub(super) struct Screen {
    parser: Parser,
    paper: Paper,
    /// New bytes while they are looked at; between that, the front of a character that has not come whole.
    fresh: Vec<u8>,
    /// What the tool says of its prompt.
    pub(super) marks: Marks,
}

/// What is drawn on.
#[derive(Debug, Default)]
enum Paper {
    /// The text itself: the cursor is at its end.
    #[default]
    Text,
    /// The same, and a carriage return whose line feed has not come.
    Returned,
    Screen(Box<Drawn>),
}

/// A terminal; the text up to `settled` has left its screen, what follows is the screen.
struct Drawn {
    terminal: Terminal,
    settled: usize,
}

impl std::fmt::Debug for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drawn").field("settled", &self.settled).finish_non_exhaustive()
    }
}

impl Drawn {
    /// A screen with the end of `text` on it, which is the end of `text` from now on.
    fn place(text: &mut Vec<u8>) -> Option<Self> {
        let mut drawn = Self { terminal: Terminal::new(COLUMNS, ROWS).ok()?, settled: 0 };
        let last = text.split_off(last_lines(text));
        for character in String::from_utf8_lossy(&last).chars() {
            match character {
                '\n' => drawn.execute([Function::Cr, Function::Lf], text),
                '\t' => drawn.execute([Function::Ht], text),
                other => drawn.execute([Function::Print(other)], text),
            }
        }
        Some(drawn)
    }

    /// Does it; lines that leave the screen are appended to `text`.
    fn execute(&mut self, functions: impl IntoIterator<Item = Function>, text: &mut Vec<u8>) {
        for function in functions {
            self.terminal.execute_with(function, Above(text));
        }
    }

    /// Whether the cursor is at the beginning of a line with something on it.
    fn is_returned(&self) -> bool {
        let cursor = self.terminal.cursor();
        cursor.col == 0 && self.terminal.screen().line(cursor.row).is_some_and(|line| extent(line) > 0)
    }

    /// Appends what the screen shows: up to its last line that is not empty, or the cursor.
    fn show(&self, text: &mut Vec<u8>) {
        let cursor = self.terminal.cursor();
        let lines: Vec<&Line> = self.terminal.screen().visible_lines().collect();
        let used = lines.iter().rposition(|line| extent(line) > 0).map_or(0, |row| row + 1);
        for (row, line) in lines.iter().enumerate().take(used.max(cursor.row + 1)) {
            if row > 0 && !lines[row - 1].is_wrapped() {
                text.push(b'\n');
            }
            let least = if row == cursor.row { cursor.col.min(COLUMNS) } else { 0 };
            write(line, if line.is_wrapped() { COLUMNS } else { extent(line).max(least) }, text);
        }
    }
}

/// Collects lines that leave the screen at its top.
struct Above<'a>(&'a mut Vec<u8>);

impl Observer for Above<'_> {
    type Output = ();

    fn evicted(&mut self, _: &mut Observation<'_>, line: &Line) {
        if line.is_wrapped() {
            write(line, COLUMNS, self.0);
        } else {
            write(line, extent(line), self.0);
            self.0.push(b'\n');
        }
    }

    fn end(&mut self, _: &mut Observation<'_>) {}
}

/// How many columns of a line are in use.
fn extent(line: &Line) -> usize {
    line.cells().iter().rposition(|cell| cell.char() != ' ').map_or(0, |column| column + 1)
}

fn write(line: &Line, columns: usize, text: &mut Vec<u8>) {
    for cell in line.cells().iter().take(columns).filter(|cell| cell.width() > 0) {
        text.extend_from_slice(cell.char().encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Where the lines begin that a new screen shows.
fn last_lines(text: &[u8]) -> usize {
    let least = super::window::char_start_after(text, text.len().saturating_sub(PLACED));
    memchr::memrchr_iter(b'\n', text).nth(ROWS).map_or(0, |end| end + 1).max(least)
}

impl Screen {
    /// Draws `text[new..]`, bytes as they came: `text` is then what can be seen. It will not change any more up to the
    /// place that is returned.
    pub(super) fn draw(&mut self, text: &mut Vec<u8>, new: usize) -> usize {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.extend_from_slice(&text[new..]);
        text.truncate(match &self.paper {
            Paper::Screen(drawn) => drawn.settled,
            Paper::Text | Paper::Returned => new,
        });
        let kept = fresh.len() - self.bytes(&fresh, text);
        fresh.drain(..kept);
        self.fresh = fresh;
        if let Paper::Screen(drawn) = &mut self.paper {
            drawn.settled = text.len();
            drawn.show(text);
            return drawn.settled;
        }
        text.len()
    }

    /// What was drawn becomes text of its own, from which something may be cut: the screen is cleared.
    pub(super) fn detach(&mut self) {
        if let Paper::Screen(drawn) = &self.paper {
            self.paper = if drawn.is_returned() { Paper::Returned } else { Paper::Text };
        }
    }

    /// Gives room back.
    pub(super) fn shrink(&mut self) {
        self.fresh.shrink_to(IDLE);
    }

    /// Draws all but the front of a last character; its length.
    fn bytes(&mut self, bytes: &[u8], text: &mut Vec<u8>) -> usize {
        let mut rest = bytes;
        loop {
            let Err(error) = str::from_utf8(rest).map(|valid| self.characters(valid, text)) else {
                return 0;
            };
            let (valid, invalid) = rest.split_at(error.valid_up_to());
            self.characters(str::from_utf8(valid).unwrap_or_default(), text);
            let Some(length) = error.error_len() else { return invalid.len() };
            self.characters("\u{fffd}", text);
            rest = &invalid[length..];
        }
    }

    fn characters(&mut self, mut rest: &str, text: &mut Vec<u8>) {
        while let Some(character) = rest.chars().next() {
            if matches!(self.paper, Paper::Text) && self.parser.state == State::Ground {
                let run = rest.bytes().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(rest.len());
                text.extend_from_slice(&rest.as_bytes()[..run]);
                self.marks.printed(&rest[..run]);
                rest = &rest[run..];
                if run > 0 {
                    continue;
                }
            }
            rest = &rest[character.len_utf8()..];
            self.close_string(character);
            let function = self.parser.feed(character);
            self.marks.fed(character, function.as_ref());
            if let Some(function) = function {
                self.function(function, text);
            }
        }
    }

    /// A line end closes a string that nobody has closed, or a stray `ESC ]` would cost the rest of the session.
    fn close_string(&mut self, character: char) {
        use State::{DcsPassthrough, OscString, SosPmApcString};
        if character == '\n' && matches!(self.parser.state, DcsPassthrough | OscString | SosPmApcString) {
            self.parser.state = State::Ground;
        }
    }

    fn function(&mut self, function: Function, text: &mut Vec<u8>) {
        let function = match function {
            Function::Print(character) if character == '\u{7f}' || is_bidi(character) => return,
            // What a person has cleared cannot be seen any more: it is not kept as if it had scrolled away.
            Function::Ed(EdScope::All) => {
                self.function(Function::Ed(EdScope::Above), text);
                Function::Ed(EdScope::Below)
            }
            // More is nothing but a way to use up a processor.
            Function::Rep(count) => Function::Rep(count.min(Io::COLUMNS)),
            other => other,
        };
        if let Some(function) = self.as_text(function, text)
            && let Some(drawn) = self.screen(text)
        {
            drawn.execute([function], text);
        }
    }

    /// Does it if that takes no screen; else gives it back.
    fn as_text(&mut self, function: Function, text: &mut Vec<u8>) -> Option<Function> {
        let at_line_start = || text.last().is_none_or(|last| *last == b'\n');
        match (&self.paper, function) {
            (Paper::Text | Paper::Returned, function) if shows_nothing(&function) => None,
            (Paper::Text, Function::Print(character)) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                None
            }
            (Paper::Text, Function::Ht) => {
                text.push(b'\t');
                None
            }
            (Paper::Text, Function::El(ElScope::ToRight) | Function::Ed(EdScope::Below)) => None,
            (Paper::Text | Paper::Returned, Function::Cr) => {
                self.paper = if at_line_start() { Paper::Text } else { Paper::Returned };
                None
            }
            (Paper::Text, Function::Lf) if at_line_start() => {
                text.push(b'\n');
                None
            }
            (Paper::Returned, Function::Lf) => {
                text.push(b'\n');
                self.paper = Paper::Text;
                None
            }
            (_, function) => Some(function),
        }
    }

    /// The screen; a new one if there is none.
    fn screen(&mut self, text: &mut Vec<u8>) -> Option<&mut Drawn> {
        let returned = match &self.paper {
            Paper::Screen(_) => None,
            Paper::Text => Some(false),
            Paper::Returned => Some(true),
        };
        if let Some(returned) = returned {
            let mut drawn = Drawn::place(text)?;
            if returned {
                drawn.execute([Function::Cr], text);
            }
            self.paper = Paper::Screen(Box::new(drawn));
        }
        match &mut self.paper {
            Paper::Screen(drawn) => Some(drawn),
            Paper::Text | Paper::Returned => None,
        }
    }
}

/// Colours and the like: what neither prints nor moves.
fn shows_nothing(function: &Function) -> bool {
    match function {
        Function::Sgr(_) | Function::Osc(_) | Function::Xtwinops(_) | Function::Si => true,
        Function::Gzd4(charset) | Function::G1d4(charset) => *charset == Charset::Ascii,
        Function::Decset(modes) | Function::Decrst(modes) => modes
            .as_slice()
            .iter()
            .all(|mode| matches!(mode, DecMode::CursorKeys | DecMode::TextCursorEnable)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
