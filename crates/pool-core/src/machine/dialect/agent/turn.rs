//! A turn that runs: what has come of its reply.

use crate::machine::dialect::text::cap::Cap;
use crate::message::Usage;

/// What has come of a turn.
#[derive(Debug)]
pub(in crate::machine::dialect) struct Turn {
    text: Bounded,
    /// Where the block that is being told begins; `None` between blocks.
    block: Option<usize>,
    /// The messages as they came, if asked for.
    raw: Option<Bounded>,
    /// How much of the text has been told to who listens.
    told: usize,
    /// How much of it was cut out before it was told.
    missed: u64,
    /// What it has taken so far.
    pub(in crate::machine::dialect) usage: Option<Usage>,
    /// What it was not allowed to do, the last one.
    pub(in crate::machine::dialect) denied: Option<String>,
    /// Nobody has interrupted it: there is somebody to ask.
    pub(super) is_wanted: bool,
}

/// What is left of a turn at its end.
pub(in crate::machine::dialect) struct Finished {
    pub(in crate::machine::dialect) text: String,
    pub(in crate::machine::dialect) raw: Option<Vec<u8>>,
    /// Bytes cut out of the middle of the text.
    pub(in crate::machine::dialect) cut: u64,
}

/// Bytes that are bounded: their head and their tail stay.
#[derive(Debug)]
struct Bounded {
    bytes: Vec<u8>,
    cap: Cap,
}

impl Bounded {
    fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), cap: Cap::new(max) }
    }

    /// Adds, and returns how many bytes were cut out of the middle for it.
    fn add(&mut self, bytes: &[u8]) -> usize {
        self.bytes.extend_from_slice(bytes);
        self.cap.thin(&mut self.bytes)
    }
}

impl Turn {
    /// A turn that has just begun; its messages are kept if a bound for them is given.
    pub(in crate::machine::dialect) fn new(max: usize, max_raw: Option<usize>) -> Self {
        Self {
            text: Bounded::new(max),
            block: None,
            raw: max_raw.map(Bounded::new),
            told: 0,
            missed: 0,
            usage: None,
            denied: None,
            is_wanted: true,
        }
    }

    /// A line came.
    pub(in crate::machine::dialect) fn raw(&mut self, line: &[u8]) {
        if let Some(raw) = &mut self.raw {
            raw.add(line);
            raw.add(b"\n");
        }
    }

    /// Output came that has no lines.
    pub(in crate::machine::dialect) fn raw_bytes(&mut self, bytes: &[u8]) {
        if let Some(raw) = &mut self.raw {
            raw.add(bytes);
        }
    }

    /// More of the reply.
    pub(in crate::machine::dialect) fn add(&mut self, text: &str) {
        if self.block.is_none() {
            self.begin_block();
        }
        self.push(text);
    }

    /// A block of the reply is whole: `text`, of which some may have come before.
    pub(in crate::machine::dialect) fn block(&mut self, text: &str) {
        match self.block.take() {
            // What came of it in pieces stands, if it is the beginning of the whole.
            Some(start) => {
                let come = self.text.bytes.get(start..).unwrap_or_default();
                if let Some(rest) = text.as_bytes().strip_prefix(come) {
                    let rest = String::from_utf8_lossy(rest).into_owned();
                    self.push(&rest);
                }
            }
            None if text.is_empty() => {}
            None => {
                self.begin_block();
                self.push(text);
            }
        }
        self.block = None;
    }

    /// Blocks stand apart from each other by an empty line.
    fn begin_block(&mut self) {
        if !self.text.bytes.is_empty() {
            self.push("\n\n");
        }
        self.block = Some(self.text.bytes.len());
    }

    fn push(&mut self, text: &str) {
        let gone = self.text.add(text.as_bytes());
        if gone == 0 {
            return;
        }
        // The block can no longer be compared with its whole.
        self.block = self.block.map(|_| self.text.bytes.len());
        let head = self.text.cap.head_len();
        let untold = (head + gone).saturating_sub(self.told.max(head));
        self.missed += untold as u64;
        self.told = if self.told > head + gone { self.told - gone } else { self.told.min(head) };
    }

    /// What has not been told yet.
    pub(in crate::machine::dialect) fn preview(&mut self, missed: &mut u64) -> String {
        *missed += std::mem::take(&mut self.missed);
        let new = self.text.bytes.get(self.told..).unwrap_or_default();
        let text = String::from_utf8_lossy(new).into_owned();
        self.told = self.text.bytes.len();
        text
    }

    /// The reply; `late` is its text if none came before.
    pub(in crate::machine::dialect) fn finish(mut self, late: Option<String>) -> Finished {
        if self.text.bytes.is_empty()
            && let Some(late) = late
        {
            self.push(&late);
        }
        let Bounded { mut bytes, cap } = self.text;
        let cut = cap.finish(&mut bytes);
        let mut text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        let raw = self.raw.map(|raw| {
            let Bounded { mut bytes, cap } = raw;
            cap.finish(&mut bytes);
            bytes
        });
        Finished { text, raw, cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_stand_apart_and_pieces_are_not_doubled() {
        let mut turn = Turn::new(4096, None);
        turn.add("I lo");
        turn.add("ok.");
        turn.block("I look.");
        turn.block("");
        turn.block("Done");
        turn.add("late");
        let mut missed = 0;
        assert_eq!(turn.preview(&mut missed), "I look.\n\nDone\n\nlate");
        turn.add("r");
        assert_eq!((turn.preview(&mut missed), missed), ("r".to_owned(), 0));
        let end = turn.finish(Some("nobody".into()));
        assert_eq!((end.text.as_str(), end.cut), ("I look.\n\nDone\n\nlater", 0));
    }

    #[test]
    fn a_reply_that_is_told_at_its_end_is_taken_then() {
        assert_eq!(Turn::new(4096, None).finish(Some("all of it\n".into())).text, "all of it");
    }

    #[test]
    fn a_long_reply_is_bounded_and_who_listens_is_told_what_is_missing() {
        let (mut turn, mut shown, mut missed) = (Turn::new(4096, Some(4096)), 0, 0);
        for _ in 0..1000 {
            turn.add(&"x".repeat(1000));
            turn.raw(&[b'y'; 1000]);
        }
        shown += turn.preview(&mut missed).len();
        assert_eq!(shown as u64 + missed, 1_000_000);
        let end = turn.finish(None);
        assert!(end.text.len() < 4200 && end.text.contains("bytes cut"), "{}", end.text.len());
        assert_eq!(end.cut, 1_000_000 - 4096);
        assert!(end.raw.is_some_and(|raw| (4096..4200).contains(&raw.len())));
    }
}
