//! `cluster gc`: removes old records.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::clock::wall;
use cluster::batch::duration::duration;
use cluster::ledger::LedgerError;
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
    let (mut text, mut exit, mut gone) = (String::new(), Exit::Ok, Vec::new());
    let mut goes = |removed: Result<(), LedgerError>| match removed {
        Ok(()) => true,
        // One that cannot go keeps no other one.
        Err(error) => {
            Output::aside(&format!("it stays: {error}"));
            exit = Exit::Failed;
            false
        }
    };
    for run in &sweep.old {
        if args.dry_run || goes(store.remove(&run.name)) {
            let when =
                run.ended.map_or_else(|| "never begun".to_owned(), |ended| format!("ended {ended:.0}"));
            let _ = writeln!(text, "{}  {when}  {}", run.name, megabytes(run.bytes));
            gone.push(run.bytes);
        }
    }
    for pool in pools.sweep(retention.keep, wall()).map_err(Failure::ledger)? {
        if args.dry_run || goes(pools.forget(&pool.name)) {
            let when = pool.ended.map(|used| format!("last used {used:.0}")).unwrap_or_default();
            let _ = writeln!(text, "pool {}  {when}  {}", pool.name, megabytes(pool.bytes));
        }
    }
    let word = if args.dry_run { "would remove" } else { "removed" };
    let (went, kept) = (runs(gone.len()), runs(sweep.kept));
    let (bytes, kept_bytes) = (megabytes(gone.iter().sum()), megabytes(sweep.kept_bytes));
    let _ = writeln!(text, "{word} {went}, {bytes}; {kept} kept, {kept_bytes}");
    Output::document(&text)?;
    Ok(exit)
}

/// What every run does at its end: errors are for those who look for them.
pub(super) fn sweep() {
    let swept = Store::current().and_then(|store| {
        let old = store.sweep(Retention::DEFAULT, wall())?.old;
        let pools = Pools::current()?;
        let unused = pools.sweep(Retention::DEFAULT.keep, wall())?;
        // One that cannot go keeps no other one.
        let runs = old.iter().map(|run| store.remove(&run.name));
        runs.chain(unused.iter().map(|pool| pools.forget(&pool.name))).for_each(debug);
        Ok(())
    });
    debug(swept);
}

fn debug(removed: Result<(), LedgerError>) {
    if let Err(error) = removed {
        tracing::debug!("an old record stays: {error}");
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
