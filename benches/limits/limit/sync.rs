//! What a disk takes to keep a record: appended pages, each of them synced before the next, as a journal is.

use crate::args::Args;
use crate::sample::{Sample, millis};
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

/// A record of a job takes about one page.
const PAGE: [u8; 4096] = [b'.'; 4096];

/// `--pages`: how many.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    // On the disk of the build, not on one in memory.
    let mut file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR"))?;
    let start = Instant::now();
    let mut times = Vec::new();
    for _ in 0..args.value("--pages", 1000) {
        file.write_all(&PAGE)?;
        let before = Instant::now();
        file.sync_data()?;
        times.push(before.elapsed());
    }
    let wall = start.elapsed();
    times.sort_unstable();
    let half = times.get(times.len() / 2).copied().unwrap_or(Duration::ZERO);
    Ok(Sample::default().with("wall_ms", millis(wall)).with("p50_ms", millis(half)))
}
