//! In which order results leave.

use super::super::reorder::Reorder;
use super::super::result::ResultRecord;
use std::collections::VecDeque;

/// In which order results leave.
#[derive(Debug)]
pub enum Order {
    /// As the input; [`Reorder`] bounds what is held back.
    Input(Reorder),
    /// As they finish.
    Finished(VecDeque<ResultRecord>),
}

impl Order {
    /// As the input.
    #[must_use]
    pub fn input() -> Self {
        Self::Input(Reorder::default())
    }

    /// As they finish.
    #[must_use]
    pub const fn finished() -> Self {
        Self::Finished(VecDeque::new())
    }

    pub(super) fn expect(&mut self, index: u64) {
        if let Self::Input(reorder) = self {
            reorder.expect(index);
        }
    }

    pub(super) fn push(&mut self, record: ResultRecord) {
        match self {
            Self::Input(reorder) => reorder.push(record),
            Self::Finished(queue) => queue.push_back(record),
        }
    }

    pub(super) fn pop(&mut self) -> Option<ResultRecord> {
        match self {
            Self::Input(reorder) => reorder.pop(),
            Self::Finished(queue) => queue.pop_front(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Input(reorder) if reorder.is_full())
    }

    pub(super) fn held(&self) -> usize {
        match self {
            Self::Input(reorder) => reorder.held(),
            Self::Finished(queue) => queue.len(),
        }
    }
}
