//! Signals: what they ask for, one after the other.

use crate::exit::Exit;
use futures_util::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGUSR1.
    Dump,
}

/// The signals of the process, from now on. Never ends.
#[derive(Debug)]
pub(crate) struct Signals([(Heard, Signal); 3]);

impl Signals {
    /// Takes the signals over. Within a runtime only.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self([
            (Heard::Interrupt, signal(SignalKind::interrupt())?),
            (Heard::Terminate, signal(SignalKind::terminate())?),
            (Heard::Dump, signal(SignalKind::user_defined1())?),
        ]))
    }
}

impl Stream for Signals {
    type Item = Heard;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Heard>> {
        for (heard, signal) in &mut self.0 {
            if signal.poll_recv(context).is_ready() {
                return Poll::Ready(Some(*heard));
            }
        }
        Poll::Pending
    }
}

/// What to do about a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Begin no more jobs, finish those that run.
    FeedNoMore,
    /// Take back those that run.
    Cancel,
    /// Kill everything and go.
    Kill,
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
            Heard::Interrupt => Exit::Interrupted,
            Heard::Terminate => Exit::Terminated,
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
    use Heard::{Dump, Interrupt, Terminate};

    #[test]
    fn each_signal_asks_for_more() {
        let table: [(&[Heard], &[Answer], Option<Exit>); 3] = [
            (&[Dump, Dump], &[Answer::Dump, Answer::Dump], None),
            (
                &[Interrupt, Dump, Interrupt, Interrupt, Interrupt],
                &[Answer::FeedNoMore, Answer::Dump, Answer::Cancel, Answer::Kill, Answer::Kill],
                Some(Exit::Interrupted),
            ),
            (&[Terminate, Interrupt], &[Answer::FeedNoMore, Answer::Cancel], Some(Exit::Terminated)),
        ];
        for (heard, answers, exit) in table {
            let mut ladder = Ladder::default();
            let got: Vec<_> = heard.iter().map(|heard| ladder.climb(*heard)).collect();
            assert_eq!((got.as_slice(), ladder.exit()), (answers, exit));
        }
    }
}
