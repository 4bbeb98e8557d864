//! What the machines of supervision promise, by state machine: random events in any order and at any time, each machine
//! beside a reference that is too simple to be wrong.
//!
//! | promise | where | seen to fail with this change to the machine |
//! |---|---|---|
//! | restarts in any window are within the intensity | `window` | `Window::charge` gives up at `> max + 1` |
//! | half-open lets no more out than its permits | `breaker` | `Breaker::permit` ignores the calls that have reported |
//! | a held account is tried by one slot at a time | `hold` | `Hold::try_on` grants beside a trial |
//! | never two live generations of one slot | `slots` | `Slot::handle` takes an exit of an earlier life for this one's |
//! | never a second credit, nor one beside a job | `slots` | `Slot::handle` takes any serial for the revoked one |
//!
//! What is promised of jobs is in `crates/routing/tests/promises`.

mod breaker;
mod hold;
mod slots;
mod window;

use proptest::test_runner::Config;
use std::time::Instant;

/// Enough to meet every change above, in a second or two each.
fn cases() -> Config {
    Config { cases: 256, ..Config::default() }
}

/// The moment that all milliseconds of the references count from.
#[expect(clippy::disallowed_methods, reason = "any instant will do")]
fn start() -> Instant {
    Instant::now()
}
