//! What of all that a pool does works with a tool: each feature is tried, and gets a word.
//!
//! ```text
//! Profile ─ Plan::of ─▶ what is tried, what is settled ─ Kit::run ─▶ what was seen ─ judge ─▶ Conformance
//! ```
//!
//! A plan and a judgement are pure; only the trial talks to a tool. `cluster doctor --conformance` shows it, and the table of
//! the built-in profiles is made by it.

mod judge;
mod plan;
mod trial;

pub use plan::{Plan, Todo};

use crate::doctor::version;
use crate::profile::Profile;
use pool_core::process::Launch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// What a tool does, feature by feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Conformance {
    /// The version of this format.
    pub schema: Schema,
    /// The profile.
    pub tool: String,
    /// What the tool says its version is.
    pub version: Option<String>,
    /// The versions that the profile has been tried with.
    pub tested: Vec<String>,
    /// Whether that version is one of them; absent if either is not known.
    pub is_tested: Option<bool>,
    /// How many prompts were sent.
    pub prompts: usize,
    /// Every feature once, in the order of [`Feature::ALL`].
    pub features: Vec<Cell>,
}

/// The version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Schema {
    /// The first.
    #[default]
    #[serde(rename = "cluster.conformance/1")]
    V1,
}

/// What a pool does with a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// It starts, and it is known when it takes prompts.
    Ready,
    /// A prompt brings its own reply, whole.
    Turn,
    /// A reply is seen while it comes.
    Stream,
    /// A change of a file that is not allowed is denied and not done; one that is allowed is done.
    Permission,
    /// A turn can be taken back, and the next prompt brings its own reply.
    Cancel,
    /// A conversation outlives the process that held it.
    Resume,
    /// It is told what a turn took.
    Usage,
    /// A usage limit is known as one, and the next prompt brings its own reply.
    Limit,
    /// A failure is known as one, and the next prompt brings its own reply.
    Error,
}

/// What became of a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cell {
    /// Which.
    pub feature: Feature,
    /// The word for it.
    pub is: Verdict,
    /// What was seen, or why not.
    pub why: String,
}

/// A word for a feature. Only what was tried is one of the first two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was tried, and it worked.
    Yes,
    /// It was tried, and it did not.
    No,
    /// The tool has no such thing, by what its profile says of it.
    NotOffered,
    /// It may work: nothing was done to find out.
    NotTried,
}

impl Feature {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 9] = [
        Self::Ready,
        Self::Turn,
        Self::Stream,
        Self::Permission,
        Self::Cancel,
        Self::Resume,
        Self::Usage,
        Self::Limit,
        Self::Error,
    ];

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Turn => "turn",
            Self::Stream => "stream",
            Self::Permission => "permission",
            Self::Cancel => "cancel",
            Self::Resume => "resume",
            Self::Usage => "usage",
            Self::Limit => "limit",
            Self::Error => "error",
        }
    }
}

impl Verdict {
    /// As people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotOffered => "not offered",
            Self::NotTried => "not tried",
        }
    }
}

impl Cell {
    pub(crate) fn new(feature: Feature, is: Verdict, why: impl Into<String>) -> Self {
        Self { feature, is, why: why.into() }
    }
}

impl Conformance {
    /// Whether nothing that was tried failed.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.features.iter().all(|cell| cell.is != Verdict::No)
    }
}

/// A tool, and what may be done to it.
#[derive(Debug, Clone, Copy)]
pub struct Kit<'a> {
    /// The tool where it may only look ([`Allow::Read`](crate::profile::Allow::Read)), if it is an agent.
    pub profile: &'a Profile,
    /// The same tool where it may change files ([`Allow::Edits`](crate::profile::Allow::Edits)).
    pub free: &'a Profile,
    /// An empty folder: that in which an agent works.
    pub folder: &'a Path,
    /// Whether prompts that may cost something are sent.
    pub pays: bool,
}

impl Kit<'_> {
    /// What will be done.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan::of(self.profile, self.folder, self.pays)
    }

    /// Does it. `launcher` makes the launcher of each pool. Real processes: it ends one with SIGKILL.
    pub async fn run(&self, launcher: impl Fn() -> Arc<dyn Launch>) -> Conformance {
        let profile = self.profile;
        let asked = version::ask(&profile.version, &profile.spec, &*launcher()).await.said();
        let found = trial::run(self, &self.plan(), &launcher).await;
        let version = asked.or_else(|| found.version.map(|told| told.to_string()));
        Conformance {
            schema: Schema::V1,
            tool: profile.name.to_string(),
            is_tested: version::is_tested(version.as_deref(), &profile.tested),
            version,
            tested: profile.tested.clone(),
            prompts: found.prompts,
            features: found.features,
        }
    }
}
