//! Pools that grow and shrink while they work.

use crate::dice::Dice;
use crate::world::{Happening, World};

/// Keeps these dice apart from all others, so that the worlds that stay as large as they were are what they would be
/// anyway.
const STREAM: u64 = 3_000_000;

/// Lets some worlds scale their last tool, up and down: its slots are the last ones, so that new ones are known by their
/// numbers.
pub(crate) fn add(world: &mut World) {
    let mut dice = Dice::new(world.seed, STREAM);
    if !dice.chance(25) {
        return;
    }
    let last = world.jobs.iter().map(|plan| plan.at).max().unwrap_or_default();
    let until = u64::try_from(last.as_millis()).expect("seconds") + 8000;
    for _ in 0..dice.between(1, 8) {
        let count = usize::try_from(dice.between(1, 7)).expect("few");
        world.events.push((dice.millis(0, until), Happening::Scale(count)));
    }
    world.events.sort_by_key(|(at, _)| *at);
}
