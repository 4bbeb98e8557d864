//! What an instance costs in memory.

use crate::ClusterManager;

/// The proportional memory of all processes of the instances, in bytes; `None` where the system does not tell.
pub(super) async fn of(pool: &ClusterManager) -> Option<u64> {
    let dumps = pool.dump().await.ok()?;
    let processes = dumps.iter().filter_map(|dump| dump.inside.as_ref()).flat_map(|inside| &inside.processes);
    let each = processes.filter_map(|process| {
        proportional(&std::fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).ok()?)
    });
    each.reduce(u64::saturating_add)
}

/// The line `Pss:` of a summary of a process's memory, in bytes.
fn proportional(summary: &str) -> Option<u64> {
    let line = summary.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proportional_share_is_read() {
        let table = [
            ("5581-7fff ---p [rollup]\nRss:   900 kB\nPss:     123 kB\nPss_Dirty: 4 kB\n", Some(123 << 10)),
            ("Rss: 900 kB\n", None),
            ("Pss: many kB\n", None),
        ];
        for (summary, expected) in table {
            assert_eq!(proportional(summary), expected, "{summary:?}");
        }
    }
}
