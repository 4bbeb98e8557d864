//! What is done about signals: each further one asks for more.

use super::Heard;
use crate::exit::Exit;

/// What to do about a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Begin no more jobs, finish those that run.
    FeedNoMore,
    /// Take back those that run.
    Cancel,
    /// Kill everything and go.
    Kill,
    /// Stop until somebody continues us.
    Suspend,
    /// Show what every instance does.
    Dump,
}

/// Each further signal asks for more; the first one decides the exit code.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    rung: u8,
    first: Option<Exit>,
}

impl Ladder {
    /// Takes a signal in.
    pub(crate) fn climb(&mut self, heard: Heard) -> Answer {
        let exit = match heard {
            Heard::Dump => return Answer::Dump,
            Heard::Suspend => return Answer::Suspend,
            Heard::Interrupt => Exit::Interrupted,
            Heard::Terminate => Exit::Terminated,
            Heard::HangUp => Exit::HungUp,
        };
        self.first.get_or_insert(exit);
        self.rung = self.rung.saturating_add(1);
        match self.rung {
            1 => Answer::FeedNoMore,
            2 => Answer::Cancel,
            _ => Answer::Kill,
        }
    }

    /// The exit code, if a signal asked for the end.
    pub(crate) const fn exit(&self) -> Option<Exit> {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Heard::{Dump, HangUp, Interrupt, Suspend, Terminate};

    #[test]
    fn f58_each_signal_asks_for_more() {
        let table: [(&[Heard], &[Answer], Option<Exit>); 4] = [
            (&[Dump, Suspend, Dump], &[Answer::Dump, Answer::Suspend, Answer::Dump], None),
            (
                &[Interrupt, Dump, Interrupt, Suspend, Interrupt, Interrupt],
                &[
                    Answer::FeedNoMore,
                    Answer::Dump,
                    Answer::Cancel,
                    Answer::Suspend,
                    Answer::Kill,
                    Answer::Kill,
                ],
                Some(Exit::Interrupted),
            ),
            (&[Terminate, Interrupt], &[Answer::FeedNoMore, Answer::Cancel], Some(Exit::Terminated)),
            (&[HangUp, Terminate], &[Answer::FeedNoMore, Answer::Cancel], Some(Exit::HungUp)),
        ];
        for (heard, answers, exit) in table {
            let mut ladder = Ladder::default();
            let got: Vec<_> = heard.iter().map(|heard| ladder.climb(*heard)).collect();
            assert_eq!((got.as_slice(), ladder.exit()), (answers, exit));
        }
    }
}
