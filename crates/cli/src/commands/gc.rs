//! `cluster gc`: removes old records.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::clock::wall;
use cluster::batch::duration::duration;
use cluster::ledger::read::Run;
use cluster::ledger::store::Store;
use jiff::Timestamp;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// Remove old records
///
/// Runs that have ended are removed when they are too old, and, oldest first, while all together are too large.
/// Unfinished runs are never removed.
#[derive(Debug, clap::Args)]
pub(crate) struct GcArgs {
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep runs that ended less than this long ago
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "720h")]
    keep: Duration,
    /// Keep at most so many megabytes
    #[arg(long, value_name = "MB", default_value_t = 2048)]
    max_size: u64,
}

/// A run that may be removed.
struct Old {
    name: String,
    /// None if there is no record that can be read: a run that was never begun.
    ended: Option<Timestamp>,
    bytes: u64,
}

pub(crate) fn run(args: &GcArgs) -> Result<Exit, Failure> {
    let store = Store::current().map_err(Failure::ledger)?;
    let (mut old, mut kept) = (Vec::new(), 0);
    for name in store.names().map_err(Failure::ledger)? {
        let bytes = store.folder(&name).map_or(0, |folder| size(&folder));
        match removable(&store, &name) {
            Some(ended) => old.push(Old { name, ended, bytes }),
            None => kept += bytes,
        }
    }
    let removed = choose(old, kept, wall(), args.keep, args.max_size << 20);
    let mut text = String::new();
    for run in &removed {
        let _ = writeln!(text, "{}  {}", run.name, megabytes(run.bytes));
        if !args.dry_run {
            store.remove(&run.name).map_err(Failure::ledger)?;
        }
    }
    let word = if args.dry_run { "would remove" } else { "removed" };
    let bytes = removed.iter().map(|run| run.bytes).sum();
    let _ = writeln!(text, "{word} {} of runs, {}", removed.len(), megabytes(bytes));
    Output::document(&text)?;
    Ok(Exit::Ok)
}

/// What goes: what is too old, what never was a run, and the oldest of the rest while there is too much.
fn choose(mut old: Vec<Old>, kept: u64, now: Timestamp, keep: Duration, limit: u64) -> Vec<Old> {
    old.sort_by_key(|run| run.ended);
    let mut total = kept + old.iter().map(|run| run.bytes).sum::<u64>();
    old.retain(|run| {
        let is_old = run.ended.is_none_or(|ended| now.duration_since(ended).unsigned_abs() >= keep);
        let goes = is_old || total > limit;
        if goes {
            total -= run.bytes;
        }
        goes
    });
    old
}

/// When it ended, for a run that may go; never one that is unfinished or at work. A damaged record is left for people.
fn removable(store: &Store, name: &str) -> Option<Option<Timestamp>> {
    if store.holder(name).is_some() {
        return None;
    }
    if store.was_never_begun(name) {
        return Some(None);
    }
    let overview = Run::open(store, name).and_then(|run| run.overview()).ok()?;
    overview.ended.map(Some)
}

/// The bytes of the files in a folder.
pub(super) fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum()
}

/// `1.5 MB`.
pub(super) fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_and_the_too_much_go() {
        let day = 24 * 3600;
        let at = |days: i64| Timestamp::from_second(days * day).unwrap();
        let old = |name: &str, ended: Option<i64>, bytes| Old {
            name: name.to_owned(),
            ended: ended.map(at),
            bytes,
        };
        let chosen = |kept, limit| {
            let runs = vec![
                old("new", Some(99), 10),
                old("old", Some(50), 10),
                old("none", None, 1),
                old("mid", Some(80), 10),
            ];
            let keep = Duration::from_secs(30 * 24 * 3600);
            let gone = choose(runs, kept, at(100), keep, limit);
            gone.into_iter().map(|run| run.name).collect::<Vec<_>>()
        };
        assert_eq!(chosen(0, 100), ["none", "old"]);
        assert_eq!(chosen(0, 20), ["none", "old"]);
        assert_eq!(chosen(5, 20), ["none", "old", "mid"]);
        assert_eq!(chosen(100, 20), ["none", "old", "mid", "new"]);
    }
}
