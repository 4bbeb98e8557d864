//! Where items come from: arguments, lines, NUL-separated records.
//!
//! Reading is an iterator that holds one item at a time, so that a list which never ends is as good as a short
//! one. What is read is what the job gets: nothing is trimmed but the line end (`\n` or `\r\n`) and a byte order
//! mark in front of the first line; an empty line is an item with an empty text, so that replies stay in step
//! with their lines. A final line end does not begin another item.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

/// What separates items in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Separator {
    /// A line end.
    #[default]
    Line,
    /// A NUL byte, as `find -print0` writes it; line ends are text.
    Nul,
}

impl Separator {
    const fn byte(self) -> u8 {
        match self {
            Self::Line => b'\n',
            Self::Nul => 0,
        }
    }
}

/// Why an item could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// Its bytes are no text. Only this item is lost.
    #[error("{place} is not UTF-8 text (near {shown:?}): convert the list, or rename the file it names")]
    NotText {
        /// File and line, or which argument.
        place: String,
        /// The text with the bad bytes replaced; at most 64 characters.
        shown: String,
    },
    /// It has no end within the limit. Nothing more is read.
    #[error("{place} is longer than {limit} bytes: is this the right list, and the right separator?")]
    TooLong {
        /// File and line.
        place: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The list cannot be read. Nothing more is read.
    #[error("cannot read {name}: {error}")]
    Unreadable {
        /// The list.
        name: Arc<str>,
        /// The system's word for it.
        error: std::io::Error,
    },
}

impl ItemError {
    /// Whether the list ends here; else only this item is bad.
    #[must_use]
    pub const fn ends_the_list(&self) -> bool {
        !matches!(self, Self::NotText { .. })
    }

    fn not_text(place: String, bytes: &[u8]) -> Self {
        Self::NotText { place, shown: String::from_utf8_lossy(bytes).chars().take(64).collect() }
    }
}

/// The longest item that is read, in bytes: as long as the longest prompt that is sent.
pub const MAX_ITEM: usize = 64 << 20;

/// What stands behind the last separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// An item, as editors leave it.
    Item,
    /// What is left of one: the list was cut off there.
    Torn,
}

/// The items of a file or of standard input, read one by one.
#[derive(Debug)]
pub struct Lines<R> {
    from: R,
    name: Arc<str>,
    separator: Separator,
    limit: usize,
    end: End,
    /// How many items have been read; `None` when the list has ended.
    read: Option<u64>,
}

impl<R: BufRead> Lines<R> {
    /// Reads items from `from`; errors call it `name`.
    pub fn new(from: R, name: impl Into<Arc<str>>, separator: Separator) -> Self {
        Self { from, name: name.into(), separator, limit: MAX_ITEM, end: End::Item, read: Some(0) }
    }

    /// The list was cut off somewhere: what has no separator behind it is no item.
    #[must_use]
    pub fn cut_off(self) -> Self {
        Self { end: End::Torn, ..self }
    }

    fn read_one(&mut self, number: u64) -> Result<Option<String>, ItemError> {
        let mut bytes = Vec::new();
        // One byte for the separator, one to notice that the limit has been passed.
        let mut bounded = Read::take(&mut self.from, self.limit as u64 + 2);
        let count = bounded
            .read_until(self.separator.byte(), &mut bytes)
            .map_err(|error| ItemError::Unreadable { name: self.name.clone(), error })?;
        if count == 0 {
            return Ok(None);
        }
        let had_end = bytes.pop_if(|byte| *byte == self.separator.byte()).is_some();
        if !had_end && self.end == End::Torn {
            return Ok(None);
        }
        if had_end && self.separator == Separator::Line {
            bytes.pop_if(|byte| *byte == b'\r');
        }
        if bytes.len() > self.limit {
            return Err(ItemError::TooLong { place: self.place(number), limit: self.limit });
        }
        if number == 1 && self.separator == Separator::Line && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|error| ItemError::not_text(self.place(number), error.as_bytes()))
    }

    fn place(&self, number: u64) -> String {
        match self.separator {
            Separator::Line => format!("{} line {number}", self.name),
            Separator::Nul => format!("{} record {number}", self.name),
        }
    }
}

impl<R: Read> Lines<BufReader<R>> {
    /// Whether the next item is there whole, so that reading it waits for nobody.
    #[must_use]
    pub fn is_next_buffered(&self) -> bool {
        memchr::memchr(self.separator.byte(), self.from.buffer()).is_some()
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<String, ItemError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.read? + 1;
        let item = self.read_one(number).transpose();
        let ended = match &item {
            None => true,
            Some(Err(error)) => error.ends_the_list(),
            Some(Ok(_)) => false,
        };
        self.read = (!ended).then_some(number);
        item
    }
}

