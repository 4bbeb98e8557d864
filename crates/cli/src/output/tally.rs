//! How many jobs ended how.

use cluster::batch::ResultRecord;
use pool_core::message::Outcome;
use std::collections::BTreeMap;
use std::time::Duration;

/// How a result is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Its reply on standard output, what is remarkable about it on standard error.
    Whole,
    /// The pool gave up before the job was sent, which is told once for all.
    NotRun,
    /// It is no good answer: told on standard error, and its text is not mixed with those that are.
    NoAnswer,
    /// Others have answered before: not at all.
    NotNeeded,
}

/// Counts by outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    outcomes: BTreeMap<Outcome, u64>,
    not_run: u64,
    not_needed: u64,
    /// All turns, one after the other.
    turns: Duration,
}

impl Tally {
    pub(super) fn add(&mut self, record: &ResultRecord, shown: Shown) {
        self.turns = self.turns.saturating_add(Duration::from_micros(record.turn_us));
        *match shown {
            Shown::NotRun => &mut self.not_run,
            Shown::NotNeeded => &mut self.not_needed,
            Shown::Whole | Shown::NoAnswer => self.outcomes.entry(record.outcome).or_default(),
        } += 1;
    }

    /// How many jobs did not succeed, not counting those that were not run or not needed.
    pub(crate) fn failed(&self) -> u64 {
        self.outcomes.iter().filter(|(outcome, _)| **outcome != Outcome::Ok).map(|(_, count)| count).sum()
    }

    /// How many jobs were taken back.
    pub(crate) fn cancelled(&self) -> u64 {
        self.outcomes.get(&Outcome::Cancelled).copied().unwrap_or_default()
    }

    /// How long all turns would have taken one after the other.
    pub(super) const fn turns(&self) -> Duration {
        self.turns
    }

    /// How many jobs ended how, by the outcome's word.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.outcomes.iter().map(|(outcome, count)| (outcome.word(), *count))
    }

    /// How many jobs ended at all.
    pub(crate) fn all(&self) -> u64 {
        self.outcomes.values().sum::<u64>() + self.not_run + self.not_needed
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", jobs(self.all()))?;
        let others = [("not run", self.not_run), ("not needed", self.not_needed)];
        let others = others.into_iter().filter(|(_, count)| *count > 0);
        for (place, (word, count)) in self.outcomes().chain(others).enumerate() {
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
            ..Tally::default()
        };
        assert_eq!(tally(&[], 0).to_string(), "0 jobs");
        assert_eq!(tally(&[(Outcome::Ok, 1)], 0).to_string(), "1 job: 1 ok");
        let mixed = tally(&[(Outcome::TimedOut, 2), (Outcome::Ok, 9)], 3);
        assert_eq!(mixed.to_string(), "14 jobs: 9 ok, 2 timed_out, 3 not run");
        assert_eq!((mixed.failed(), mixed.all()), (2, 14));
        let raced = Tally { not_needed: 2, ..tally(&[(Outcome::Ok, 1)], 0) };
        assert_eq!((raced.to_string().as_str(), raced.failed()), ("3 jobs: 1 ok, 2 not needed", 0));
    }
}
