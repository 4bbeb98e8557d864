//! Tools that speak a protocol of messages.

use super::{ToolSpec, TurnRule};
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

/// How an agent is spoken to, and what it may do.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSpec {
    /// Its language.
    pub protocol: Protocol,
    /// What it may do without asking.
    pub allow: Allow,
    /// Arguments that make it take up a conversation again, if it is told which one when it is started: `{thread}` stands
    /// for what it calls it.
    pub resume: Vec<String>,
    /// The protocol's own settings. With an app server they are put into the message that begins a conversation: `sandbox`,
    /// `approvalPolicy`. With ACP see [`AgentSpec::ACP_MODE`] and those after it.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

impl AgentSpec {
    /// The setting of ACP that names the mode which each session is put into: one of its `modeId`s. Without it a session
    /// stays in the agent's own.
    pub const ACP_MODE: &str = "modeId";

    /// The setting of ACP that says what the tokens count that an agent tells at the end of a turn: the `turn`, the whole
    /// `session`, or the last `request` of the turn. Without it, the turn.
    pub const ACP_USAGE: &str = "usage";

    /// What [`AgentSpec::ACP_USAGE`] may be.
    pub const ACP_USAGES: [&str; 3] = ["turn", "session", "request"];

    /// The setting of ACP that is a pattern of pieces of text that are the agent's own notes, and no part of a reply.
    pub const ACP_NOTES: &str = "notes";

    /// The setting of ACP that says, if `true`, that an agent counts tokens in every turn: one that ends without any has
    /// failed, whatever else it says.
    pub const ACP_COUNTS: &str = "countsEveryTurn";

    /// An agent that may only read, with nothing else set.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, allow: Allow::default(), resume: Vec::new(), settings: serde_json::Map::new() }
    }
}

impl ToolSpec {
    /// The tool, started so that it takes up a conversation again.
    #[must_use]
    pub fn taking_up(self: &Arc<Self>, thread: Option<&str>) -> Arc<Self> {
        match (thread, self.agent()) {
            (Some(thread), Some(agent)) if !agent.resume.is_empty() => {
                let mut spec = Self::clone(self);
                spec.command.extend(agent.resume.iter().map(|word| word.replace("{thread}", thread)));
                Arc::new(spec)
            }
            _ => self.clone(),
        }
    }

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
