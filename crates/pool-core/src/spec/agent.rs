//! Tools that speak a protocol of messages.

use super::{ToolSpec, TurnRule};
use std::borrow::Cow;
use std::path::PathBuf;

/// How an agent is spoken to, and what it may do.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSpec {
    /// Its language.
    pub protocol: Protocol,
    /// What it may do without asking.
    pub allow: Allow,
    /// The protocol's own settings, put into the message that begins a conversation: with an app server, `sandbox` and
    /// `approvalPolicy`; with ACP, `modeId`.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

impl AgentSpec {
    /// An agent that may only read, with nothing else set.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, allow: Allow::default(), settings: serde_json::Map::new() }
    }
}

impl ToolSpec {
    /// How the tool is spoken to, if it speaks a protocol.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentSpec> {
        match &self.turn.rule {
            TurnRule::Protocol(agent) => Some(agent),
            _ => None,
        }
    }
}

/// Where transcripts of agents go: what was said to and fro, for [`replay`](crate::machine::dialect::replay).
#[derive(Clone)]
pub struct Recording {
    /// The folder; each life of an instance has a file of its own, `TOOL-SLOT-GENERATION.txt`.
    pub folder: PathBuf,
    /// Takes out what must not be written.
    pub hide: fn(&str) -> Cow<'_, str>,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A protocol of messages, one JSON object a line, that tells the end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Messages of the user in, a stream of messages out, a `result` at the end of each turn: `claude` and `qwen` with
    /// `--input-format stream-json`.
    StreamJson,
    /// JSON-RPC with threads and turns: `codex app-server`.
    AppServer,
    /// The [Agent Client Protocol](https://agentclientprotocol.com), version 1.
    Acp,
}

/// What an agent may do without asking. Every request is answered: an agent that waits for an answer waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allow {
    /// Look at things.
    #[default]
    Read,
    /// Change files, too.
    Edits,
    /// Anything: commands, too.
    All,
    /// Look at things; for anything else whoever gave the job is asked.
    Ask,
}
