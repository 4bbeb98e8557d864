//! The dialects of agents against messages as they were seen, and as they must not be taken.

mod acp;
mod app_server;
mod asking;
mod hostile;
mod lines;
mod stream_json;

use super::AgentDialect;
use super::json::Value;
use crate::machine::dialect::{Dialect, Found, TurnEnd};
use crate::message::Step;
use crate::spec::{AgentSpec, Allow, OutcomeRule, Protocol, ToolSpec, TurnRule, TurnSpec};
use std::sync::Arc;
use std::time::Instant;

/// A dialect, and the agent's part played by the test.
struct Talk {
    dialect: AgentDialect,
    now: Instant,
    sent: Vec<Value>,
}

/// An agent that may do so much.
fn agent(protocol: Protocol, allow: Allow) -> AgentSpec {
    AgentSpec { allow, ..AgentSpec::new(protocol) }
}

impl Talk {
    /// A process that has just begun; what it was sent is in `sent`.
    fn begun(agent: AgentSpec, thread: Option<&str>, outcomes: Vec<OutcomeRule>) -> Self {
        Self::with(agent, thread, outcomes, Vec::new())
    }

    /// The same, with patterns for its trying again.
    fn with(
        agent: AgentSpec,
        thread: Option<&str>,
        outcomes: Vec<OutcomeRule>,
        throttled: Vec<regex::Regex>,
    ) -> Self {
        let mut turn = TurnSpec::new(TurnRule::Protocol(Box::new(agent)));
        (turn.outcomes, turn.throttled) = (outcomes, throttled);
        let spec = Arc::new(ToolSpec::new("t", vec!["t".into()], turn));
        let agent = spec.agent().expect("an agent").clone();
        #[expect(clippy::disallowed_methods, reason = "where the test begins")]
        let now = Instant::now();
        let mut talk =
            Self { dialect: AgentDialect::new(spec, &agent, thread.map(Into::into)), now, sent: Vec::new() };
        let mut out = Vec::new();
        talk.dialect.open(&mut out, now);
        talk.read(&out);
        talk
    }

    fn read(&mut self, out: &[u8]) {
        let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        self.sent.extend(lines.map(|line| serde_json::from_slice::<Value>(line).expect("JSON")));
    }

    /// The agent prints these lines; what is found in them.
    fn hears(&mut self, lines: &[Value]) -> Vec<Found> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.prints(text.as_bytes())
    }

    fn prints(&mut self, bytes: &[u8]) -> Vec<Found> {
        self.dialect.buffer().extend_from_slice(bytes);
        let mut found = Vec::new();
        while let Some(it) = self.dialect.poll(self.now) {
            found.push(it);
        }
        let mut out = Vec::new();
        self.dialect.take_output(&mut out);
        self.read(&out);
        found
    }

    /// A step begins; what was sent for it.
    fn says(&mut self, step: Step) -> Value {
        let mut out = Vec::new();
        self.dialect.begin(step, false, &mut out, self.now).expect("a step that can be carried");
        self.read(&out);
        self.sent.last().expect("a message").clone()
    }

    fn say(&mut self, text: &str) -> Value {
        self.says(Step::Say(text.into()))
    }

    fn interrupts(&mut self) {
        let mut out = Vec::new();
        self.dialect.interrupted(&mut out, self.now);
        self.read(&out);
    }

    fn answers(&mut self, text: &str) {
        let mut out = Vec::new();
        self.dialect.answer(text, &mut out);
        self.read(&out);
    }

    /// What was sent since the last call.
    fn sent(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.sent)
    }

    /// The end of the turn, which must be all that is found.
    fn ends(&mut self, lines: &[Value]) -> TurnEnd {
        let mut found = self.hears(lines);
        match (found.pop(), found.is_empty()) {
            (Some(Found::End(end)), true) => *end,
            (last, _) => panic!("{found:?}, {last:?}"),
        }
    }
}

/// A rule of a profile.
fn rule(outcome: crate::message::Outcome, pattern: &str) -> OutcomeRule {
    OutcomeRule { outcome, pattern: regex::Regex::new(pattern).expect("a pattern") }
}
