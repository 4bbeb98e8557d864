//! The end of what the chosen instance was told and said, as lines that are safe to show.

use super::{Effect, Model};
use crate::output::{Transcripts, sanitize};
use anstream::adapter::strip_str;
use cluster::control::protocol::LogPiece;
use std::collections::VecDeque;

/// So many lines are kept: more than a terminal has rows.
const LINES: usize = 400;

/// So many letters of a line are shown.
const LETTERS: usize = 2000;

/// Lines, marked as those of `cluster logs`.
#[derive(Debug, Default)]
pub(in crate::commands::top) struct Transcript {
    /// The oldest first.
    whole: VecDeque<String>,
    pieces: Transcripts,
}

impl Transcript {
    /// Takes in a piece.
    fn take(&mut self, LogPiece { slot, what }: LogPiece) {
        let text = self.pieces.take(slot, what);
        // Lines that would be dropped at once are not looked at.
        let new = text.lines().count();
        self.whole.extend(text.lines().skip(new.saturating_sub(LINES)).map(plain));
        let over = self.whole.len().saturating_sub(LINES);
        self.whole.drain(..over);
    }

    /// Its lines, the newest first, with the beginning of one that has no end yet.
    pub(in crate::commands::top) fn newest_first(&self) -> impl Iterator<Item = String> {
        let open = self.pieces.unfinished();
        let open: Vec<String> = open.lines().rev().map(plain).collect();
        open.into_iter().chain(self.whole.iter().rev().cloned())
    }
}

impl Model {
    /// Whose transcript is to be followed, if that has changed.
    pub(super) fn follow(&mut self) -> Option<Effect> {
        let wanted = self.row().map(|_| self.chosen);
        if wanted == self.followed {
            return None;
        }
        (self.followed, self.transcript) = (wanted, Transcript::default());
        wanted.filter(|_| !self.gone).map(Effect::Follow)
    }

    /// A transcript begins.
    pub(super) fn follows(&mut self, index: u32) {
        if index == self.chosen {
            self.transcript = Transcript::default();
        }
    }

    /// Pieces of an instance that was chosen before may still be on their way.
    pub(super) fn logged(&mut self, piece: LogPiece) {
        if piece.slot == self.chosen {
            self.transcript.take(piece);
        }
    }
}

/// A line without colours, and as it is after what it has overwritten.
fn plain(line: &str) -> String {
    let text = match line.strip_prefix("> ") {
        // Some tools are told the end of a line in this way.
        Some(told) => format!("> {}", strip_str(told.trim_end_matches('\r')).to_string().replace('\r', " ")),
        None => {
            let text = strip_str(line).to_string();
            let text = text.trim_end_matches('\r');
            text.rsplit('\r').next().unwrap_or_default().to_owned()
        }
    };
    sanitize::line(&text.replace('\t', "    "), LETTERS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::control::protocol::Logged;
    use proptest::prelude::*;

    fn said(text: &str) -> Logged {
        Logged::Said(text.as_bytes().to_vec().into())
    }

    fn lines(pieces: Vec<Logged>) -> Vec<String> {
        let mut transcript = Transcript::default();
        pieces.into_iter().for_each(|what| transcript.take(LogPiece { slot: 1, what }));
        let mut lines: Vec<String> = transcript.newest_first().collect();
        lines.reverse();
        lines
    }

    #[test]
    fn what_is_told_and_said_reads_as_lines() {
        let told = |text: &str| Logged::Told(text.as_bytes().to_vec().into());
        let table: [(Vec<Logged>, &[&str]); 7] = [
            (vec![], &[]),
            (
                vec![Logged::Note("life 1 begins".into()), said(">>> "), told("1+1\n"), said("2\n>>> ")],
                &["# life 1 begins", ">>> ", "> 1+1", "2", ">>> "],
            ),
            (vec![said("ha"), said("lf")], &["half"]),
            (vec![said("\u{1b}[31mred\u{1b}[0m\ttab\r\n")], &["red    tab"]),
            (vec![said("10%\r20%\r100%\r\n"), said("1\r2")], &["100%", "2"]),
            (vec![told("one\rtwo\r"), said("\u{7}\u{202e}x")], &["> one two", "\\u{202e}x"]),
            (vec![Logged::Missed(7), said("\u{1b}]0;title\u{7}x\n")], &["# 7 bytes are missing here", "x"]),
        ];
        for (pieces, expected) in table {
            assert_eq!(lines(pieces), expected);
        }
    }

    #[test]
    fn it_is_bounded_and_its_end_is_kept() {
        let many: String = (0..3 * LINES).map(|number| format!("{number}\n")).collect();
        let kept = lines(vec![said(&many), said("last\n")]);
        assert_eq!((kept.len(), kept[0].as_str()), (LINES, "801"));
        assert_eq!(kept[LINES - 1], "last");
        let long = lines(vec![said(&"ä".repeat(9000))]);
        assert_eq!(long[0].chars().count(), LETTERS);
    }

    proptest! {
        #[test]
        fn nothing_acts_on_the_terminal(pieces in proptest::collection::vec(any::<String>(), 0..9)) {
            for line in lines(pieces.iter().map(|piece| said(piece)).collect()) {
                prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }
    }
}
