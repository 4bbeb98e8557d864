//! Figures as somebody outside reads them: plain numbers, ready for JSON.

use super::{Counts, Figures, Histogram};
use pool_core::message::{Generation, Outcome, SlotId, Usage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A router at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Snapshot {
    /// The name of the strategy.
    pub strategy: String,
    /// Jobs that wait.
    pub queued: usize,
    /// How many may wait.
    pub limit: usize,
    /// Sessions that are kept.
    pub sessions: usize,
    /// What became of the jobs.
    pub counts: Counts,
    /// All slots together, those that have gone for ever included.
    pub total: FiguresView,
    /// Each slot that was ever known, in order.
    pub slots: Vec<SlotView>,
}

/// One slot at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SlotView {
    /// The slot.
    pub slot: SlotId,
    /// Its tool.
    pub tool: String,
    /// What its tool is able to do.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub capabilities: Vec<String>,
    /// The newest life that the router has heard of; 0 before the first.
    pub generation: Generation,
    /// Jobs it could take now.
    pub credits: usize,
    /// Jobs that wait for this very slot.
    pub queued: usize,
    /// Sessions that reserve it.
    pub sessions: usize,
    /// What it has done.
    #[serde(flatten)]
    pub figures: FiguresView,
}

/// [`Figures`] as plain numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FiguresView {
    /// Jobs under way.
    pub in_flight: u32,
    /// Jobs placed, those that came back undelivered not counted.
    pub served: u64,
    /// How many jobs ended in which way.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Microseconds spent on jobs that have ended.
    pub busy_us: u64,
    /// Lives that have ended; all but the last were followed by a restart.
    pub lives: u64,
    /// Bytes written to the tool.
    pub sent: u64,
    /// Bytes read from the tool.
    pub received: u64,
    /// Tokens and money, if the tools have measured them.
    pub usage: Option<Usage>,
    /// From submission to placement.
    pub wait: Times,
    /// From the first byte written to the end of the job.
    pub turn: Times,
}

/// How long things took, in microseconds. Quantiles are at most one part in eight too high, never too low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Times {
    /// How many.
    pub count: u64,
    /// Half took no longer.
    pub p50_us: u64,
    /// All but one in a hundred took no longer.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl From<&Histogram> for Times {
    fn from(times: &Histogram) -> Self {
        Self {
            count: times.count(),
            p50_us: times.quantile(500),
            p99_us: times.quantile(990),
            max_us: times.max(),
        }
    }
}

impl From<&Figures> for FiguresView {
    fn from(figures: &Figures) -> Self {
        Self {
            in_flight: figures.in_flight,
            served: figures.served,
            outcomes: figures.outcomes.iter().copied().collect(),
            busy_us: u64::try_from(figures.busy.as_micros()).unwrap_or(u64::MAX),
            lives: figures.lives,
            sent: figures.sent,
            received: figures.received,
            usage: figures.usage,
            wait: Times::from(&figures.waits),
            turn: Times::from(&figures.turns),
        }
    }
}
