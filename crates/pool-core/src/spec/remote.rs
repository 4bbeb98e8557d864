//! Services that work on a task for themselves: it is submitted, asked after, and fetched, by one command each.

use super::{OneShotSpec, PromptBy, ToolSpec};
use crate::error::SpecError;
use regex::Regex;
use std::time::Duration;

/// How a task is handed to a service, asked after, and fetched. The commands are arguments that follow
/// [`ToolSpec::command`]; `{id}` in them stands for what the service calls the task.
#[derive(Debug, Clone)]
pub struct RemoteSpec {
    /// How the prompt reaches `submit`.
    pub prompt: PromptBy,
    /// Hands the task in, and prints its id.
    pub submit: Vec<String>,
    /// Prints the state of the task, perhaps among those of others.
    pub poll: Vec<String>,
    /// Prints what came of it.
    pub pull: Vec<String>,
    /// Takes it back. Without it a task that nobody wants any more goes on over there.
    pub cancel: Option<Vec<String>>,
    /// The id in what `submit` prints: the group `id`, or all of the match.
    pub id: Regex,
    /// What a state looks like in what `poll` prints: a regular expression with `{id}` in the place of the id.
    pub states: Vec<(RemoteState, String)>,
    /// From one look at the state to the next; it grows by half each time, up to `every_max`, and begins anew with each new
    /// state.
    pub every: Duration,
    /// See `every`.
    pub every_max: Duration,
}

/// How a task is, over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteState {
    /// At work, or about to be.
    Working,
    /// It waits for its user.
    Waiting,
    /// It has come to its end.
    Done,
    /// It has failed.
    Failed,
}

impl RemoteSpec {
    /// How often a look at the state may fail in a row before the turn has failed.
    pub const TRIES: u32 = 5;

    /// The pattern of a state for the task of this id.
    ///
    /// # Errors
    /// It is no regular expression.
    pub fn pattern(written: &str, id: &str) -> Result<Regex, regex::Error> {
        let pattern = written.replace("{id}", &regex::escape(id));
        regex::RegexBuilder::new(&pattern).multi_line(true).build()
    }

    pub(super) fn validate(&self, tool: &ToolSpec) -> Result<(), SpecError> {
        self.prompt.validate(&self.submit, tool)?;
        if tool.command.iter().any(|word| word == OneShotSpec::FILE) {
            return Err(SpecError::new("command", "has {file}, which only turn.remote.submit may have"));
        }
        for (key, words) in [("turn.remote.poll", &self.poll), ("turn.remote.pull", &self.pull)] {
            if words.is_empty() {
                return Err(SpecError::new(key, "is empty: say what follows `command`"));
            }
        }
        if !self.states.iter().any(|(state, _)| *state == RemoteState::Done) {
            return Err(SpecError::new("turn.remote.done", "is missing: nothing else ends a turn well"));
        }
        for (_, written) in &self.states {
            if let Err(error) = Self::pattern(written, "0") {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let reason = format!("has {written:?}, which is no regular expression: {reason}");
                return Err(SpecError::new("turn.remote", reason));
            }
        }
        if self.every.is_zero() || self.every > self.every_max {
            return Err(SpecError::new(
                "turn.remote.every",
                "must be more than nothing, and at most `every_max`",
            ));
        }
        Ok(())
    }
}
