//! Tools that are started for each turn: the end of the process is the end of the turn.

use super::ToolSpec;
use crate::error::SpecError;
use serde_json::Value;

/// How a tool is run once for a turn, and what is made of what it prints.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OneShotSpec {
    /// How the prompt reaches it; never as one of its arguments, which every user of the machine can see.
    pub prompt: PromptBy,
    /// What its output means.
    pub extract: Extract,
    /// Arguments that are added from the second turn of a conversation on; `{session}` stands for what the tool calls the
    /// conversation. Without them each turn is a conversation of its own.
    pub resume: Vec<String>,
}

/// How a prompt reaches a process that lives for one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PromptBy {
    /// On its standard input, which then ends.
    #[default]
    Stdin,
    /// In a file that only its owner may read, whose path stands for the argument [`OneShotSpec::FILE`]. It is removed after
    /// the turn.
    File,
}

/// What is made of the output of a process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extract {
    /// What the output is.
    pub form: Form,
    /// Where pieces of the reply are. With [`Form::Text`] the reply is all of it.
    pub reply: Vec<Pick>,
    /// What several pieces come to.
    pub join: Join,
    /// Where a failure is told: whatever is found makes the turn one that has failed.
    pub error: Vec<Pick>,
    /// Where it is told what was not allowed.
    pub denied: Vec<Pick>,
    /// What must be found for the reply to be whole; an exit without it is a reply that broke off.
    pub end: Vec<Pick>,
    /// Where the tool says what it calls the conversation.
    pub session: Vec<Pick>,
    /// Where numbers of tokens sent to the model are. What several picks find in one message is added up.
    pub input: Vec<Pick>,
    /// Likewise those received from it.
    pub output: Vec<Pick>,
    /// Likewise US dollars.
    pub cost: Vec<Pick>,
    /// What the numbers of tokens count.
    pub tokens_count: Counts,
    /// What the dollars count.
    pub cost_counts: Counts,
}

/// What the output of a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The reply.
    #[default]
    Text,
    /// JSON objects, one a line. Other lines are for the error text.
    Jsonl,
    /// One JSON object; or an array of them, each taken as a line of [`Form::Jsonl`].
    Json,
}

/// Which value of a message is meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pick {
    /// Where it is: a JSON pointer, `/item/text`. What is not there, or `null`, is not found.
    pub at: String,
    /// Only in messages that have these values at these pointers.
    pub when: Vec<(String, Value)>,
}

/// What several pieces of a reply come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// Blocks, with an empty line between them.
    #[default]
    Blocks,
    /// One text that came in pieces.
    Pieces,
    /// The last one is the reply.
    Last,
}

/// What a number counts that a tool tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counts {
    /// The turn so far: the last one is meant.
    #[default]
    Turn,
    /// A part of the turn: all are added up.
    Part,
    /// The conversation so far: what it was after the turn before is taken off.
    Session,
}

impl OneShotSpec {
    /// The argument that the path of the prompt's file stands for; whole, and at least once.
    pub const FILE: &str = "{file}";

    /// The raw line that makes the dialect forget the conversation; nothing is started for it. No user can send it.
    pub const FORGET: &str = "\0forget";

    pub(super) fn validate(&self, tool: &ToolSpec) -> Result<(), SpecError> {
        self.prompt.validate(&tool.command, tool)?;
        self.extract.validate()?;
        if self.resume.is_empty() {
            return Ok(());
        }
        if !self.resume.iter().any(|word| word.contains("{session}")) {
            return Err(SpecError::new(
                "turn.resume",
                "must contain {session}: it stands for the conversation",
            ));
        }
        if self.extract.session.is_empty() {
            return Err(SpecError::new(
                "turn.extract",
                "needs `session` for turn.resume: say where the tool tells what it calls the conversation",
            ));
        }
        Ok(())
    }
}

impl PromptBy {
    pub(super) fn validate(self, words: &[String], tool: &ToolSpec) -> Result<(), SpecError> {
        let has_file = words.iter().any(|word| word == OneShotSpec::FILE);
        match self {
            Self::File if !has_file => Err(SpecError::new(
                "turn.prompt",
                "is \"file\", but no argument is {file}: it stands for the path of the file",
            )),
            Self::Stdin if has_file => Err(SpecError::new(
                "turn.prompt",
                "is \"stdin\", but an argument is {file}: say prompt = \"file\"",
            )),
            Self::File if tool.state_dir.is_none() => Err(SpecError::new(
                "turn.prompt",
                "has no place for its file: let HOME or XDG_STATE_HOME be an absolute path",
            )),
            _ => Ok(()),
        }
    }
}

impl Extract {
    fn picks(&self) -> impl Iterator<Item = &Pick> {
        [
            &self.reply,
            &self.error,
            &self.denied,
            &self.end,
            &self.session,
            &self.input,
            &self.output,
            &self.cost,
        ]
        .into_iter()
        .flatten()
    }

    fn validate(&self) -> Result<(), SpecError> {
        let wrong = |reason: String| Err(SpecError::new("turn.extract", reason));
        if self.form == Form::Text && self.picks().next().is_some() {
            return wrong("picks from what is no JSON: say as = \"jsonl\" or \"json\"".into());
        }
        if self.form != Form::Text && self.reply.is_empty() {
            return wrong("needs `reply`: say where in the JSON it is".into());
        }
        let is_pointer = |text: &str| text.is_empty() || text.starts_with('/');
        let pointers = self.picks().flat_map(|pick| {
            std::iter::once(pick.at.as_str()).chain(pick.when.iter().map(|(at, _)| at.as_str()))
        });
        match pointers.into_iter().find(|text| !is_pointer(text)) {
            Some(text) => wrong(format!("has {text:?}, which is no JSON pointer: write \"/{text}\"")),
            None => Ok(()),
        }
    }
}
