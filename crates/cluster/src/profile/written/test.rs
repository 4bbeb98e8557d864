//! What a profile says of how its tool can be tried.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Tries of the tool. The first costs nothing, and `doctor` runs it; the others are for `doctor --conformance`, which for an
/// agent has prompts of its own for most of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Text that is sent.
    pub say: Option<String>,
    /// One of the tool's own commands that is sent instead.
    pub command: Option<String>,
    /// What must occur in the reply.
    pub expect: Option<String>,
    /// What is answered by several lines, with time between them.
    pub stream: Option<Prompt>,
    /// For agents: what makes it write the file whose path is put where `{file}` stands.
    pub permission: Option<Prompt>,
    /// What takes so long that it can be cancelled.
    pub cancel: Option<Prompt>,
    /// For agents: what shows that a conversation outlives its process.
    pub resume: Option<Recall>,
    /// What meets a usage limit.
    pub limit: Option<Prompt>,
    /// What fails.
    pub error: Option<Prompt>,
}

/// One prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Text that is sent.
    pub say: String,
}

/// Two prompts of one conversation, with a process killed between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    /// Text that is sent first.
    pub say: String,
    /// Text that is sent afterwards.
    pub then: String,
    /// What must occur in the reply to that, and would not without the conversation.
    pub expect: String,
}

impl Test {
    /// What costs nothing, and what its reply must hold; absent if the profile has no such test.
    #[must_use]
    pub fn free(&self) -> Option<Free<'_>> {
        let expect = self.expect.as_deref()?;
        match (&self.command, &self.say) {
            (Some(command), _) => Some(Free { say: command, is_command: true, expect }),
            (None, Some(say)) => Some(Free { say, is_command: false, expect }),
            (None, None) => None,
        }
    }

    /// A prompt without its answer, or the other way round, would try nothing.
    pub(in crate::profile) fn check(&self) -> Result<(), (&'static str, String)> {
        let is_said = self.say.is_some() || self.command.is_some();
        match &self.expect {
            None if is_said => Err(("test.expect", "is missing: say what must occur in the reply".into())),
            Some(_) if !is_said => Err(("test.say", "is missing: `expect` is about its reply".into())),
            _ => Ok(()),
        }
    }
}

/// A try that costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free<'a> {
    /// What is sent.
    pub say: &'a str,
    /// Whether that is one of the tool's own commands.
    pub is_command: bool,
    /// What must occur in the reply.
    pub expect: &'a str,
}
