//! How many jobs ended how.

use cluster::batch::ResultRecord;
use pool_core::message::Outcome;
use std::collections::BTreeMap;

/// Counts by outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    outcomes: BTreeMap<Outcome, u64>,
    not_run: u64,
}

impl Tally {
    pub(super) fn add(&mut self, record: &ResultRecord, not_run: bool) {
        if not_run {
            self.not_run += 1;
        } else {
            *self.outcomes.entry(record.outcome).or_default() += 1;
        }
    }

    /// How many jobs did not succeed, not counting those that were not run.
    pub(crate) fn failed(&self) -> u64 {
        self.outcomes.iter().filter(|(outcome, _)| **outcome != Outcome::Ok).map(|(_, count)| count).sum()
    }

    /// How many jobs ended at all.
    pub(crate) fn all(&self) -> u64 {
        self.outcomes.values().sum::<u64>() + self.not_run
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", jobs(self.all()))?;
        let not_run = (self.not_run > 0).then_some(("not run", self.not_run));
        let outcomes = self.outcomes.iter().map(|(outcome, count)| (outcome.word(), *count));
        for (place, (word, count)) in outcomes.chain(not_run).enumerate() {
            write!(f, "{}{count} {word}", if place == 0 { ": " } else { ", " })?;
        }
        Ok(())
    }
}

/// `1 job`, `2 jobs`.
pub(crate) fn jobs(count: u64) -> String {
    if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_a_sentence() {
        let tally = |outcomes: &[(Outcome, u64)], not_run| Tally {
            outcomes: outcomes.iter().copied().collect(),
            not_run,
        };
        assert_eq!(tally(&[], 0).to_string(), "0 jobs");
        assert_eq!(tally(&[(Outcome::Ok, 1)], 0).to_string(), "1 job: 1 ok");
        let mixed = tally(&[(Outcome::TimedOut, 2), (Outcome::Ok, 9)], 3);
        assert_eq!(mixed.to_string(), "14 jobs: 9 ok, 2 timed_out, 3 not run");
        assert_eq!((mixed.failed(), mixed.all()), (2, 14));
    }
}
