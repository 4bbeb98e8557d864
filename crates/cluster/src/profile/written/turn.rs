//! What a profile says of turns.

use super::super::value::{Expect, Pattern, Time};
use super::{Extract, PromptBy, Remote};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How turns are framed and read. In all patterns `^` and `$` match at line ends, `\A` and `\z` at the two ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// What ends a turn.
    pub by: By,
    /// For `sentinel`: the line that makes the tool print a mark; `{nonce}` stands for 16 fresh hex digits.
    pub send: Option<String>,
    /// For `sentinel`: the pattern of what the tool then prints, with `{nonce}` where the digits are. The reply is what
    /// comes before it. A group `status`, if not `0`, makes the outcome an error.
    pub expect: Option<Expect>,
    /// For `sentinel`: a line that closes a half statement, sent before `send`.
    pub before: Option<String>,
    /// For `sentinel`: the mark is asked for in front of the text too, and output before it belongs to no job.
    pub begin: Option<bool>,
    /// For `prompt`: what the end of the output looks like when the tool waits for input.
    pub until: Option<Pattern>,
    /// For `prompt`: how long that must stand unchanged.
    pub settle: Option<Time>,
    /// For `quiet`: how much silence ends a reply.
    pub quiet_for: Option<Time>,
    /// What is put around text: `{text}`, `{text:shell}` or `{text:json}` is the text, `{tag}` letters that do not occur
    /// in it, `{nonce}` 16 fresh hex digits.
    pub wrap: Option<String>,
    /// The same around one of the tool's own commands.
    pub command_wrap: Option<String>,
    /// Whether text may have line ends in it.
    pub multiline: Option<bool>,
    /// The tool repeats its input: that is taken out of replies.
    pub echo: Option<bool>,
    /// Cut off the front of a reply, in this order, each once.
    pub trim_start: Option<Vec<Pattern>>,
    /// Cut off the end of a reply, in this order, each once.
    pub trim_end: Option<Vec<Pattern>>,
    /// What the tool says of the tokens that a turn took: numbers in groups called `input`, `output` and `cost` (US
    /// dollars). All matches of a reply are added up.
    pub usage: Option<Pattern>,
    /// For `one_shot` and `remote`: how the prompt reaches the process.
    pub prompt: Option<PromptBy>,
    /// For `one_shot`: what is made of what it prints. All of it is the reply if absent.
    pub extract: Option<Extract>,
    /// For `one_shot`: arguments that are added from the second turn of a conversation on; `{session}` stands for what the
    /// tool calls it. Without them each turn is a conversation of its own.
    pub resume: Option<Vec<String>>,
    /// For `remote`: the commands, and what they print.
    pub remote: Option<Remote>,
}

/// What ends a turn, in order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A mark that we had the tool print, different each time.
    #[default]
    Sentinel,
    /// Its prompt, at the very end of the output.
    Prompt,
    /// One line out for one line in.
    Lines,
    /// Silence: a guess.
    Quiet,
    /// The Agent Client Protocol.
    Acp,
    /// Streams of JSON messages, one a line: `claude`, `qwen`.
    StreamJson,
    /// The protocol of `codex app-server`.
    AppServer,
    /// The end of its process: a fresh one for each turn.
    OneShot,
    /// The state of a task at a service, which a command asks for.
    Remote,
}
