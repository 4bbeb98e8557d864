//! What is left: processes, zombies, descriptors, memory.

use std::fs;
use std::time::{Duration, Instant};

/// The variable by which the tools and their children are known.
pub(crate) const MARK: &str = "CLUSTER_TEST_MARK";

/// How soon after the end they must be gone.
const GONE: Duration = Duration::from_secs(1);

/// How many descriptors this process has open.
pub(crate) fn descriptors() -> i64 {
    count(fs::read_dir("/proc/self/fd").unwrap())
}

/// By how much resident memory grows, in KiB, from the first quarter of the time on.
pub(crate) async fn memory(end: Instant) -> i64 {
    let quarter = end.saturating_duration_since(Instant::now()) / 4;
    let mut quarters = tokio::time::interval_at(tokio::time::Instant::now() + quarter, quarter);
    let mut at = [0; 4];
    for resident_then in &mut at {
        quarters.tick().await;
        *resident_then = resident();
    }
    at[3] - at[0]
}

fn resident() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Whether a process carries the mark.
pub(crate) fn is_marked(pid: u32, mark: &str) -> bool {
    let wanted = format!("{MARK}={mark}");
    fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes()))
}

/// How many processes carry the mark.
pub(crate) fn marked(mark: &str) -> i64 {
    count(processes().filter(|pid| is_marked(*pid, mark)))
}

/// What is counted, once it is 0, or after a second.
pub(crate) fn left(count: impl Fn() -> i64) -> i64 {
    let deadline = Instant::now() + GONE;
    loop {
        let left = count();
        if left == 0 || Instant::now() > deadline {
            return left;
        }
        std::thread::yield_now();
    }
}

fn count(what: impl Iterator) -> i64 {
    i64::try_from(what.count()).unwrap()
}

/// How many children of this process wait to be reaped.
pub(crate) fn zombies() -> i64 {
    let me = std::process::id().to_string();
    let stats = processes().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok());
    count(stats.filter(|stat| {
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.next() == Some("Z") && fields.next() == Some(&me)
    }))
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
