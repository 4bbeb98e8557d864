//! Usage limits: accounts that turn everybody away for a while, and what jobs want then.

use crate::dice::Dice;
use crate::world::{Plan, Tool, World};
use cluster::Job;
use pool_core::message::{Outcome, SlotId};
use pool_core::spec::{HoldSpec, OutcomeRule};
use std::time::Duration;

/// What a tool says first when its account is limited.
pub(crate) const TURNED_AWAY: &str = "429: ";

/// A job that waits does so longer than any world lasts.
const PATIENCE: Duration = Duration::from_secs(1000 * 3600);

/// Keeps these dice apart from all others, so that the worlds without limits are what they would be anyway.
const STREAM: u64 = 2_000_000;

/// An account is limited from one time to another.
#[derive(Debug)]
pub(crate) struct Storm {
    account: String,
    from: Duration,
    until: Duration,
}

/// What a job wants when it meets a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Wants {
    #[default]
    ToComeHome,
    ToWait,
    AnotherTool,
}

/// Gives some worlds usage limits.
pub(crate) fn add(world: &mut World) {
    let mut dice = Dice::new(world.seed, STREAM);
    if !dice.chance(35) {
        return;
    }
    let is_shared = dice.chance(50);
    for tool in &mut world.tools {
        let name = if is_shared { "shared" } else { &*tool.spec.tool };
        tool.spec.account = name.into();
        prepare(tool, &mut dice);
    }
    for plan in &mut world.jobs {
        plan.on_limit = *dice.pick(&[Wants::ToComeHome, Wants::ToWait, Wants::ToWait, Wants::AnotherTool]);
    }
    let mut from = dice.millis(0, 5000);
    for _ in 0..dice.between(1, 4) {
        let account = dice.pick(&world.tools).spec.account.to_string();
        let until = from + dice.millis(100, 60_000);
        world.storms.push(Storm { account, from, until });
        from += dice.millis(0, 60_000);
    }
}

/// Lets it be known when the tool tells of a limit.
fn prepare(tool: &mut Tool, dice: &mut Dice) {
    let min = dice.millis(1000, 20_000);
    tool.spec.hold = Some(HoldSpec { min, max: 8 * min, jitter: 0.1 });
    let pattern = r"(?m)^429: (?:try again in (?P<reset_s>\d+)s)?";
    let pattern = regex::Regex::new(pattern).expect("a valid pattern");
    tool.spec.turn.outcomes = vec![OutcomeRule { outcome: Outcome::Limited, pattern }];
    tool.tells_how_long = dice.chance(60);
}

impl World {
    /// What a tool in this slot says instead of its answer at this time, if its account is limited.
    pub(crate) fn limited(&self, slot: SlotId, now: Duration) -> Option<String> {
        let tool = self.tool_of(slot);
        let meets =
            |storm: &&Storm| *storm.account == *tool.spec.account && (storm.from..storm.until).contains(&now);
        let until = self.storms.iter().filter(meets).map(|storm| storm.until).max()?;
        let left = (until - now).as_secs() + 1;
        let told = if tool.tells_how_long { format!("try again in {left}s") } else { "slow down".into() };
        Some(format!("{TURNED_AWAY}{told}"))
    }
}

impl Plan {
    /// The job with what this one wants at a limit.
    pub(crate) fn minding_limits(&self, job: Job) -> Job {
        match self.on_limit {
            Wants::ToComeHome => job,
            Wants::ToWait => job.wait_for_limits(PATIENCE),
            Wants::AnotherTool => job.next_tool_at_limits(PATIENCE),
        }
    }
}
