//! Somebody who kills and stops instances.

use crate::leaks;
use cluster::ClusterManager;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// From one attack to the next, on the average.
const PAUSE: Duration = Duration::from_millis(500);

/// Attacks until `end`; how many attacks hit.
pub(crate) async fn run(cluster: &ClusterManager, mark: &str, end: Instant) -> u32 {
    let (mut hits, mut turn) = (0, 0_usize);
    while Instant::now() < end {
        // Uneven pauses: 1/2, 1, 3/2 of the average.
        tokio::time::sleep(PAUSE * (1 + u32::try_from(turn % 3).unwrap_or(0)) / 2).await;
        turn += 1;
        let instances = cluster.status().await.unwrap();
        let alive: Vec<u32> = instances.iter().filter_map(|instance| instance.pid).collect();
        let Some(pid) = alive.get(turn * 5 % alive.len().max(1)) else { continue };
        let Some(process) = open(*pid, mark) else { continue };
        hits += u32::from(attack(&process, turn).await);
    }
    hits
}

/// A process of ours by its number, held so that the number cannot become a stranger's.
fn open(pid: u32, mark: &str) -> Option<OwnedFd> {
    let process = pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok()?;
    leaks::is_marked(pid, mark).then_some(process)
}

/// Two of three are killed; of the stopped ones, every second goes on after a while.
async fn attack(process: &OwnedFd, turn: usize) -> bool {
    if !turn.is_multiple_of(3) {
        return pidfd_send_signal(process, Signal::KILL).is_ok();
    }
    let hit = pidfd_send_signal(process, Signal::STOP).is_ok();
    if turn.is_multiple_of(2) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        // It may have been killed for its silence.
        let _ = pidfd_send_signal(process, Signal::CONT);
    }
    hit
}
