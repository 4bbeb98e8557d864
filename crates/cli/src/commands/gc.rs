//! `cluster gc`: removes old records.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::clock::wall;
use cluster::batch::duration::duration;
use cluster::ledger::pool::Pools;
use cluster::ledger::retention::Retention;
use cluster::ledger::store::Store;
use std::fmt::Write;
use std::time::Duration;

/// Remove old records
///
/// Runs that have ended are removed when they are too old, and, oldest first, while all together are too large; pools that
/// are down, when nobody has used them for as long. Every run does so at its end, with the limits that are given here as
/// defaults. Nothing goes that is unfinished, waits to be sent or is in doubt.
#[derive(Debug, clap::Args)]
pub(crate) struct GcArgs {
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep what ended, or was used, less than this long ago [default: 720h]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    keep: Option<Duration>,
    /// Keep at most so many megabytes [default: 2048]
    #[arg(long, value_name = "MB")]
    max_size: Option<u64>,
}

pub(crate) fn run(args: &GcArgs) -> Result<Exit, Failure> {
    let store = Store::current().map_err(Failure::ledger)?;
    let pools = Pools::current().map_err(Failure::ledger)?;
    let default = Retention::DEFAULT;
    let retention = Retention {
        keep: args.keep.unwrap_or(default.keep),
        bytes: args.max_size.map_or(default.bytes, |size| size.saturating_mul(1 << 20)),
    };
    let sweep = store.sweep(retention, wall()).map_err(Failure::ledger)?;
    let mut text = String::new();
    for run in &sweep.old {
        let when = run.ended.map_or_else(|| "never begun".to_owned(), |ended| format!("ended {ended:.0}"));
        let _ = writeln!(text, "{}  {when}  {}", run.name, megabytes(run.bytes));
        if !args.dry_run {
            store.remove(&run.name).map_err(Failure::ledger)?;
        }
    }
    for pool in pools.sweep(retention.keep, wall()).map_err(Failure::ledger)? {
        let when = pool.ended.map(|used| format!("last used {used:.0}")).unwrap_or_default();
        let _ = writeln!(text, "pool {}  {when}  {}", pool.name, megabytes(pool.bytes));
        if !args.dry_run {
            pools.forget(&pool.name).map_err(Failure::ledger)?;
        }
    }
    let word = if args.dry_run { "would remove" } else { "removed" };
    let bytes = sweep.old.iter().map(|run| run.bytes).sum();
    let _ = writeln!(
        text,
        "{word} {}, {}; {} kept, {}",
        runs(sweep.old.len()),
        megabytes(bytes),
        runs(sweep.kept),
        megabytes(sweep.kept_bytes)
    );
    Output::document(&text)?;
    Ok(Exit::Ok)
}

/// What every run does at its end: errors are for those who look for them.
pub(super) fn sweep() {
    let swept = Store::current().and_then(|store| {
        let old = store.sweep(Retention::DEFAULT, wall())?.old;
        old.iter().try_for_each(|run| store.remove(&run.name))?;
        let pools = Pools::current()?;
        let old = pools.sweep(Retention::DEFAULT.keep, wall())?;
        old.iter().try_for_each(|pool| pools.forget(&pool.name))
    });
    if let Err(error) = swept {
        tracing::debug!("old records stay: {error}");
    }
}

fn runs(count: usize) -> String {
    if count == 1 { "1 run".to_owned() } else { format!("{count} runs") }
}

/// `1.5 MB`.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
