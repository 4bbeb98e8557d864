//! What a client may ask for, as it says it. The comments are what models read.

use super::rights::Whom;
use cluster::control::protocol::{SendAsk, StepAsk, To, Until};
use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;

/// A job.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JobAsk {
    /// What to say to the tool, as plain text. Either this or `steps`.
    prompt: Option<String>,
    /// Several turns, in this order, on one instance, nothing in between; the reply is the last one's. Either this or
    /// `prompt`.
    #[schemars(length(min = 1, max = 50))]
    steps: Option<Vec<StepText>>,
    /// Only an instance of this tool; see the tool `tools`. At most one of `tool`, `session` and `slot`.
    tool: Option<String>,
    /// Keep a conversation under this name: jobs with the same session know of each other.
    session: Option<String>,
    /// This instance, by its number from 0; it remembers what it was sent by number.
    slot: Option<u32>,
}

/// A turn: text, or a command of the tool itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum StepText {
    /// Text for the tool. It is never a command, whatever it looks like.
    Text(String),
    /// One of the tool's own commands, with its arguments, such as "/add src/lib.rs"; the tool `tools` lists them.
    Command {
        /// The whole line.
        command: String,
    },
}

/// Several jobs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunAsk {
    /// The jobs; they run at the same time, as far as there are instances, in no certain order.
    #[schemars(length(min = 1, max = 100))]
    pub(super) jobs: Vec<JobAsk>,
}

/// What to read. One of `ticket`, `run` and `any`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadAsk {
    /// The reply of this ticket, such as "t3". It can be read again.
    pub(super) ticket: Option<String>,
    /// The replies of this run, such as "t3-t7".
    pub(super) run: Option<String>,
    /// The oldest reply that nobody has read; each is given out once.
    #[serde(default)]
    pub(super) any: bool,
    /// How long to wait, in seconds; then you are told what is not done yet, and can call again.
    #[schemars(range(max = 50))]
    #[serde(default = "wait")]
    pub(super) wait_s: u64,
    /// How many characters of replies to return, of a run of all of them together. Longer ones lose their middle.
    #[schemars(range(min = 100, max = 50000))]
    #[serde(default = "chars")]
    pub(super) max_chars: usize,
    /// Of a ticket: read on from this character.
    pub(super) offset: Option<usize>,
}

/// What to take back. One of `ticket` and `run`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelAsk {
    /// This ticket.
    pub(super) ticket: Option<String>,
    /// Everything in this run that has not ended.
    pub(super) run: Option<String>,
}

/// The answer to a question of a tool.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerAsk {
    /// Whose question.
    pub(super) ticket: String,
    /// The answer, one line.
    pub(super) text: String,
}

const fn wait() -> u64 {
    20
}

const fn chars() -> usize {
    8000
}

impl JobAsk {
    /// Whom it is for.
    pub(super) fn whom(&self) -> Whom {
        Whom { tool: self.tool.clone(), session: self.session.clone(), slot: self.slot }
    }

    /// The request for the pool; what is wrong with it if there is none.
    pub(super) fn request(self, to: Option<To>) -> Result<SendAsk, String> {
        let steps = match (self.prompt, self.steps) {
            (Some(prompt), None) => vec![StepAsk::Say(prompt)],
            (None, Some(steps)) if (1..=50).contains(&steps.len()) => {
                steps.into_iter().map(StepAsk::from).collect()
            }
            (None, Some(_)) => return Err("a job has 1 to 50 steps".into()),
            _ => return Err("a job has either a 'prompt' or 'steps'".into()),
        };
        Ok(SendAsk { steps, to, timeout_ms: None, until: Until::Accepted })
    }
}

impl From<StepText> for StepAsk {
    fn from(step: StepText) -> Self {
        match step {
            StepText::Text(text) => Self::Say(text),
            StepText::Command { command } => Self::Command(command),
        }
    }
}
