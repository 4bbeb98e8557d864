//! Which records go: those that are too old, and the oldest of the rest while all together are too large. Never one that
//! is unfinished or at work.

use super::LedgerError;
use super::store::Store;
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;

/// How long records are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs that ended less than this long ago stay, unless there are too many.
    pub keep: Duration,
    /// All records together, in bytes.
    pub bytes: u64,
}

impl Retention {
    /// What is done if nobody says anything: 30 days, 2 GiB.
    pub const DEFAULT: Self = Self { keep: Duration::from_secs(30 * 24 * 3600), bytes: 2 << 30 };
}

/// A folder of a run that was never begun may belong to a controller that is about to: it goes when it is older.
const NEWBORN: Duration = Duration::from_secs(3600);

/// A record that may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Old {
    /// What the run is called, or the pool.
    pub name: String,
    /// When it ended, or when the pool was used last; none if it was never begun.
    pub ended: Option<Timestamp>,
    /// How much room it takes.
    pub bytes: u64,
}

/// What goes, and how much stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sweep {
    /// What goes, oldest first.
    pub old: Vec<Old>,
    /// How many records stay.
    pub kept: usize,
    /// How much room they take, in bytes.
    pub kept_bytes: u64,
}

impl Store {
    /// What goes at this time of day.
    ///
    /// # Errors
    /// As [`Store::names`].
    pub fn sweep(&self, retention: Retention, now: Timestamp) -> Result<Sweep, LedgerError> {
        let (mut removable, mut sweep) = (Vec::new(), Sweep::default());
        for name in self.names()? {
            let bytes = self.folder(&name).map_or(0, |folder| size(&folder));
            match self.is_removable(&name, now) {
                Some(ended) => removable.push(Old { name, ended, bytes }),
                None => {
                    sweep.kept += 1;
                    sweep.kept_bytes += bytes;
                }
            }
        }
        Ok(choose(removable, sweep, retention, now))
    }

    /// When it ended, for a run that may go.
    fn is_removable(&self, name: &str, now: Timestamp) -> Option<Option<Timestamp>> {
        if self.holder(name).is_some() {
            return None;
        }
        // Asked first, because for most runs it takes no look into the record.
        if let Some(ended) = self.ended(name) {
            return Some(Some(ended));
        }
        let made = changed(&self.folder(name).ok()?)?;
        (age(made, now) >= NEWBORN && self.was_never_begun(name)).then_some(None)
    }
}

fn choose(mut removable: Vec<Old>, mut sweep: Sweep, retention: Retention, now: Timestamp) -> Sweep {
    removable.sort_by_key(|run| run.ended);
    let mut total = sweep.kept_bytes + removable.iter().map(|run| run.bytes).sum::<u64>();
    for run in removable {
        let is_old = run.ended.is_none_or(|ended| age(ended, now) >= retention.keep);
        if is_old || total > retention.bytes {
            total -= run.bytes;
            sweep.old.push(run);
        } else {
            sweep.kept += 1;
            sweep.kept_bytes += run.bytes;
        }
    }
    sweep
}

/// None of what lies in the future.
pub(super) fn age(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

/// When a file or folder was changed last.
pub(super) fn changed(path: &Path) -> Option<Timestamp> {
    path.metadata().and_then(|found| found.modified()).ok()?.try_into().ok()
}

/// The bytes of the files in a folder.
pub(super) fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(days * 24 * 3600).unwrap()
    }

    #[test]
    fn the_old_and_the_too_much_go() {
        let old = |name: &str, ended: Option<i64>, bytes| Old {
            name: name.to_owned(),
            ended: ended.map(at),
            bytes,
        };
        let chosen = |kept_bytes, bytes| {
            let runs = vec![
                old("new", Some(99), 10),
                old("future", Some(101), 10),
                old("old", Some(50), 10),
                old("none", None, 1),
                old("mid", Some(80), 10),
            ];
            let retention = Retention { bytes, ..Retention::DEFAULT };
            let sweep = choose(runs, Sweep { kept: 1, kept_bytes, ..Sweep::default() }, retention, at(100));
            let names = sweep.old.into_iter().map(|run| run.name).collect::<Vec<_>>();
            (names, sweep.kept, sweep.kept_bytes)
        };
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(chosen(0, 100), (named(&["none", "old"]), 4, 30));
        assert_eq!(chosen(0, 30), (named(&["none", "old"]), 4, 30));
        assert_eq!(chosen(5, 30), (named(&["none", "old", "mid"]), 3, 25));
        assert_eq!(chosen(100, 30), (named(&["none", "old", "mid", "new", "future"]), 1, 100));
    }
}
