//! The tool that misbehaves on request, on the command line.

use crate::events::await_files;
use crate::world::{PATIENCE, World};

/// Frames it.
pub(crate) const SENTINEL: &str = "/end {nonce}=^end {nonce}$";

/// Its command line with these flags, logging what it receives.
pub(crate) fn fake(world: &World, flags: &str) -> String {
    format!("{} --log {} {flags}", env!("CARGO_BIN_EXE_fake-tool"), world.path("log").display())
}

/// The prompts that arrived, sorted. The tool logs each before it acts on it; a line without its end is still being
/// written.
pub(crate) fn received(world: &World) -> Vec<String> {
    let log = std::fs::read_to_string(world.path("log")).unwrap_or_default();
    let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let lines = whole.filter_map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event["line"].as_str().map(str::to_owned)
    });
    let mut prompts: Vec<_> = lines.filter(|line| !line.starts_with("/end ")).collect();
    prompts.sort();
    prompts
}

/// Waits until so many prompts have arrived.
pub(crate) fn await_received(world: &World, count: usize) {
    let all_arrived = || received(world).len() >= count;
    await_files(&world.path("."), PATIENCE, all_arrived, || format!("only {:?} arrived", received(world)));
}
