//! What routing costs, beside what others cost: `cargo bench -p cluster-routing`.
//!
//! * *A choice*: a strategy's own work for one job: it is told that an instance has finished and is free, chooses one, and
//!   is told that it is taken. Half of the instances are busy. The loop's own cost, measured with a strategy that does
//!   nothing, is taken off. Beside it: a plain scan, and tower's power of two choices over services that are ready.
//! * *A job*: the same through a dispatcher, with queue, credits, metrics and the report.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod choice;
mod job;
mod p2c;

use routing::strategy::NAMES;

/// How many instances there are.
const SIZES: [u32; 3] = [5, 100, 10_000];

/// How often each is measured.
const SAMPLES: usize = 50;

fn main() {
    println!("ns a choice, quickest of 50 (limits: 60 at N=100, 150 at N=10000)");
    for strategy in NAMES.into_iter().chain(["plain scan"]) {
        row(strategy, SIZES.map(|slots| choice::bench(strategy, slots)));
    }
    row("tower p2c", SIZES.map(p2c::bench));
    for waiting in [0, 1000] {
        println!("ns a job (push, poll, finished, credit) while {waiting} wait, quickest of 50");
        for strategy in NAMES.into_iter().chain(["plain scan"]) {
            row(strategy, SIZES.map(|slots| job::bench(strategy, slots, waiting)));
        }
    }
    println!("a snapshot of 1000 slots: {:.0} µs, median of 99 (limit: 1000)", job::snapshot(1000));
}

fn row(name: &str, times: [f64; 3]) {
    let cells: Vec<_> = SIZES.iter().zip(times).map(|(slots, ns)| format!("N={slots}: {ns:6.0}")).collect();
    println!("  {name:12} {}", cells.join("   "));
}

/// The quickest of many: whatever else the machine does only ever adds to a time.
fn quickest(sample: impl FnMut() -> f64) -> f64 {
    std::iter::repeat_with(sample).take(SAMPLES).fold(f64::INFINITY, f64::min)
}

fn key(number: u64) -> [u8; 8] {
    number.to_le_bytes().map(|byte| b'a' + byte % 16)
}

fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}
