//! What a profile says of a tool that is started for each turn, and of a service.

use super::super::value::{Pattern, Time};
use super::By;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a prompt reaches a process that lives for one turn; never as an argument, which everybody on the machine can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptBy {
    /// On its standard input, which then ends.
    #[default]
    Stdin,
    /// In a file that nobody else may read, whose path stands for the whole argument `{file}`. It is removed after the turn.
    File,
}

/// What is made of what a process prints.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extract {
    /// What it is.
    #[serde(rename = "as")]
    pub form: Form,
    /// Where pieces of the reply are, in JSON.
    pub reply: Option<Vec<Pick>>,
    /// What several pieces come to.
    pub join: Option<Join>,
    /// Where a failure is told: whatever is found there means that the turn has failed.
    pub error: Option<Vec<Pick>>,
    /// Where it is told what was not allowed.
    pub denied: Option<Vec<Pick>>,
    /// What must be found for the reply to be whole; without it an exit means that it broke off.
    pub end: Option<Vec<Pick>>,
    /// Where the tool says what it calls the conversation.
    pub session: Option<Vec<Pick>>,
    /// Where the numbers of tokens are that were sent to the model. What is found in one message is added up.
    pub input: Option<Vec<Pick>>,
    /// Where the numbers of tokens are that the model has sent.
    pub output: Option<Vec<Pick>>,
    /// Where the costs are, in US dollars.
    pub cost: Option<Vec<Pick>>,
    /// What the numbers of tokens count.
    pub tokens_count: Option<Counts>,
    /// What the costs count.
    pub cost_counts: Option<Counts>,
}

/// What a process prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The reply.
    #[default]
    Text,
    /// JSON objects, one a line. Lines that are none are for the error text.
    Jsonl,
    /// One JSON object, or an array of them.
    Json,
}

/// Which value is meant: a JSON pointer, `"/item/text"`; or `{ at = "/item/text", when = { "/type" = "item.completed" } }`,
/// in messages only that have these values at these pointers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Pick {
    /// Wherever it is there.
    Anywhere(String),
    /// In some messages.
    When(PickWhen),
}

/// Which value is meant, in some messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PickWhen {
    /// Where it is: a JSON pointer.
    pub at: String,
    /// What the message has at other pointers.
    pub when: BTreeMap<String, Value>,
}

/// What several pieces of a reply come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// Blocks, with an empty line between them.
    #[default]
    Blocks,
    /// One text that came in pieces.
    Pieces,
    /// The last one is the reply.
    Last,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// The turn so far: the last one is meant.
    #[default]
    Turn,
    /// A part of the turn: all are added up.
    Part,
    /// The conversation so far: what it was before the turn is taken off.
    Session,
}

/// How a task is handed to a service, asked after and fetched. The commands follow `command`; `{id}` in them stands for what
/// the service calls the task.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Hands the task in, and prints its id. `args` are added to this one alone.
    pub submit: Vec<String>,
    /// Prints the state of the task; those of others may stand around it.
    pub poll: Vec<String>,
    /// Prints what came of it: the reply.
    pub pull: Vec<String>,
    /// Takes it back. Without it a task that nobody wants any more goes on over there.
    pub cancel: Option<Vec<String>>,
    /// The id in what `submit` prints: the group `(?P<id>…)`, or all that matches.
    pub id: Pattern,
    /// What `poll` prints of a task that is being worked on; a regular expression with `{id}` in it.
    pub working: Option<String>,
    /// What it prints of one that waits for its user.
    pub waiting: Option<String>,
    /// What it prints of one that has come to its end.
    pub done: String,
    /// What it prints of one that has failed.
    pub failed: Option<String>,
    /// From one look to the next; it grows by half each time, and begins anew with each new state. 10s if absent.
    pub every: Option<Time>,
    /// The longest time between two looks. 5m if absent.
    pub every_max: Option<Time>,
}

impl By {
    /// Whether processes are started for each turn.
    #[must_use]
    pub const fn is_relayed(self) -> bool {
        matches!(self, Self::OneShot | Self::Remote)
    }
}
