//! What is around a tool, as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The environment of the tool.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Env {
    /// Names that are passed on besides those that every tool gets; `*` at an end stands for anything.
    pub inherit: Option<Vec<String>>,
    /// Values that are set; `{slot}` and `{dir}` as in `command`.
    pub set: Option<BTreeMap<String, String>>,
    /// Variables that name a folder of the home, such as `CODEX_HOME = ".codex"`: with `home = "per-instance"` each names that of
    /// the instance's own home.
    pub home: Option<BTreeMap<String, PathBuf>>,
}

/// Whose home the instances of a tool live in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Home {
    /// Their user's: one login, one set of settings, one store of conversations.
    #[default]
    Shared,
    /// One of its own each, private, and removed when the run ends.
    PerInstance,
}
