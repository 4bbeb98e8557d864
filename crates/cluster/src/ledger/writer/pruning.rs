//! Now and then the record of a pool loses what ended long ago. That of a run goes as a whole.

use super::Keeper;
use crate::batch::clock::wall;
use crate::ledger::pool::{Which, prune};

/// After how many tickets it is looked whether old ones may go.
const EVERY: usize = 1024;

/// When that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pruning {
    Never,
    /// As soon as so many tickets have been given.
    At(usize),
}

impl Keeper {
    /// Of a pool that stays up.
    pub(in crate::ledger) fn pruning(self) -> Self {
        let pruning = Pruning::At(self.book.given() + EVERY);
        Self { pruning, ..self }
    }

    /// Forgets old tickets, if it is time. The disk may refuse: then it is tried again after as many tickets.
    pub(super) fn prune(&mut self) {
        let given = self.book.given();
        if !matches!(self.pruning, Pruning::At(at) if given >= at) {
            return;
        }
        self.pruning = Pruning::At(given + EVERY);
        let Some(connection) = &self.connection else { return };
        if let Err(error) = prune(connection, &mut self.book, Which::Read, wall()) {
            tracing::debug!("old tickets stay: {error}");
            // What goes on after an error begins with a file that was opened anew.
            self.connection = None;
        }
    }
}
