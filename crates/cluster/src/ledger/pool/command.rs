//! What the thread that writes is told by a pool that stays up, and by nobody else.

use crate::ledger::LedgerError;
use crate::ledger::book::{Book, Entry, Row, Written};
use crate::ledger::writer::Answer;
use std::sync::Arc;

/// A command of a pool that stays up.
#[derive(Debug)]
pub(in crate::ledger) enum PoolCommand {
    /// A prompt that is to be sent, and what is needed to send it.
    Accept { entry: Arc<Entry>, request: String, answer: Answer<()> },
    /// The end of a prompt that was taken back: it is never sent again.
    Withdraw { entry: Arc<Entry>, record: Written, answer: Answer<()> },
    /// Somebody has read the result of this ticket. Nobody waits for it.
    Read(u64),
}

impl PoolCommand {
    /// Makes its rows; who waits for them.
    pub(in crate::ledger) fn stage(self, book: &mut Book, rows: &mut Vec<Row>) -> Option<Answer<()>> {
        match self {
            Self::Accept { entry, request, answer } => {
                book.accept(&entry, request, rows);
                Some(answer)
            }
            Self::Withdraw { entry, record, answer } => {
                book.withdraw(&entry, record, rows);
                Some(answer)
            }
            Self::Read(ticket) => {
                book.read(ticket.saturating_sub(1) as usize, rows);
                None
            }
        }
    }

    /// It is not carried out.
    pub(in crate::ledger) fn fail(self, error: &Arc<LedgerError>) {
        match self {
            Self::Accept { answer, .. } | Self::Withdraw { answer, .. } => {
                _ = answer.send(Err(error.clone()));
            }
            Self::Read(_) => {}
        }
    }
}
