//! How a prompt becomes bytes, and when bytes are a whole reply.

use super::{AgentSpec, OneShotSpec, RemoteSpec};
use crate::error::SpecError;
use crate::message::Outcome;
use regex::Regex;
use std::time::Duration;

/// How turns of a text tool are framed and read.
#[derive(Debug, Clone)]
pub struct TurnSpec {
    /// What ends a turn.
    pub rule: TurnRule,
    /// How the text of a step is carried to the tool.
    pub text: TextRule,
    /// The tool repeats its input: lines equal to what was sent are taken out of the front of the reply.
    pub echo: bool,
    /// Cut off the front of a reply, in this order, each once.
    pub trim_start: Vec<Regex>,
    /// Cut off the end of a reply, in this order, each once.
    pub trim_end: Vec<Regex>,
    /// The rule whose pattern matches *last* in the reply decides the outcome; none means `ok`.
    pub outcomes: Vec<OutcomeRule>,
    /// What the tool says of the tokens that a turn took: numbers in the groups `input`, `output` and `cost` (US
    /// dollars), at least one of them; `1,234`, `2.1k` and `3M` are numbers. All matches are added up.
    pub usage: Option<Regex>,
    /// Output whose end looks like this, for [`TurnSpec::QUESTION_SETTLE`] of silence, is a question. A start that
    /// asks one has failed, because nobody can answer yet.
    pub questions: Vec<Regex>,
    /// Output whose end looks like this, after the same silence, says that the tool tries again by itself: it is
    /// shown as throttled until more comes.
    pub throttled: Vec<Regex>,
}

impl TurnSpec {
    /// How long a possible question must stand before it counts as one.
    pub const QUESTION_SETTLE: Duration = Duration::from_millis(300);

    /// A turn rule with plain text and nothing to trim.
    #[must_use]
    pub const fn new(rule: TurnRule) -> Self {
        Self {
            rule,
            text: TextRule { wrap: None, command: None, multiline: true },
            echo: false,
            trim_start: Vec::new(),
            trim_end: Vec::new(),
            outcomes: Vec::new(),
            usage: None,
            questions: Vec::new(),
            throttled: Vec::new(),
        }
    }

    /// Whether the tool tells what a turn has cost.
    #[must_use]
    pub fn tells_costs(&self) -> bool {
        if let TurnRule::OneShot(how) = &self.rule
            && !how.extract.cost.is_empty()
        {
            return true;
        }
        self.usage.as_ref().is_some_and(|usage| usage.capture_names().flatten().any(|group| group == "cost"))
    }

    /// Whether anything tells what a turn has taken, apart from a protocol.
    #[must_use]
    pub fn reads_tokens(&self) -> bool {
        let picks = match &self.rule {
            TurnRule::OneShot(how) => !how.extract.input.is_empty() || !how.extract.output.is_empty(),
            _ => false,
        };
        picks || self.usage.is_some() || self.tells_costs()
    }

    pub(super) fn validate(&self) -> Result<(), SpecError> {
        if let TurnRule::Sentinel { send, .. } = &self.rule
            && !send.contains("{nonce}")
        {
            return Err(SpecError::new(
                "turn.send",
                "must contain {nonce}, or an old reply could end a new turn",
            ));
        }
        if self.text.wrap.as_ref().is_some_and(|wrap| !wrap.contains("{text")) {
            return Err(SpecError::new("turn.wrap", "must contain {text}, {text:shell} or {text:json}"));
        }
        self.outcomes.iter().try_for_each(OutcomeRule::validate)?;
        let is_group = |name: &str| ["input", "output", "cost"].contains(&name);
        let useless = |usage: &Regex| !usage.capture_names().flatten().any(is_group);
        if self.usage.as_ref().is_some_and(useless) {
            return Err(SpecError::new(
                "turn.usage",
                "must have a group (?P<input>…), (?P<output>…) or (?P<cost>…)",
            ));
        }
        Ok(())
    }
}

