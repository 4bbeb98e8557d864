//! What happens on the way, from the instance to a caller that may be slow: bounded, and the oldest text gives way.

use super::Progress;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// How much text may wait for a slow reader, in bytes; then the oldest gives way to [`Progress::Missed`].
pub const PROGRESS_TEXT: usize = 256 * 1024;
/// How many pieces may wait for a slow reader.
pub const PROGRESS_BOUND: usize = 256;
/// Texts that wait are put together up to this many bytes, so that few pieces hold them.
const PIECE: usize = 8 * 1024;

/// Both ends of a new feed.
pub(super) fn feed() -> (Feeder, Feed) {
    let shelf = Arc::<Mutex<Shelf>>::default();
    (Feeder(shelf.clone()), Feed(shelf))
}

/// The sending end; dropping it ends the feed once everything has been read.
pub(super) struct Feeder(Arc<Mutex<Shelf>>);

/// The reading end; once it is dropped nothing is made any more.
pub(super) struct Feed(Arc<Mutex<Shelf>>);

#[derive(Default)]
struct Shelf {
    pieces: VecDeque<Progress>,
    /// Bytes of text in `pieces`.
    text: usize,
    reader: Option<Waker>,
    /// One of the ends has gone.
    over: bool,
}

impl Feeder {
    /// Puts a piece where the reader finds it, if there still is one; never waits.
    pub(super) fn put(&self, piece: impl FnOnce() -> Progress) {
        let mut shelf = open(&self.0);
        if shelf.over {
            return;
        }
        shelf.put(piece());
        let reader = shelf.reader.take();
        drop(shelf);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Whether somebody still reads.
    pub(super) fn is_read(&self) -> bool {
        !open(&self.0).over
    }
}

impl Feed {
    /// The next piece; `None` when there will be no more.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Option<Progress>> {
        let mut shelf = open(&self.0);
        if let Some(piece) = shelf.take() {
            return Poll::Ready(Some(piece));
        }
        if shelf.over {
            return Poll::Ready(None);
        }
        shelf.reader = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Shelf {
    /// A long text is put in parts, so that the oldest of it can give way alone.
    fn put(&mut self, piece: Progress) {
        match piece {
            Progress::Text { step, text } if text.len() > PIECE => {
                parts(&text).for_each(|part| self.put_one(Progress::Text { step, text: part.to_owned() }));
            }
            piece => self.put_one(piece),
        }
    }

    fn put_one(&mut self, piece: Progress) {
        self.text += piece.text_len();
        match (self.pieces.back_mut(), piece) {
            (Some(Progress::Text { step, text }), Progress::Text { step: same, text: more })
                if *step == same && text.len() + more.len() <= PIECE =>
            {
                text.push_str(&more);
            }
            (_, piece) => self.pieces.push_back(piece),
        }
        while self.text > PROGRESS_TEXT || self.pieces.len() > PROGRESS_BOUND {
            self.drop_oldest();
        }
    }

    /// The oldest text gives way to a mark in its place. Without any, the oldest piece goes.
    fn drop_oldest(&mut self) {
        let oldest = self.pieces.iter().position(|piece| piece.text_len() > 0).unwrap_or(0);
        let Some(piece) = self.pieces.remove(oldest) else { return };
        let gone = piece.text_len();
        self.text -= gone;
        let before = oldest.checked_sub(1).and_then(|before| self.pieces.get_mut(before));
        match before {
            Some(Progress::Missed(missed)) => *missed += gone as u64,
            _ if gone > 0 => self.pieces.insert(oldest, Progress::Missed(gone as u64)),
            _ => {}
        }
    }

    fn take(&mut self) -> Option<Progress> {
        let piece = self.pieces.pop_front()?;
        self.text -= piece.text_len();
        Some(piece)
    }
}

/// A text in parts of at most [`PIECE`] bytes.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (part, more) = rest.split_at(end);
        rest = more;
        (!part.is_empty()).then_some(part)
    })
}

impl Drop for Feeder {
    fn drop(&mut self) {
        let mut shelf = open(&self.0);
        shelf.over = true;
        let reader = shelf.reader.take();
        drop(shelf);
        reader.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let mut shelf = open(&self.0);
        shelf.over = true;
        shelf.pieces = VecDeque::new();
        shelf.text = 0;
    }
}

