//! Deterministic simulation: the shipped actors in worlds that are made, with all their faults, from one seed each.
//!
//! `CLUSTER_SIM_SEED=N` runs one world and prints what happened; `CLUSTER_SIM_SEEDS=N` runs N worlds, from that of seed
//! `CLUSTER_SIM_FIRST` on, or else from 0.

mod credits;
mod dice;
mod errand;
mod limits;
mod referee;
mod run;
mod scaling;
mod tool;
mod trace;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many worlds unless told.
const SEEDS: u64 = 500;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// One world, twice: what is wrong with it, if anything.
fn judge(seed: u64, total: &Mutex<Total>) -> Option<String> {
    let came = run::run(seed, false);
    let mut wrong = came.violations;
    let again = run::run(seed, false);
    if again.hash != came.hash {
        let mut pairs = came.trace.lines().zip(again.trace.lines());
        let first = pairs.find(|(one, other)| one != other);
        wrong.push(format!("two runs of one seed differ, first here: {first:#?}"));
    }
    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
    total.jobs += came.jobs;
    total.faults += came.faults;
    total.longest = total.longest.max(came.took);
    total.hash ^= came.hash.rotate_left((seed % 64) as u32);
    (!wrong.is_empty()).then(|| {
        format!(
            "seed {seed}: {}\n  replay: CLUSTER_SIM_SEED={seed} cargo test --test simulation -- --nocapture",
            wrong.join("\n    and: ")
        )
    })
}

#[derive(Default)]
struct Total {
    jobs: usize,
    faults: usize,
    longest: Duration,
    hash: u64,
}

#[test]
fn nothing_is_lost_doubled_or_unfinished_in_any_world() {
    run::quiet();
    if let Some(seed) = number("CLUSTER_SIM_SEED") {
        println!("{:#?}", world::World::of(seed));
        let came = run::run(seed, true);
        assert!(came.violations.is_empty(), "seed {seed}: {:#?}", came.violations);
        return;
    }
    let seeds = number("CLUSTER_SIM_SEEDS").unwrap_or(SEEDS);
    let first = number("CLUSTER_SIM_FIRST").unwrap_or(0);
    let (next, total, wrong) = (AtomicU64::new(0), Mutex::default(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= seeds {
                        break;
                    }
                    let judged = judge(first.wrapping_add(index), &total);
                    wrong.lock().unwrap_or_else(PoisonError::into_inner).extend(judged);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    let total = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "worlds={seeds} first={first} jobs={} faults={} longest={:?} trace={:016x} wrong={}",
        total.jobs,
        total.faults,
        total.longest,
        total.hash,
        wrong.len()
    );
    let shown: Vec<_> = wrong.iter().take(5).cloned().collect();
    assert!(wrong.is_empty(), "{} of {seeds} worlds went wrong:\n{}", wrong.len(), shown.join("\n"));
}
