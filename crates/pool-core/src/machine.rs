//! The pure half: everything that decides. Nothing below awaits, reads a clock, or knows actix or tokio; events and
//! the time go in, actions and the next deadline come out. `tests/invariants.rs` holds it to that.

pub mod breaker;
pub mod conversation;
pub mod dialect;
pub mod hold;
pub mod restart;
pub mod slot;
pub mod stall;

use std::time::{Duration, Instant};

/// `wait` after `from`. What users ask for may be more than the clock can tell: no wait is longer than a century.
pub(crate) fn later(from: Instant, wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    from + wait.min(CENTURY)
}