fn open(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

    fn text(step: usize, text: &str) -> Progress {
        Progress::Text { step, text: text.into() }
    }

    fn rest(feed: &Feed) -> Vec<Progress> {
        let context = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match feed.poll(&context) {
            Poll::Ready(piece) => piece,
            Poll::Pending => None,
        })
        .collect()
    }

    #[test]
    fn texts_of_one_step_that_wait_are_read_as_one() {
        let (feeder, feed) = feed();
        for piece in [Progress::Delivered, text(0, "a\n"), text(0, "b\n"), text(1, "c\n")] {
            feeder.put(|| piece);
        }
        assert_eq!(rest(&feed), [Progress::Delivered, text(0, "a\nb\n"), text(1, "c\n")]);
    }

    #[test]
    fn the_oldest_text_gives_way_and_nothing_else() {
        let (feeder, feed) = feed();
        feeder.put(|| Progress::Delivered);
        let line = "x".repeat(PIECE);
        let fitting = PROGRESS_TEXT / PIECE;
        for _ in 0..fitting + 3 {
            feeder.put(|| text(0, &line));
        }
        feeder.put(|| Progress::NeedsInput("ok?".into()));
        let read = rest(&feed);
        assert_eq!(read[..2], [Progress::Delivered, Progress::Missed(3 * PIECE as u64)]);
        assert_eq!(read.len(), 2 + fitting + 1);
        assert_eq!(read.last(), Some(&Progress::NeedsInput("ok?".into())));
    }

    #[test]
    fn of_a_text_that_is_too_long_the_end_is_kept() {
        let (feeder, feed) = feed();
        let long = format!("{}end", "é".repeat(PROGRESS_TEXT / 2));
        feeder.put(|| text(0, &long));
        let read = rest(&feed);
        let kept: String = read[1..]
            .iter()
            .map(|piece| match piece {
                Progress::Text { text, .. } => text.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(long.ends_with(&kept) && kept.len() > PROGRESS_TEXT - 2 * PIECE, "{}", kept.len());
        assert_eq!(read[0], Progress::Missed((long.len() - kept.len()) as u64));
    }

    #[test]
    fn nothing_is_made_once_the_reader_has_gone() {
        let (feeder, feed) = feed();
        assert!(feeder.is_read());
        drop(feed);
        assert!(!feeder.is_read());
        feeder.put(|| panic!("made for nobody"));
    }

    #[test]
    fn it_ends_when_the_sender_has_gone_and_all_is_read() {
        let (feeder, feed) = feed();
        feeder.put(|| text(0, "last"));
        drop(feeder);
        let context = Context::from_waker(Waker::noop());
        assert_eq!(feed.poll(&context), Poll::Ready(Some(text(0, "last"))));
        assert_eq!(feed.poll(&context), Poll::Ready(None));
    }

    proptest! {
        #[test]
        fn what_is_read_and_what_is_missed_is_all_there_was(
            pieces in prop::collection::vec(prop_oneof![
                4 => (0..3_usize, 1..100_000_usize).prop_map(|(step, size)| text(step, &"x".repeat(size))),
                1 => Just(Progress::NeedsInput("?".into())),
            ], 0..400),
            reads in 1..50_usize,
        ) {
            let (feeder, feed) = feed();
            let (mut sent, mut seen) = (0, 0);
            let mut count = |piece: &Progress| seen += match piece {
                Progress::Missed(gone) => *gone,
                piece => piece.text_len() as u64,
            };
            for (at, piece) in pieces.into_iter().enumerate() {
                sent += piece.text_len() as u64;
                feeder.put(|| piece);
                let shelf = open(&feed.0);
                prop_assert!(shelf.text <= PROGRESS_TEXT && shelf.pieces.len() <= PROGRESS_BOUND);
                drop(shelf);
                if at % reads == 0 {
                    rest(&feed).iter().for_each(&mut count);
                }
            }
            rest(&feed).iter().for_each(&mut count);
            prop_assert_eq!(sent, seen);
        }
    }
}
