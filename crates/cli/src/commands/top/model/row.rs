//! An instance, as a row of the table.

use cluster::snapshot::InstanceView;
use pool_core::supervisor::InstanceState;
use std::time::{Duration, Instant};

/// An instance.
#[derive(Debug, Clone)]
pub(in crate::commands::top) struct Row {
    pub(in crate::commands::top) view: InstanceView,
    /// Since when it is what it is.
    pub(in crate::commands::top) since: Instant,
    /// What it works on, if that is known: a ticket, or the id of a job of a batch.
    pub(in crate::commands::top) work: Option<String>,
    /// What its tool asks.
    pub(in crate::commands::top) asks: Option<String>,
}

impl Row {
    /// An instance as it is now; what it works on is what it was, while it works.
    pub(super) fn new(view: InstanceView, before: Option<Self>, now: Instant) -> Self {
        let since = now.checked_sub(Duration::from_millis(view.status.for_ms)).unwrap_or(now);
        let before = before.filter(|_| view.status.job.is_some());
        let (work, asks) = before.map(|row| (row.work, row.asks)).unwrap_or_default();
        Self { since, work, asks, view }
    }

    /// Whether its tool waits for an answer.
    pub(super) fn is_asking(&self) -> bool {
        self.asks.is_some() || self.view.status.state == InstanceState::NeedsInput
    }

    /// Whether the time that is shown goes on.
    pub(in crate::commands::top) fn moves(&self) -> bool {
        !matches!(self.view.status.state, InstanceState::Ready | InstanceState::Failed | InstanceState::Gone)
    }
}

/// A state in a word or two.
pub(in crate::commands::top) const fn word(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Waiting => "waits",
        InstanceState::Starting => "starts",
        InstanceState::Warming => "warms up",
        InstanceState::Ready => "ready",
        InstanceState::Working => "works",
        InstanceState::NeedsInput => "asks",
        InstanceState::Throttled => "throttled",
        InstanceState::Stalled => "stalled",
        InstanceState::Attached => "attached",
        InstanceState::Open => "no jobs",
        InstanceState::Limited => "limited",
        InstanceState::BackingOff => "restarts",
        InstanceState::Draining => "goes",
        InstanceState::Failed => "failed",
        InstanceState::Gone => "gone",
    }
}
