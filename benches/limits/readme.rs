//! What the README says about speed, each claim measured: `cargo bench --bench limits -- readme`.
//!
//! These are times of this machine, not ratios to a limit: what a user sees, with real tools and the shipped profiles.
//! Everything goes through the handle, from a thread that is not the pool's.

mod batch;
mod once;
mod start;
mod steady;

use crate::subject::ours::all_ready;
use crate::{Failure, machine};
use cluster::ClusterManager;
use cluster::profile::{Overrides, Profile, Surroundings};
use pool_core::spec::ToolSpec;
use std::future::Future;
use std::time::Duration;

/// How many instances a pool has here.
const INSTANCES: usize = 5;

/// How often each thing is measured; the median counts.
const ROUNDS: usize = 5;

/// Measures and prints all of it, a table for each claim.
pub(crate) fn print() -> Result<(), Failure> {
    println!("{}", machine::describe());
    start::print()?;
    steady::print()?;
    once::print()?;
    batch::print()?;
    println!("\nload at the end {:.2}", machine::load());
    Ok(())
}

/// Runs a future as a program without actix would.
fn run<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// A tool by its name.
fn tool(name: &str) -> Result<ToolSpec, Failure> {
    Ok(Profile::load(name, &Overrides::default(), &Surroundings::current())?.spec)
}

/// A pool of which every instance is ready.
async fn ready_pool(spec: ToolSpec, instances: usize) -> Result<ClusterManager, Failure> {
    let pool = ClusterManager::builder().tool(spec, instances).build().await?;
    all_ready(&pool).await?;
    Ok(pool)
}

/// The middle of some numbers.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A time, for people.
fn show(time: Duration) -> String {
    match time.as_secs_f64() {
        long if long >= 10.0 => format!("{long:.0} s"),
        some if some >= 1.0 => format!("{some:.1} s"),
        short if short >= 0.001 => format!("{:.1} ms", short * 1e3),
        tiny => format!("{:.0} µs", tiny * 1e6),
    }
}

/// Prints a title and the head of a table.
fn head(title: &str, columns: &[&str]) {
    println!("\n### {title}\n\n| | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()));
}

/// Prints a row of a table.
fn row(name: &str, cells: &[String]) {
    println!("| {name} | {} |", cells.join(" | "));
}
