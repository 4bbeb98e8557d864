//! When failures end a batch before its list does: `soon,fail=3`, `now,fail=10%`, in the manner of GNU parallel.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

/// So many failures have to be there before a share of them counts: of the first job that fails, it is all.
const LEAST: u64 = 3;

/// When failures end a batch, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halt {
    /// What becomes of the jobs that run.
    pub how: How,
    /// When it is enough.
    pub enough: Enough,
}

/// What becomes of the jobs that run when a batch is halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// They are taken back.
    Now,
    /// They go on; no more are begun.
    Soon,
}

/// How many failures are enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    /// So many, at least 1.
    Count(u64),
    /// So many of a hundred that have ended, 1 to 100, and at least three.
    Percent(u8),
}

/// Text that says nothing about halting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} does not say when to halt: write now or soon, then how many failures, as in soon,fail=3 or now,fail=10%"
)]
pub struct BadHalt(pub String);

impl Halt {
    /// Whether it is time, with so many failures among so many jobs that have ended.
    #[must_use]
    pub const fn is_due(self, failed: u64, ended: u64) -> bool {
        match self.enough {
            Enough::Count(count) => failed >= count,
            Enough::Percent(percent) => {
                failed >= LEAST && failed.saturating_mul(100) >= ended.saturating_mul(percent as u64)
            }
        }
    }
}

impl FromStr for Halt {
    type Err = BadHalt;

    fn from_str(text: &str) -> Result<Self, BadHalt> {
        let read = || {
            let (how, enough) = text.split_once(',')?;
            let how = match how {
                "now" => How::Now,
                "soon" => How::Soon,
                _ => return None,
            };
            let number = enough.strip_prefix("fail=")?;
            let enough = match number.strip_suffix('%') {
                Some(percent) => {
                    Enough::Percent(percent.parse().ok().filter(|percent| (1..=100).contains(percent))?)
                }
                None => Enough::Count(number.parse().ok().filter(|count| *count > 0)?),
            };
            Some(Self { how, enough })
        };
        read().ok_or_else(|| BadHalt(text.to_owned()))
    }
}

impl Display for Halt {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let how = if self.how == How::Now { "now" } else { "soon" };
        match self.enough {
            Enough::Count(count) => write!(f, "{how},fail={count}"),
            Enough::Percent(percent) => write!(f, "{how},fail={percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_when_to_halt() {
        let table = [
            ("now,fail=1", Some((How::Now, Enough::Count(1)))),
            ("soon,fail=12", Some((How::Soon, Enough::Count(12)))),
            ("soon,fail=10%", Some((How::Soon, Enough::Percent(10)))),
            ("now,fail=100%", Some((How::Now, Enough::Percent(100)))),
            ("soon,fail=0", None),
            ("soon,fail=0%", None),
            ("soon,fail=101%", None),
            ("soon,fail=-1", None),
            ("soon,success=1", None),
            ("never", None),
            ("soon", None),
            ("later,fail=1", None),
            ("", None),
        ];
        for (text, expected) in table {
            let halt = text.parse::<Halt>();
            assert_eq!(halt.clone().ok().map(|halt| (halt.how, halt.enough)), expected, "{text}");
            if let Ok(halt) = halt {
                assert_eq!(halt.to_string(), text);
            }
        }
    }

    #[test]
    fn when_it_is_time() {
        let table = [
            ("soon,fail=2", 1, 1, false),
            ("soon,fail=2", 2, 1000, true),
            ("soon,fail=10%", 2, 2, false),
            ("soon,fail=10%", 3, 3, true),
            ("soon,fail=10%", 3, 30, true),
            ("soon,fail=10%", 3, 31, false),
            ("soon,fail=100%", 3, 4, false),
        ];
        for (text, failed, ended, expected) in table {
            let halt: Halt = text.parse().unwrap();
            assert_eq!(halt.is_due(failed, ended), expected, "{text}: {failed} of {ended}");
        }
    }
}