/// What ends a turn, in order of trust.
#[derive(Debug, Clone)]
pub enum TurnRule {
    /// A line that we had the tool print, with a fresh nonce in it.
    Sentinel {
        /// The line that makes the tool print it; `{nonce}` stands for 16 hex digits.
        send: String,
        /// What the tool then prints. `(?P<nonce>[0-9a-f]{16})` stands where the nonce is; `^` and `$` match at
        /// line ends. A group `status`, if not `0`, makes the outcome an error.
        expect: Regex,
        /// A line that closes a half statement, sent before `send`.
        before: Option<String>,
        /// The sentinel is also sent in front of the text; output before it belongs to no job.
        begin: bool,
    },
    /// The tool's prompt at the very end of the output, unchanged for `settle`. On a terminal, a tool that marks its
    /// prompts at its start (OSC 133;B behind them, or bracketed paste switched on) is held to that: without the mark
    /// nothing is the prompt, and a status in OSC 133;D, if not `0`, makes the outcome an error.
    Prompt {
        /// The prompt; matched at the end of the output.
        until: Regex,
        /// How long it must stand.
        settle: Duration,
    },
    /// One line out for one line in.
    Lines,
    /// A message of the tool's own protocol. Of the rest of [`TurnSpec`] only `outcomes` counts.
    Protocol(Box<AgentSpec>),
    /// The end of a process that is started for the turn. Of the rest of [`TurnSpec`] `text` and `outcomes` count, and with
    /// [`Form::Text`](super::Form) `trim_start`, `trim_end` and `usage`.
    OneShot(Box<OneShotSpec>),
    /// The state of a task at a service, asked after by a command. Of the rest of [`TurnSpec`] `text`, `trim_start`,
    /// `trim_end` and `outcomes` count.
    Remote(Box<RemoteSpec>),
    /// This much silence after some output. A guess.
    Quiet {
        /// How much.
        after: Duration,
    },
}

impl TurnRule {
    /// Whether processes are started for each turn, and none for the instance.
    #[must_use]
    pub const fn is_relayed(&self) -> bool {
        matches!(self, Self::OneShot(_) | Self::Remote(_))
    }
}

/// How text is carried to the tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextRule {
    /// Around [`Step::Say`](crate::message::Step::Say): `{text}`, `{text:shell}`, `{text:json}`, `{tag}` (random
    /// letters that do not occur in the text), `{nonce}`. The text as it is if absent. See [`render`].
    pub wrap: Option<String>,
    /// Around [`Step::Command`](crate::message::Step::Command), likewise; the line as it is if absent.
    pub command: Option<String>,
    /// Text with line ends in it can be carried; else it is refused.
    pub multiline: bool,
}

/// A pattern that tells an outcome.
#[derive(Debug, Clone)]
pub struct OutcomeRule {
    /// What it means.
    pub outcome: Outcome,
    /// Searched in the reply; `^` and `$` match at line ends. With [`Outcome::Limited`] its groups may say when the
    /// limit is over: the sum of [`OutcomeRule::RESETS`], or `reset_at`, a time of day or a date.
    pub pattern: Regex,
}

impl OutcomeRule {
    /// Groups that hold a number, and its unit in seconds.
    pub const RESETS: [(&str, f64); 5] = [
        ("reset_ms", 0.001),
        ("reset_s", 1.0),
        ("reset_m", 60.0),
        ("reset_h", 3600.0),
        ("reset_d", 86_400.0),
    ];

    fn validate(&self) -> Result<(), SpecError> {
        let known = |name: &str| name == "reset_at" || Self::RESETS.iter().any(|(known, _)| *known == name);
        for name in self.pattern.capture_names().flatten().filter(|name| name.starts_with("reset")) {
            if !known(name) {
                let known = "reset_ms, reset_s, reset_m, reset_h, reset_d or reset_at";
                return Err(SpecError::new("outcome", format!("has a group {name:?}: call it {known}")));
            }
            if self.outcome != Outcome::Limited {
                let reason = format!("has a group {name:?}, which only `is = \"limited\"` may have");
                return Err(SpecError::new("outcome", reason));
            }
        }
        Ok(())
    }
}

/// Fills a template: each `{name}` that `value` knows is replaced, once; anything else stays as it is.
///
/// What has been put in is not looked at again, so text cannot smuggle in a placeholder.
pub fn render(template: &str, out: &mut Vec<u8>, mut value: impl FnMut(&str, &mut Vec<u8>) -> bool) {
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.extend_from_slice(&rest.as_bytes()[..open]);
        let tail = &rest[open + 1..];
        match tail.find('}') {
            Some(close) if !tail[..close].contains('{') && value(&tail[..close], out) => {
                rest = &tail[close + 1..];
            }
            _ => {
                out.push(b'{');
                rest = tail;
            }
        }
    }
    out.extend_from_slice(rest.as_bytes());
}
