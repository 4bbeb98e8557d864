//! What the pool was good for, at the end of a run: how its instances started, and how long one would have taken.

use super::tally::Tally;
use pool_core::supervisor::{InstanceStatus, StartTimes};
use std::collections::BTreeMap;
use std::time::Duration;

/// How instances started: the first life of each.
#[derive(Debug, Default)]
pub(super) struct Starts(BTreeMap<u32, StartTimes>);

impl Starts {
    /// An instance has become something else.
    pub(super) fn changed(&mut self, status: &InstanceStatus) {
        let times = self.0.entry(status.index.0).or_default();
        let StartTimes { spawned_us, ready_us, warm_us } = status.started;
        times.spawned_us = times.spawned_us.or(spawned_us);
        times.ready_us = times.ready_us.or(ready_us);
        times.warm_us = times.warm_us.or(warm_us);
    }

    /// How many have started, and how long the slowest took.
    fn slowest(&self, of: fn(&StartTimes) -> Option<u64>) -> Option<(usize, Duration)> {
        let times: Vec<u64> = self.0.values().filter_map(of).collect();
        Some((times.len(), Duration::from_micros(*times.iter().max()?)))
    }
}

/// The lines before the last one.
pub(super) fn lines(starts: &Starts, tally: &Tally, wall: Duration) -> Vec<String> {
    let ready = starts.slowest(|times| times.ready_us);
    let parts = [
        ("spawned", starts.slowest(|times| times.spawned_us)),
        ("ready", ready),
        ("warm", starts.slowest(|times| times.warm_us)),
    ];
    let parts = parts.into_iter().filter_map(|(what, slowest)| {
        let (count, time) = slowest?;
        Some(format!("{count} {what} in {time:.1?}"))
    });
    let parts: Vec<String> = parts.collect();
    let mut lines = Vec::new();
    if !parts.is_empty() {
        lines.push(format!("instances: {} at most", parts.join(", ")));
    }
    let alone = ready.map_or(Duration::ZERO, |(_, time)| time) + tally.turns();
    if starts.0.len() > 1 && tally.all() > 1 && !wall.is_zero() {
        let times = alone.as_secs_f64() / wall.as_secs_f64();
        lines.push(format!(
            "one instance: about {alone:.1?}, {times:.1} times as long (an estimate from all turns)"
        ));
    }
    lines
}

#[cfg(test)]
mod tests;
