//! Bytes → lines, within bounds. Pure.

use super::limits::{LINE, OWN, UNFINISHED};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A line of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// As it came, without its end.
    Whole(Vec<u8>),
    /// Longer than a request may be; it was passed over.
    TooLong,
    /// It was passed over because too much of other clients is unfinished.
    NoRoom,
}

/// The bytes of one client, cut into lines.
#[derive(Debug)]
pub(super) struct Lines {
    begun: Begun,
    room: Room,
    whole: VecDeque<Line>,
}

/// The line that has not ended.
#[derive(Debug)]
enum Begun {
    Kept(Vec<u8>),
    PassedOver(Line),
}

impl Lines {
    /// Of a client that shares this room with the others.
    pub(super) const fn new(room: Room) -> Self {
        Self { begun: Begun::Kept(Vec::new()), room, whole: VecDeque::new() }
    }

    /// Takes in what has come.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.add(&rest[..end]);
            self.end();
            rest = &rest[end + 1..];
        }
        self.add(rest);
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<Line> {
        self.whole.pop_front()
    }

    fn add(&mut self, bytes: &[u8]) {
        let Begun::Kept(line) = &mut self.begun else { return };
        let longer = line.len() + bytes.len();
        let over = if longer > LINE {
            Line::TooLong
        } else if self.room.take(shared(longer) - shared(line.len())) {
            return line.extend_from_slice(bytes);
        } else {
            Line::NoRoom
        };
        self.room.give(shared(line.len()));
        self.begun = Begun::PassedOver(over);
    }

    fn end(&mut self) {
        let line = match std::mem::replace(&mut self.begun, Begun::Kept(Vec::new())) {
            Begun::Kept(line) => {
                self.room.give(shared(line.len()));
                Line::Whole(line)
            }
            Begun::PassedOver(line) => line,
        };
        // Some people end their lines as terminals do, and an empty line asks for nothing.
        if line != Line::Whole(Vec::new()) && line != Line::Whole(b"\r".to_vec()) {
            self.whole.push_back(line);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if let Begun::Kept(line) = &self.begun {
            self.room.give(shared(line.len()));
        }
    }
}

/// How much of a line that is so long counts against what clients share: one that leaves no room to others must not
/// silence them.
const fn shared(line: usize) -> usize {
    line.saturating_sub(OWN)
}

/// What all clients together may leave unfinished.
#[derive(Debug, Clone, Default)]
pub(super) struct Room(Arc<AtomicUsize>);

impl Room {
    fn take(&self, bytes: usize) -> bool {
        let taken = self.0.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if taken > UNFINISHED {
            self.give(bytes);
        }
        taken <= UNFINISHED
    }

    fn give(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &[u8]) -> Line {
        Line::Whole(text.to_vec())
    }

    fn all(lines: &mut Lines) -> Vec<Line> {
        std::iter::from_fn(|| lines.next()).collect()
    }

    #[test]
    fn lines_end_and_empty_ones_are_nothing() {
        let mut lines = Lines::new(Room::default());
        lines.feed(b"a\n\n\r\nb");
        assert_eq!(all(&mut lines), [whole(b"a")]);
        lines.feed(b"c\nd");
        assert_eq!(all(&mut lines), [whole(b"bc")]);
    }

    #[test]
    fn what_is_too_long_is_passed_over_and_the_next_line_is_heard() {
        let room = Room::default();
        let mut lines = Lines::new(room.clone());
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..64 {
            lines.feed(&chunk);
            assert!(room.0.load(Ordering::Relaxed) <= LINE);
        }
        lines.feed(b"\nnext\n");
        assert_eq!(all(&mut lines), [Line::TooLong, whole(b"next")]);
        lines.feed(&vec![b'x'; LINE]);
        lines.feed(b"\n");
        assert!(matches!(&all(&mut lines)[..], [Line::Whole(line)] if line.len() == LINE));
        assert_eq!(room.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn unfinished_lines_share_one_room_and_give_it_back() {
        let room = Room::default();
        let chunk = vec![b'x'; LINE];
        let mut clients: Vec<Lines> = (0..=UNFINISHED / LINE).map(|_| Lines::new(room.clone())).collect();
        clients.iter_mut().for_each(|lines| lines.feed(&chunk));
        let last = clients.last_mut().unwrap();
        last.feed(b"\n");
        assert_eq!(all(last), [Line::NoRoom]);
        last.feed(&chunk[..OWN]);
        last.feed(b"\n");
        assert!(matches!(&all(last)[..], [Line::Whole(_)]), "what is small always has room");
        clients.remove(0);
        let last = clients.last_mut().unwrap();
        last.feed(&chunk);
        last.feed(b"\n");
        assert!(matches!(&all(last)[..], [Line::Whole(_)]));
        clients.clear();
        assert_eq!(room.0.load(Ordering::Relaxed), 0);
    }

    proptest! {
        /// However the bytes are split, the lines are the same.
        #[test]
        fn any_split_gives_the_same_lines(bytes in prop::collection::vec(prop::sample::select(b"ab\n\r".to_vec()), 0..60),
                                          cuts in prop::collection::vec(0usize..60, 0..6)) {
            let mut once = Lines::new(Room::default());
            once.feed(&bytes);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut split = Lines::new(Room::default());
            cuts.windows(2).for_each(|cut| split.feed(&bytes[cut[0]..cut[1]]));
            prop_assert_eq!(all(&mut once), all(&mut split));
        }
    }
}
