//! What one process measured: numbers with names, one line of JSON between processes.

use crate::Failure;
use std::collections::BTreeMap;
use std::time::Duration;

/// The numbers of one measurement. The unit is part of the name: `p50_us`, `ready_ms`, `rss_kib`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sample(BTreeMap<String, f64>);

impl Sample {
    /// The distribution of latencies: median, 99th percentile and mean, in microseconds.
    pub(crate) fn latencies(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        let mean = times.iter().sum::<Duration>() / u32::try_from(times.len().max(1)).unwrap_or(u32::MAX);
        Self::default()
            .with("p50_us", micros(at(50)))
            .with("p99_us", micros(at(99)))
            .with("mean_us", micros(mean))
    }

    /// Adds a number.
    pub(crate) fn with(mut self, name: &str, value: f64) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Looks a number up.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// The line that a measuring process prints.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self.0)
    }

    /// Reads that line.
    pub(crate) fn from_json(line: &str) -> Result<Self, Failure> {
        Ok(Self(serde_json::from_str(line)?))
    }
}

/// A duration in microseconds.
pub(crate) const fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A duration in milliseconds.
pub(crate) const fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
