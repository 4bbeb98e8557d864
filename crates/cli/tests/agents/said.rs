//! What the agents print, each in its own JSON.

use super::agent::Agent;
use serde_json::Value;

/// What an agent said at last.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) is_ok: bool,
    pub(crate) text: String,
    /// The tokens that it counted for this, if it says that by itself.
    pub(crate) input: Option<u64>,
}

impl Said {
    /// From what was printed.
    pub(crate) fn of(agent: Agent, lines: &[Value], is_ok: bool) -> Self {
        let (text, input) = match agent {
            Agent::Codex => codex(lines),
            Agent::Claude => claude(lines),
            Agent::Gemini => gemini(lines),
            // It counts what it asks for its own memory, too.
            Agent::Qwen => (claude(lines).0, None),
            Agent::Opencode => opencode(lines),
            Agent::Copilot => copilot(lines),
        };
        Self { is_ok, text, input }
    }
}

fn codex(lines: &[Value]) -> (String, Option<u64>) {
    let items = of(lines, "item.completed").map(|line| &line["item"]);
    let mut said = items.filter(|item| item["type"] == "agent_message");
    let end = of(lines, "turn.completed").next_back();
    (
        text(said.next_back().map(|item| &item["text"])),
        end.and_then(|line| line["usage"]["input_tokens"].as_u64()),
    )
}

fn claude(lines: &[Value]) -> (String, Option<u64>) {
    let end = of(lines, "result").next_back();
    let input = end.and_then(|line| line["usage"]["input_tokens"].as_u64());
    (text(end.map(|line| &line["result"])), input)
}

/// The smaller of its models has chosen the larger for the task.
fn gemini(lines: &[Value]) -> (String, Option<u64>) {
    let said = of(lines, "message").filter(|line| line["role"] == "assistant");
    let end = of(lines, "result").next_back();
    let mut models = end.and_then(|line| line["stats"]["models"].as_object()).into_iter().flatten();
    let larger = models.find(|(name, _)| !name.ends_with("lite"));
    let input = larger.and_then(|(_, counts)| counts["input_tokens"].as_u64());
    (said.map(|line| text(Some(&line["content"]))).collect(), input)
}

/// It counts each request of a turn.
fn opencode(lines: &[Value]) -> (String, Option<u64>) {
    let said = of(lines, "text").next_back().map(|line| &line["part"]["text"]);
    let steps = of(lines, "step_finish").map(|line| &line["part"]["tokens"]);
    // What was known already is not part of its input.
    let input =
        steps.map(|tokens| tokens["input"].as_u64().unwrap() + tokens["cache"]["read"].as_u64().unwrap());
    (text(said), Some(input.sum()))
}

fn copilot(lines: &[Value]) -> (String, Option<u64>) {
    let said = of(lines, "assistant.message").next_back().map(|line| &line["data"]["content"]);
    (text(said), None)
}

fn of<'a>(lines: &'a [Value], kind: &'static str) -> impl DoubleEndedIterator<Item = &'a Value> {
    lines.iter().filter(move |line| line["type"] == kind)
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}
