//! When a run looks at the clock.

use std::time::Duration;
use tokio::time::Instant;

/// How often progress may move.
const TICK: Duration = Duration::from_millis(200);

/// How often there is a look where nothing moves: each one wakes a processor that may have nothing else to do.
const BEAT: Duration = Duration::from_secs(1);

/// The time of the next look, if what instances do is drawn or not, and with a deadline to come.
pub(super) fn next(draws: bool, deadline: Option<Instant>, now: Instant) -> Instant {
    let next = now + if draws { TICK } else { BEAT };
    deadline.map_or(next, |deadline| deadline.min(next))
}
