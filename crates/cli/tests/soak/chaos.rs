//! Somebody who kills and stops instances.

use crate::leaks;
use cluster::ClusterManager;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// From one attack to the next it is one of these, two, or three.
const BEAT: Duration = Duration::from_millis(250);

/// Attacks until `end`; how many attacks hit.
pub(crate) async fn run(cluster: &ClusterManager, mark: &str, end: Instant) -> u32 {
    let (mut hits, mut turn) = (0, 0_usize);
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stopped: Option<OwnedFd> = None;
    while Instant::now() < end {
        for _ in 0..=turn % 3 {
            beats.tick().await;
            // It may have been killed for its silence.
            let _ = stopped.take().map(|process| pidfd_send_signal(process, Signal::CONT));
        }
        turn += 1;
        let instances = cluster.status().await.unwrap();
        let alive: Vec<u32> = instances.iter().filter_map(|instance| instance.pid).collect();
        let Some(pid) = alive.get(turn * 5 % alive.len().max(1)) else { continue };
        let Some(process) = open(*pid, mark) else { continue };
        hits += u32::from(attack(&process, turn));
        stopped = Some(process).filter(|_| goes_on(turn));
    }
    hits
}

/// A process of ours by its number, held so that the number cannot become a stranger's.
fn open(pid: u32, mark: &str) -> Option<OwnedFd> {
    let process = pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::empty()).ok()?;
    leaks::is_marked(pid, mark).then_some(process)
}

/// Two of three are killed, the third is stopped. Whether that hit anybody.
fn attack(process: &OwnedFd, turn: usize) -> bool {
    let signal = if turn.is_multiple_of(3) { Signal::STOP } else { Signal::KILL };
    pidfd_send_signal(process, signal).is_ok()
}

/// Every second that is stopped goes on a beat later.
const fn goes_on(turn: usize) -> bool {
    turn.is_multiple_of(6)
}
