//! The one way in which these tests look again and again.
//!
//! Nearly everything can be waited for: a line on a pipe, the exit of a child. This is for the rest, which tells nobody:
//! the process table, and files that somebody else writes.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Between two looks. A look at the process table costs about that much.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until there is something to see, and returns it; there is always a look after the time is up.
///
/// # Errors
/// How long it has looked in vain, if that is more than `within`.
pub(crate) fn seen<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T, Duration> {
    let began = Instant::now();
    loop {
        let took = began.elapsed();
        match look() {
            Some(seen) => return Ok(seen),
            None if took > within => return Err(took),
            None => std::thread::sleep(PAUSE),
        }
    }
}

/// Looks until it is so; a test in which it never is has failed, and `otherwise` says what is instead.
pub(crate) fn eventually<D: Display>(
    within: Duration,
    mut is_so: impl FnMut() -> bool,
    otherwise: impl FnOnce() -> D,
) {
    if let Err(took) = seen(within, || is_so().then_some(())) {
        panic!("after {took:?}: {}", otherwise());
    }
}
