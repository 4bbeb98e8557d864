//! What a profile says of an agent.

use super::By;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an agent may do, and how its conversations begin.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// What it may do without asking. If absent, as --allow says: `edits` in a git tree without changes, else `read`.
    pub allow: Option<Allow>,
    /// Arguments that make it take up a conversation again when it is started once more; `{thread}` stands for what it calls
    /// that conversation. For those whose protocol has no message for it.
    pub resume: Option<Vec<String>>,
    /// Settings of the protocol. For `app_server` those of its `thread/start`. For `acp`: `modeId`, the mode that a session is
    /// put into; `usage`, what the tokens count that are told at the end of a turn, the `turn`, the whole `session` or the
    /// last `request`; `countsEveryTurn`, whether a turn without any has failed; `notes`, a pattern of pieces of text that
    /// are no part of a reply.
    pub settings: Option<Settings>,
    /// More of them, where it may only read, or asks.
    pub read: Option<Settings>,
    /// More of them, where it may change files.
    pub edits: Option<Settings>,
    /// More of them, where it may do anything.
    pub all: Option<Settings>,
}

/// Settings of a protocol, by their names there.
pub type Settings = BTreeMap<String, serde_json::Value>;

/// What an agent may do without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Allow {
    /// Look at things.
    Read,
    /// Change files, too.
    Edits,
    /// Anything: commands, too.
    All,
    /// Look at things; for anything else somebody is asked.
    Ask,
}

impl Allow {
    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Edits => "edits",
            Self::All => "all",
            Self::Ask => "ask",
        }
    }
}

impl By {
    /// Whether the tool speaks a protocol of messages, and asks before it acts.
    #[must_use]
    pub const fn is_protocol(self) -> bool {
        matches!(self, Self::Acp | Self::StreamJson | Self::AppServer)
    }
}
