//! Rows at the bottom of a terminal that are drawn again and again, below everything that is printed.
//!
//! The cursor rests at the *beginning* of the first row. Whatever a terminal does to rows when it is resized, the cursor
//! stays with its text, so that clearing from the cursor on clears all rows and nothing else: no reply is ever erased.

use std::io::{Write, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Columns and rows, if the terminal does not say.
const USUAL: (usize, usize) = (80, 24);

/// The terminal that the rows are on, if there is one. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Screen(Option<Arc<Mutex<Drawn>>>);

#[derive(Debug, Default)]
struct Drawn {
    rows: Vec<String>,
}

impl Screen {
    /// A terminal on standard error.
    pub(super) fn new() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether there is a terminal.
    pub(super) const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Columns and rows of the terminal now.
    pub(super) fn size() -> (usize, usize) {
        let size = rustix::termios::tcgetwinsize(stderr()).ok();
        let size = size.map(|size| (usize::from(size.ws_col), usize::from(size.ws_row)));
        size.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or(USUAL)
    }

    /// Draws these rows instead of those before. Each must fit into a row of the terminal, and all onto it.
    pub(super) fn show(&self, rows: Vec<String>) {
        if let Some(mut drawn) = self.drawn() {
            put(&redrawn(&drawn.rows, &rows));
            drawn.rows = rows;
        }
    }

    /// Does something to the terminal with the rows out of the way.
    pub(super) fn aside<R>(&self, act: impl FnOnce() -> R) -> R {
        let Some(drawn) = self.drawn() else { return act() };
        put(&redrawn(&drawn.rows, &[]));
        let done = act();
        put(&redrawn(&[], &drawn.rows));
        done
    }

    fn drawn(&self) -> Option<MutexGuard<'_, Drawn>> {
        self.0.as_ref().map(|drawn| drawn.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What turns the one into the other.
fn redrawn(old: &[String], new: &[String]) -> String {
    if old == new {
        return String::new();
    }
    let clear = if old.is_empty() { "" } else { "\r\x1b[J" };
    let back = match new.len() {
        0 => String::new(),
        1 => "\r".to_owned(),
        rows => format!("\r\x1b[{}A", rows - 1),
    };
    format!("{clear}{}{back}", new.join("\r\n"))
}

/// Nobody is left to be told if standard error is gone.
fn put(text: &str) {
    if !text.is_empty() {
        let _ = stderr().lock().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows to draw, and how wide the terminal is afterwards, if that changes.
    type Step<'a> = (&'a [&'a str], Option<u16>);

    /// What a terminal shows after these rows, one after the other, below a reply.
    fn seen(columns: u16, steps: &[Step<'_>]) -> Vec<String> {
        let mut terminal = avt::Terminal::with_scrollback(columns.into(), 8, None).unwrap();
        terminal.feed(["a reply\r\n"]);
        let mut old: Vec<String> = Vec::new();
        for (rows, resize) in steps {
            let new: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
            terminal.feed([redrawn(&old, &new).as_str()]);
            old = new;
            if let Some(columns) = resize {
                terminal.resize((*columns).into(), 8);
            }
        }
        let screen = terminal.screen();
        let mut shown: Vec<String> =
            screen.all_lines().map(|line| line.text().trim_end().to_owned()).collect();
        while shown.pop_if(|line| line.is_empty()).is_some() {}
        shown
    }

    #[test]
    fn rows_take_the_place_of_rows_and_of_nothing_else() {
        let long = "xxxxxxxxxxxxxxxxxx";
        let table: [(&[Step<'_>], &[&str]); 6] = [
            (&[(&["one", "two"], None)], &["a reply", "one", "two"]),
            (&[(&["one", "two", "three"], None), (&["four"], None)], &["a reply", "four"]),
            (&[(&["one"], None), (&["two", "three"], None), (&[], None)], &["a reply"]),
            // Narrower, so that the rows are wrapped; and wider again.
            (&[(&[long, long, long], Some(10)), (&["one", "two"], None)], &["a reply", "one", "two"]),
            (&[(&[long, long], Some(10)), (&["one"], Some(30)), (&["two"], None)], &["a reply", "two"]),
            (&[(&[long, long], Some(60)), (&["one"], None)], &["a reply", "one"]),
        ];
        for (steps, expected) in table {
            assert_eq!(seen(20, steps), expected, "{steps:?}");
        }
    }
}
