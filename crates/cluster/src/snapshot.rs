//! [`Snapshot`]: everything that is known of a cluster at one moment, as plain data.

use pool_core::machine::breaker::Trust;
use pool_core::message::SlotId;
use pool_core::supervisor::{HoldStatus, InstanceState, InstanceStatus, PoolHealth};
use routing::metrics::{Counts, FiguresView, SlotView};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// A cluster at one moment. [`ClusterManager::snapshot`](crate::ClusterManager::snapshot) makes one; it is cheap enough
/// to be asked for ten times a second.
///
/// The router and the supervisor are asked one after the other, so a job that ends in between can be missing in one
/// half and counted in the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(title = "cluster.snapshot/1")]
pub struct Snapshot {
    /// The version of this format.
    pub schema: SnapshotSchema,
    /// How the pool as a whole is.
    pub health: Health,
    /// Why, if it has failed.
    pub failure: Option<String>,
    /// What the router knows; absent if it is one of your own that keeps no figures.
    pub router: Option<RouterView>,
    /// How the instances are, counted.
    pub total: Total,
    /// Each instance, in order.
    pub instances: Vec<InstanceView>,
    /// The accounts that are held by usage limits.
    pub holds: Vec<HoldView>,
}

/// The version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub enum SnapshotSchema {
    /// The first one.
    #[default]
    #[serde(rename = "cluster.snapshot/1")]
    Snapshot1,
}

/// How a pool as a whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing can take a job yet.
    Starting,
    /// At least one instance has been ready.
    Up,
    /// Every instance has gone for ever.
    Failed,
    /// All instances are gone, as asked.
    Gone,
}

/// Instances, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Total {
    /// All that there are, those that have been given up included.
    pub instances: usize,
    /// Those with a process.
    pub alive: usize,
    /// Those that work on a job.
    pub working: usize,
    /// Those whose breaker is not closed: they get no job, or one as a trial.
    pub not_trusted: usize,
    /// Those that an account's usage limit holds.
    pub limited: usize,
    /// How often instances have been started again.
    pub restarts: u64,
}

impl Total {
    fn count(mut self, status: &InstanceStatus) -> Self {
        self.instances += 1;
        self.alive += usize::from(status.alive);
        self.working += usize::from(status.job.is_some());
        self.not_trusted += usize::from(status.breaker != Trust::Closed);
        self.limited += usize::from(status.state == InstanceState::Limited);
        self.restarts += u64::from(status.restarts);
        self
    }
}

/// What a router knows, all instances together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RouterView {
    /// The name of the strategy.
    pub strategy: String,
    /// Jobs that wait.
    pub queued: usize,
    /// How many may wait.
    pub limit: usize,
    /// Sessions that are kept.
    pub sessions: usize,
    /// What became of the jobs.
    pub counts: Counts,
    /// The figures of all instances added up, those that have gone for ever included.
    pub total: FiguresView,
}

/// One instance: how it is, and what it has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstanceView {
    /// How it is.
    #[serde(flatten)]
    pub status: InstanceStatus,
    /// What the router knows of it; absent where [`Snapshot::router`] is.
    pub routing: Option<SlotView>,
}

/// An account that is held by a usage limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct HoldView {
    /// The account.
    pub account: String,
    /// The tools of the pool that use it.
    pub tools: Vec<String>,
    /// For how long it has been held, in ms.
    pub for_ms: u64,
    /// In how many ms an instance tries again; 0 if one does now.
    pub left_ms: u64,
    /// In the tool's own words.
    pub reason: String,
}

impl Snapshot {
    pub(crate) fn new(
        health: &PoolHealth,
        router: Option<routing::Snapshot>,
        instances: Vec<InstanceStatus>,
        holds: &[HoldStatus],
        now: Instant,
    ) -> Self {
        let (router, slots) = router.map(split).unzip();
        let mut slots = slots.unwrap_or_default().into_iter().peekable();
        // Both are in the order of the slots, and the router may not have heard of the last ones.
        let mut routing = |index: SlotId| {
            while slots.next_if(|view| view.slot < index).is_some() {}
            slots.next_if(|view| view.slot == index)
        };
        let view = |status: InstanceStatus| InstanceView { routing: routing(status.index), status };
        let (health, failure) = split_health(health);
        Self {
            schema: SnapshotSchema::default(),
            health,
            failure,
            router,
            total: instances.iter().fold(Total::default(), Total::count),
            instances: instances.into_iter().map(view).collect(),
            holds: holds.iter().map(|hold| HoldView::new(hold, now)).collect(),
        }
    }
}

fn split(all: routing::Snapshot) -> (RouterView, Vec<SlotView>) {
    let routing::Snapshot { strategy, queued, limit, sessions, counts, total, slots } = all;
    (RouterView { strategy, queued, limit, sessions, counts, total }, slots)
}

fn split_health(health: &PoolHealth) -> (Health, Option<String>) {
    match health {
        PoolHealth::Starting => (Health::Starting, None),
        PoolHealth::Up => (Health::Up, None),
        PoolHealth::Failed(reason) => (Health::Failed, Some(reason.to_string())),
        PoolHealth::Gone => (Health::Gone, None),
    }
}

impl HoldView {
    fn new(hold: &HoldStatus, now: Instant) -> Self {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            account: hold.account.to_string(),
            tools: hold.tools.iter().map(ToString::to_string).collect(),
            for_ms: millis(now.saturating_duration_since(hold.since)),
            left_ms: millis(hold.until.saturating_duration_since(now)),
            reason: hold.reason.to_string(),
        }
    }
}
