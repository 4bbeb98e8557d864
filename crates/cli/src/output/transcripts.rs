//! Transcripts as lines for people: who says each is told by its beginning.

use cluster::control::protocol::Logged;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The longest line that is waited for, in bytes.
const LINE: usize = 16 << 10;

/// What is left of each instance's last line.
#[derive(Debug, Default)]
pub(crate) struct Transcripts {
    numbered: bool,
    open: BTreeMap<u32, Open>,
}

/// A line that has no end yet.
#[derive(Debug, Default)]
struct Open {
    mark: &'static str,
    bytes: Vec<u8>,
}

impl Transcripts {
    /// With `numbered`, each line begins with the number of its instance.
    pub(crate) fn new(numbered: bool) -> Self {
        Self { numbered, open: BTreeMap::new() }
    }

    /// The lines that are whole with this piece.
    pub(crate) fn take(&mut self, slot: u32, what: Logged) -> String {
        let (mark, bytes) = match what {
            Logged::Said(bytes) => ("", Vec::from(bytes)),
            Logged::Told(bytes) => ("> ", bytes.into()),
            Logged::Note(note) => ("# ", format!("{note}\n").into_bytes()),
            Logged::Missed(count) => ("# ", format!("{count} bytes are missing here\n").into_bytes()),
        };
        let mut text = String::new();
        if self.open.get(&slot).is_some_and(|open| open.mark != mark) {
            self.close(slot, &mut text);
        }
        let open = self.open.entry(slot).or_default();
        open.mark = mark;
        open.bytes.extend(bytes);
        let mut whole = std::mem::take(&mut open.bytes);
        let end = memchr::memrchr(b'\n', &whole).map_or(0, |at| at + 1);
        let end = if whole.len() - end > LINE { whole.len() } else { end };
        self.open.entry(slot).or_default().bytes = whole.split_off(end);
        self.lines(slot, mark, &whole, &mut text);
        text
    }

    /// Lines that have no end, which is not waited for any more.
    pub(crate) fn rest(&mut self) -> String {
        let text = self.unfinished();
        self.open.clear();
        text
    }

    /// Lines that have no end yet, as far as they are.
    pub(crate) fn unfinished(&self) -> String {
        let mut text = String::new();
        for (slot, Open { mark, bytes }) in &self.open {
            self.lines(*slot, mark, bytes, &mut text);
        }
        text
    }

    fn close(&mut self, slot: u32, text: &mut String) {
        if let Some(Open { mark, bytes }) = self.open.remove(&slot) {
            self.lines(slot, mark, &bytes, text);
        }
    }

    fn lines(&self, slot: u32, mark: &str, bytes: &[u8], text: &mut String) {
        for line in String::from_utf8_lossy(bytes).lines() {
            if self.numbered {
                let _ = write!(text, "{slot}| ");
            }
            let _ = writeln!(text, "{mark}{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_says_whose_it_is() {
        let mut lines = Transcripts::new(false);
        let said = |text: &str| Logged::Said(text.as_bytes().to_vec().into());
        let told = |text: &str| Logged::Told(text.as_bytes().to_vec().into());
        assert_eq!(lines.take(0, Logged::Note("life 1 begins".into())), "# life 1 begins\n");
        assert_eq!(lines.take(0, said(">>> ")), "");
        assert_eq!(lines.take(0, told("1+1\n")), ">>> \n> 1+1\n");
        assert_eq!(lines.take(0, said("2\nha")), "2\n");
        assert_eq!(lines.take(0, said("lf")), "");
        assert_eq!(lines.take(0, Logged::Missed(7)), "half\n# 7 bytes are missing here\n");
        assert_eq!(lines.take(0, said("end")), "");
        assert_eq!(lines.rest(), "end\n");
        assert_eq!(lines.rest(), "");
    }

    #[test]
    fn lines_of_several_instances_stay_apart() {
        let mut lines = Transcripts::new(true);
        assert_eq!(lines.take(0, Logged::Said(b"a".to_vec().into())), "");
        assert_eq!(lines.take(1, Logged::Said(b"b\n".to_vec().into())), "1| b\n");
        assert_eq!(lines.take(0, Logged::Said(b"c\n".to_vec().into())), "0| ac\n");
        assert_eq!(lines.take(1, Logged::Said(vec![b'x'; LINE + 1].into())).len(), LINE + 5);
    }
}