/// The items of a command line.
///
/// # Errors
/// [`ItemError::NotText`] names the first argument that is no text.
pub fn arguments(words: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, ItemError> {
    let text = |(index, word): (usize, OsString)| {
        word.into_string()
            .map_err(|word| ItemError::not_text(format!("item {}", index + 1), word.as_encoded_bytes()))
    };
    words.into_iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Separator::{Line, Nul};
    use proptest::prelude::*;

    fn read(bytes: &[u8], separator: Separator) -> Vec<String> {
        Lines::new(bytes, "list", separator).map(|item| item.unwrap()).collect()
    }

    #[test]
    fn what_is_an_item() {
        let table: &[(&[u8], Separator, &[&str])] = &[
            (b"", Line, &[]),
            (b"\n", Line, &[""]),
            (b"a", Line, &["a"]),
            (b"a\n", Line, &["a"]),
            (b"a\nb", Line, &["a", "b"]),
            (b"a\n\nb\n", Line, &["a", "", "b"]),
            (b"a\r\n\r\nb\rc\r\n", Line, &["a", "", "b\rc"]),
            (b"  a \t\n", Line, &["  a \t"]),
            (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", Line, &["a", "\u{feff}b"]),
            (b"a\0b\nc\r\n\0", Nul, &["a", "b\nc\r\n"]),
            (b"\0\0", Nul, &["", ""]),
        ];
        for (bytes, separator, items) in table {
            assert_eq!(read(bytes, *separator), *items, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_is_left_of_a_list_that_was_cut_off() {
        let table: &[(&[u8], Separator, &[&str])] = &[
            (b"", Line, &[]),
            (b"/a/b/c.log\n/a/b", Line, &["/a/b/c.log"]),
            (b"/a/b", Line, &[]),
            (b"\xc3", Line, &[]),
            (b"a\nb\n", Line, &["a", "b"]),
            (b"a\0b\n", Nul, &["a"]),
        ];
        for (bytes, separator, items) in table {
            let lines = Lines::new(*bytes, "list", *separator).cut_off();
            assert_eq!(lines.map(Result::unwrap).collect::<Vec<_>>(), *items);
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_next_ones_are_read() {
        let mut lines = Lines::new(&b"a\nb\xff\nc\n"[..], "list.txt", Line);
        assert_eq!(lines.next().unwrap().unwrap(), "a");
        let error = lines.next().unwrap().unwrap_err();
        assert!(!error.ends_the_list());
        assert!(error.to_string().starts_with("list.txt line 2 is not UTF-8"), "{error}");
        assert_eq!(lines.next().unwrap().unwrap(), "c");
        assert!(lines.next().is_none() && lines.next().is_none());
    }

    #[test]
    fn what_is_buffered_can_be_had_without_waiting() {
        let mut lines = Lines::new(BufReader::with_capacity(8, &b"ab\ncd\nefgh\n"[..]), "list", Line);
        assert!(!lines.is_next_buffered(), "nothing has been read");
        let mut seen = Vec::new();
        while let Some(item) = lines.next() {
            seen.push((item.unwrap(), lines.is_next_buffered()));
        }
        let expected = [("ab", true), ("cd", false), ("efgh", false)];
        assert_eq!(seen, expected.map(|(item, buffered)| (item.to_owned(), buffered)));
    }

    #[test]
    fn a_line_without_end_ends_the_list() {
        let endless = BufReader::new(std::io::repeat(b'x'));
        let mut lines = Lines { limit: 1000, ..Lines::new(endless, "stdin", Line) };
        let error = lines.next().unwrap().unwrap_err();
        assert!(error.ends_the_list() && error.to_string().contains("longer than 1000"), "{error}");
        assert!(lines.next().is_none());
    }

    #[test]
    fn the_limit_itself_is_fine() {
        let mut lines = Lines { limit: 3, ..Lines::new(&b"abc\r\nabcd\n"[..], "list", Line) };
        assert_eq!(lines.next().unwrap().unwrap(), "abc");
        assert!(lines.next().unwrap().is_err());
    }

    #[test]
    fn an_endless_list_is_read_item_by_item() {
        let endless = BufReader::new(std::io::repeat(b'\n'));
        assert_eq!(Lines::new(endless, "stdin", Line).take(3).count(), 3);
    }

    #[test]
    fn an_argument_that_is_no_text_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let words = vec![OsString::from("a"), OsString::from_vec(vec![b'b', 0xff])];
        assert!(arguments(words).unwrap_err().to_string().starts_with("item 2 is not UTF-8"));
    }

    proptest! {
        #[test]
        fn nul_separated_items_come_back(items in prop::collection::vec("[^\0]*", 0..8)) {
            let bytes: Vec<u8> = items.iter().flat_map(|item| [item.as_bytes(), b"\0"].concat()).collect();
            prop_assert_eq!(read(&bytes, Nul), items);
        }
    }
}
