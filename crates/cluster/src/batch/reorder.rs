//! Results as they finish → results in the order of the input, within bounds.

use super::result::ResultRecord;
use std::collections::{BTreeMap, VecDeque};

/// Holds results back until their turn comes.
///
/// The policy when one slow job holds up many that have finished: up to [`Reorder::RECORDS`] records and
/// [`Reorder::BYTES`] of text are kept; then no new job begins until the slow one has ended. Memory stays bounded,
/// nothing is dropped; whoever would rather not wait takes results unordered.
#[derive(Debug, Default)]
pub struct Reorder {
    held: BTreeMap<u64, ResultRecord>,
    /// The places of what is to come out, in order: not every job of a list need be run.
    expected: VecDeque<u64>,
    bytes: usize,
}

impl Reorder {
    /// How many records are kept at most, before feeding stops.
    pub const RECORDS: usize = 4096;
    /// How much text is kept at most, before feeding stops; results of jobs that run already come on top.
    pub const BYTES: usize = 256 << 20;

    /// The result of the job at this place will come, after those of all that were announced before.
    pub fn expect(&mut self, index: u64) {
        self.expected.push_back(index);
    }

    /// Takes a result in.
    pub fn push(&mut self, record: ResultRecord) {
        self.bytes += record.weight();
        self.held.insert(record.index, record);
    }

    /// The next result, if its turn has come.
    pub fn pop(&mut self) -> Option<ResultRecord> {
        let record = self.held.remove(self.expected.front()?)?;
        self.bytes -= record.weight();
        self.expected.pop_front();
        Some(record)
    }

    /// Everything that is held, whether or not its turn has come.
    pub fn take_all(&mut self) -> Vec<ResultRecord> {
        self.bytes = 0;
        std::mem::take(&mut self.held).into_values().collect()
    }

    /// Whether feeding must stop until the job with the lowest number has ended.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held.len() >= Self::RECORDS || self.bytes >= Self::BYTES
    }

    /// How many results wait.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::plan::JobInfo;
    use proptest::prelude::*;

    fn record(index: u64, bytes: usize) -> ResultRecord {
        let info = JobInfo { index, item: Some("x".repeat(bytes)), ..JobInfo::default() };
        ResultRecord::refused(info, String::new(), jiff::Timestamp::UNIX_EPOCH)
    }

    proptest! {
        #[test]
        fn any_order_in_is_input_order_out(order in Just((0..40).collect::<Vec<u64>>()).prop_shuffle()) {
            let mut reorder = Reorder::default();
            let mut out = Vec::new();
            (0..40).step_by(2).for_each(|index| reorder.expect(index));
            for index in order.into_iter().filter(|index| index % 2 == 0) {
                reorder.push(record(index, 3));
                out.extend(std::iter::from_fn(|| reorder.pop()).map(|record| record.index));
            }
            prop_assert_eq!(out, (0..40).step_by(2).collect::<Vec<_>>());
            prop_assert_eq!((reorder.held(), reorder.bytes), (0, 0));
        }
    }

    #[test]
    fn it_is_full_by_count_or_by_text() {
        let mut reorder = Reorder::default();
        reorder.expect(0);
        for index in 1..Reorder::RECORDS as u64 {
            reorder.push(record(index, 0));
        }
        assert!(!reorder.is_full());
        reorder.push(record(0, 0));
        assert!(reorder.is_full());
        assert!(reorder.pop().is_some() && !reorder.is_full());
        let mut reorder = Reorder::default();
        reorder.expect(0);
        reorder.push(record(1, Reorder::BYTES));
        assert!(reorder.is_full() && reorder.pop().is_none());
    }
}
