//! Lines and blocks of lines.

use std::io::{self, BufRead};

use crate::oracle::Oracle;

/// What the other side said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A line of its own, without its newline.
    Line(Vec<u8>),
    /// The inside of a block, without its last newline.
    Block(Vec<u8>),
}

/// Reads lines, each of them logged before anybody sees it.
pub(crate) struct Input<R> {
    pub(crate) oracle: Oracle,
    reader: R,
}

impl<R: BufRead> Input<R> {
    pub(crate) fn new(reader: R, oracle: Oracle) -> Self {
        Self { oracle, reader }
    }

    /// The next line; `None` at the end of the input. A last line without a newline counts.
    pub(crate) fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        if self.reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        line.pop_if(|last| *last == b'\n');
        self.oracle.received(&line)?;
        Ok(Some(line))
    }

    /// The next line or block. `more` is called after each line that does not complete a block.
    pub(crate) fn said(&mut self, more: impl Fn() -> io::Result<()>) -> io::Result<Option<Said>> {
        let Some(first) = self.line()? else { return Ok(None) };
        let Some(closing) = closing(&first) else { return Ok(Some(Said::Line(first))) };
        let mut lines = Vec::new();
        loop {
            more()?;
            match self.line()? {
                None => return Ok(None),
                Some(line) if line == closing => break,
                Some(line) => lines.push(line),
            }
        }
        Ok(Some(Said::Block(lines.join(&b'\n'))))
    }
}

/// The line that ends the block that this line opens.
fn closing(line: &[u8]) -> Option<Vec<u8>> {
    let tag = line.strip_prefix(b"{")?;
    let opens = !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric);
    opens.then(|| [tag, b"}"].concat())
}

#[cfg(test)]
mod tests {
    use super::{Input, Oracle, Said};

    fn all(text: &[u8]) -> Vec<Said> {
        let mut input = Input::new(text, Oracle::default());
        std::iter::from_fn(|| input.said(|| Ok(())).unwrap()).collect()
    }

    #[test]
    fn lines() {
        let said = all(b"one\n\ntwo");
        assert_eq!(said, [b"one".to_vec(), vec![], b"two".to_vec()].map(Said::Line));
    }

    #[test]
    fn a_block_keeps_its_newlines() {
        let said = all(b"{q1\n\n/end 7\n}\n{q2\nq1}\nx\n");
        assert_eq!(said[0], Said::Block(b"\n/end 7\n}\n{q2".to_vec()));
        assert_eq!(said[1], Said::Line(b"x".to_vec()));
    }

    #[test]
    fn braces_that_open_nothing() {
        for line in ["{", "{}", "{\"a\": 1}", "{a b", " {a", "{é"] {
            assert_eq!(all(line.as_bytes()), [Said::Line(line.into())]);
        }
    }

    #[test]
    fn an_unfinished_block_is_nothing() {
        assert_eq!(all(b"{a\nb\n"), []);
        assert_eq!(all(b"{a\na}\n"), [Said::Block(vec![])]);
    }

    #[test]
    fn every_line_of_a_block_but_the_last_calls_for_more() {
        let calls = std::cell::Cell::new(0);
        let more = || {
            calls.set(calls.get() + 1);
            Ok(())
        };
        Input::new(&b"{a\nb\nc\na}\n"[..], Oracle::default()).said(more).unwrap();
        assert_eq!(calls.get(), 3);
    }
}
