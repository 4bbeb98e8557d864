//! What is measured against what, and how far it may be off.

use crate::sample::Sample;

/// Programs that do the same thing, and what is demanded of ours.
pub(crate) struct Case {
    /// The word on the command line.
    pub(crate) name: &'static str,
    /// One line about it.
    pub(crate) about: &'static str,
    /// How many rounds a verdict takes.
    pub(crate) rounds: usize,
    /// The programs; the first is the limit.
    pub(crate) rows: Vec<Row>,
    /// The numbers that the table shows; it gives the first one as a ratio to the limit, too.
    pub(crate) shown: &'static [&'static str],
    /// The demands.
    pub(crate) targets: Vec<Target>,
}

/// One program of a case.
pub(crate) struct Row {
    /// How the table calls it.
    pub(crate) name: &'static str,
    /// The arguments with which this program starts itself.
    pub(crate) words: Vec<String>,
}

impl Row {
    /// A row from one line of arguments, none of which has a space in it.
    pub(crate) fn new(name: &'static str, line: &str) -> Self {
        Self { name, words: line.split_whitespace().map(str::to_owned).collect() }
    }
}

/// One demand.
pub(crate) struct Target {
    /// What it is about.
    pub(crate) name: &'static str,
    /// The number.
    pub(crate) measure: Measure,
    /// How large or small it must be.
    pub(crate) bound: Bound,
}

/// A number made from the samples of one round.
pub(crate) enum Measure {
    /// A number of one row, as a multiple of the same number of another.
    Ratio { of: &'static str, to: &'static str, key: &'static str },
    /// A number of one row as it is.
    Value { of: &'static str, key: &'static str },
    /// By how much a number grows from one row to another, for each of so many things more.
    Growth { from: &'static str, to: &'static str, key: &'static str, each: f64 },
    /// By how much a time is more than so much, for each of so many jobs, in medians of one sync of the disk.
    Syncs { of: &'static str, beyond: f64, jobs: f64, disk: &'static str },
    /// By how much the median latency grows from one row to another, in medians of one sync of the disk.
    GrowthInSyncs { from: &'static str, to: &'static str, disk: &'static str },
}

/// How large or small a number must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    /// Whether `value` is good enough.
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "<= {bound}"),
            Self::AtLeast(bound) => write!(f, ">= {bound}"),
        }
    }
}

impl Measure {
    /// The number of one round; `None` if a program it needs has failed in it.
    pub(crate) fn of<'a>(&self, sample: impl Fn(&str) -> Option<&'a Sample>) -> Option<f64> {
        let get = |row: &str, key: &str| sample(row)?.get(key);
        match self {
            Self::Ratio { of, to, key } => Some(get(of, key)? / get(to, key)?),
            Self::Value { of, key } => get(of, key),
            Self::Syncs { of, beyond, jobs, disk } => {
                Some((get(of, "wall_ms")? - beyond) / jobs / get(disk, "p50_ms")?)
            }
            Self::GrowthInSyncs { from, to, disk } => {
                Some((get(to, "p50_us")? - get(from, "p50_us")?) / 1000.0 / get(disk, "p50_ms")?)
            }
            Self::Growth { from, to, key, each } => Some((get(to, key)? - get(from, key)?) / each),
        }
    }
}
