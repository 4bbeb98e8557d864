//! When nothing runs although jobs wait.

use cluster::batch::run::Counts;
use pool_core::supervisor::InstanceState;
use std::time::Duration;
use tokio::time::Instant;

/// For how long jobs may wait with none running before that is shown.
const IDLE: Duration = Duration::from_secs(20);

/// Notices that jobs wait while none runs: tools start, start again and again, or are on hold.
pub(super) struct Idle(Instant);

impl Idle {
    pub(super) const fn since(now: Instant) -> Self {
        Self(now)
    }

    /// True after each [`IDLE`] of it.
    pub(super) fn is_worth_showing(&mut self, counts: Counts, now: Instant) -> bool {
        let is_idle = counts.waiting > 0 && counts.running == 0;
        let is_long = is_idle && now.saturating_duration_since(self.0) >= IDLE;
        if is_long || !is_idle {
            self.0 = now;
        }
        is_long
    }
}

/// Whether an instance is on its way to take a job.
pub(super) const fn comes(state: InstanceState) -> bool {
    use InstanceState::{BackingOff, Starting, Waiting, Warming};
    matches!(state, Waiting | Starting | Warming | BackingOff)
}
