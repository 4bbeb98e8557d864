//! The settings as they are written: one field per key of the file. The reference of the format is made from these
//! comments.

use super::size::Size;
use super::value::{MOST_INSTANCES, MOST_RETRIES, Number};
use crate::hooks::Hooks;
use crate::profile::{Overrides, Time, written as profile};
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use toml::Table;

/// Defaults for the flags of `cluster run` and `cluster ask`, by the long names of those: `config.toml`. A project's
/// `pool.toml` has the same, but its `tools` and `hooks` hold only after `cluster trust`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Written {
    /// Instances, for each tool without `:N`.
    pub instances: Option<Number<1, MOST_INSTANCES>>,
    /// Who gets the next job: a strategy, with its options as in `weighted:0=3,1=2`.
    pub route: Option<String>,
    /// The longest that one turn may take; the tool's own if absent.
    pub timeout: Option<Time>,
    /// The longest that a start may take; the tool's own if absent.
    pub ready_timeout: Option<Time>,
    /// A turn without output and without processor time for so long is shown as stalled; the tool's own if absent.
    pub stall: Option<Time>,
    /// An instance that has more memory than this after a job is replaced: bytes, or a text such as `512M`.
    pub max_memory: Option<Size>,
    /// Further attempts at a job that an instance fails. The tool may do the work twice.
    pub retries: Option<Number<0, MOST_RETRIES>>,
    /// What a usage limit does to the run.
    pub on_limit: Option<OnLimit>,
    /// The pool that `cluster up -f` starts.
    #[serde(default, skip_serializing_if = "PoolSettings::is_empty")]
    pub pool: PoolSettings,
    /// How tools are started, by the names of their profiles. A project's hold only after `cluster trust`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, ToolSettings>,
    /// Programs that are told of what happens in a run. A project's hold only after `cluster trust`.
    #[serde(default, skip_serializing_if = "Hooks::is_empty")]
    pub hooks: Hooks,
}

/// What a usage limit does to the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnLimit {
    /// Every instance of the account waits for its end, and so does the job that met it.
    #[default]
    Wait,
    /// The same, but the job that met it goes to another tool.
    Next,
    /// The job that met it has failed; nobody waits.
    Fail,
}

/// How one tool is started, on top of its profile. Flags add to the lists, and win over the model.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ToolSettings {
    /// The model that the tool is to use.
    pub model: Option<String>,
    /// Further arguments for the tool.
    pub tool_arg: Option<Vec<String>>,
    /// Variables that are passed on to the tool (`NAME`) or set (`NAME=VALUE`).
    pub env: Option<Vec<String>>,
    /// In a project's file, the profile of a tool that comes with the project: a path below the folder of that file, or the
    /// profile itself as a table. A program with a slash in its name is looked for in that folder, too.
    pub profile: Option<ProfileSetting>,
    /// In a project's file, words of the command line that name files which the tool itself changes: what is in them is no
    /// part of what is trusted.
    pub changes: Option<Vec<String>>,
}

/// A profile that comes with a project.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ProfileSetting {
    /// A file of the project.
    File(String),
    /// The profile itself.
    Here(Box<profile::Written>),
}

impl<'de> Deserialize<'de> for ProfileSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ProfileSetting;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the path of a profile, or a profile as a table")
            }

            fn visit_str<E: Error>(self, path: &str) -> Result<ProfileSetting, E> {
                Ok(ProfileSetting::File(path.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ProfileSetting, A::Error> {
                let profile = profile::Written::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ProfileSetting::Here(Box::new(profile)))
            }
        }
        // Not as an untagged enum is read, which says neither what is wrong nor where.
        deserializer.deserialize_any(Either)
    }
}

/// The pool that `cluster up` starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PoolSettings {
    /// Its tools, each with its number of instances: `aider:3`.
    pub tools: Option<Vec<String>>,
}

impl PoolSettings {
    fn is_empty(&self) -> bool {
        self.tools.is_none()
    }
}

/// A setting that is a flag of `run` and a variable, too.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// As in the file.
    pub name: &'static str,
    /// As on the command line.
    pub flag: &'static str,
    /// As in the environment.
    pub variable: &'static str,
    /// Whether its value is a whole number.
    pub is_number: bool,
}

/// Every setting but `tools`.
pub const KEYS: &[Key] = &[
    number("instances", "--instances", "CLUSTER_INSTANCES"),
    text("route", "--route", "CLUSTER_ROUTE"),
    text("timeout", "--timeout", "CLUSTER_TIMEOUT"),
    text("ready-timeout", "--ready-timeout", "CLUSTER_READY_TIMEOUT"),
    text("stall", "--stall", "CLUSTER_STALL"),
    text("max-memory", "--max-memory", "CLUSTER_MAX_MEMORY"),
    number("retries", "--retries", "CLUSTER_RETRIES"),
    text("on-limit", "--on-limit", "CLUSTER_ON_LIMIT"),
];

const fn number(name: &'static str, flag: &'static str, variable: &'static str) -> Key {
    Key { name, flag, variable, is_number: true }
}

const fn text(name: &'static str, flag: &'static str, variable: &'static str) -> Key {
    Key { name, flag, variable, is_number: false }
}

impl Written {
    /// What holds where nobody says anything: the lowest layer.
    pub(super) fn defaults() -> Table {
        let defaults = Self {
            instances: Some(Number(3)),
            route: Some("least_busy".to_owned()),
            retries: Some(Number(0)),
            on_limit: Some(OnLimit::default()),
            ..Self::default()
        };
        Table::try_from(defaults).unwrap_or_default()
    }
}

impl ToolSettings {
    /// As flags would say it: a key and what it sets, one by one.
    pub(super) fn overrides(&self) -> Vec<(&'static str, Overrides)> {
        let mut set = Vec::new();
        if let Some(model) = &self.model {
            set.push(("model", Overrides { model: Some(model.clone()), ..Overrides::default() }));
        }
        if let Some(args) = &self.tool_arg {
            set.push(("tool-arg", Overrides { tool_args: args.clone(), ..Overrides::default() }));
        }
        if let Some(env) = &self.env {
            set.push(("env", Overrides { env: env.clone(), ..Overrides::default() }));
        }
        set
    }
}
