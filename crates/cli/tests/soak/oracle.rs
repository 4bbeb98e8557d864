//! What the tools say that they received: their own log, which the pool does not know of.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// How often each prompt arrived.
pub(crate) fn received(log: &Path) -> HashMap<u64, u32> {
    let mut times = HashMap::new();
    for line in BufReader::new(std::fs::File::open(log).unwrap()).lines() {
        if let Some(number) = number(&line.unwrap()) {
            *times.entry(number).or_default() += 1;
        }
    }
    times
}

/// The number of the job whose prompt this line of the log tells of.
fn number(line: &str) -> Option<u64> {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    let digits = event["line"].as_str()?.strip_prefix("[[tag=")?;
    digits.split_once(' ')?.0.parse().ok()
}
