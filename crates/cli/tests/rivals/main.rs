//! The comparison of `benches/rivals` in short: that it counts what it says, and what our row of it must be.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time: every wait here has a deadline by the wall clock"
)]
#![allow(dead_code, reason = "the benchmark uses more of what it shares with this")]

#[path = "../../benches/rivals/lab.rs"]
mod lab;
#[path = "../../benches/rivals/rivals.rs"]
mod rivals;

use lab::{Lab, Terms};
use rivals::Rival;
use std::time::Duration;

/// Twenty items for an agent that is fast and fails often.
const TERMS: Terms = Terms {
    items: 20,
    faults: 10,
    seed: 1,
    start: Duration::from_millis(50),
    reply: Duration::from_millis(20),
    timeout: Duration::from_secs(2),
    talk: false,
};

#[test]
fn ours_gets_every_item_right_and_leaves_no_process() {
    let row = Lab::new(TERMS).measure(&Rival::ours()).unwrap();
    assert_eq!((row.right, row.lost, row.orphans), (20, 0, 0), "{row:?}");
    // By their lots so many attempts fail when their file has been written.
    assert!(row.repeated > 0, "{row:?}");
}

/// Else a row without any would say nothing.
#[test]
fn a_runner_that_tries_nothing_again_loses_items_and_leaves_processes_and_that_is_seen() {
    let row = Lab::new(TERMS).measure(&Rival::xargs()).unwrap();
    assert_eq!(row.right + row.lost, 20, "{row:?}");
    assert!(row.lost > 0 && row.orphans > 0 && row.repeated == 0, "{row:?}");
}
