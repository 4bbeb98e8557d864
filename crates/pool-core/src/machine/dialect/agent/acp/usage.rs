//! What turns take. The protocol leaves open what the numbers count, and agents differ.

use crate::machine::dialect::agent::json::{Fields, Value};
use crate::message::Usage;

/// Counts what turns take.
#[derive(Debug)]
pub(super) struct Meter {
    counts: Counts,
    /// What the session had taken at the end of the last turn; `None` where nobody knows.
    tokens: Option<[u64; 2]>,
    /// What it had cost by then, in dollars.
    cost: Option<f64>,
    turn: Turn,
}

/// What the tokens in the answer to a prompt count.
#[derive(Debug, Clone, Copy)]
enum Counts {
    Turn,
    Session,
    /// The last request of the turn: that is all of it only where no tool was used.
    Request,
}

/// What has been told in the running turn.
#[derive(Debug, Default)]
struct Turn {
    /// The sum of what was told for each request.
    requests: Option<[u64; 2]>,
    /// What the session has cost.
    cost: Option<f64>,
    used_tools: bool,
}

impl Meter {
    /// Counts as the setting says: `turn`, `session` or `request`; without one `turn`.
    pub(super) fn new(counts: Option<&str>) -> Self {
        let counts = match counts {
            Some("session") => Counts::Session,
            Some("request") => Counts::Request,
            _ => Counts::Turn,
        };
        Self { counts, tokens: None, cost: None, turn: Turn::default() }
    }

    /// A session begins, or an old one is taken up.
    pub(super) fn session(&mut self, is_old: bool) {
        self.tokens = (!is_old).then_some([0, 0]);
        self.cost = (!is_old).then_some(0.0);
    }

    pub(super) fn begin(&mut self) {
        // What is told between turns belongs to none.
        self.cost = self.turn.cost.take().or(self.cost);
        self.turn = Turn::default();
    }

    pub(super) fn update(&mut self, update: &Value) {
        match update.text(&["sessionUpdate"]) {
            Some("tool_call" | "tool_call_update") => self.turn.used_tools = true,
            Some("usage_update") if update.text(&["cost", "currency"]) == Some("USD") => {
                self.turn.cost = update.at(&["cost", "amount"]).and_then(Value::as_f64).or(self.turn.cost);
            }
            _ => {}
        }
        if let Some(more) = update.at(&["_meta", "usage"]).and_then(told) {
            let sum = self.turn.requests.unwrap_or_default();
            self.turn.requests = Some([sum[0].saturating_add(more[0]), sum[1].saturating_add(more[1])]);
        }
    }

    /// What the turn took that ends with this answer.
    pub(super) fn end(&mut self, result: &Value) -> Option<Usage> {
        let tokens = self.tokens_of(result);
        let cost_usd = self.turn.cost.take().and_then(|total| {
            let before = self.cost.replace(total)?;
            Some(if total < before { total } else { total - before })
        });
        let [input, output] = tokens.map_or([None; 2], |tokens| tokens.map(Some));
        (tokens.is_some() || cost_usd.is_some()).then_some(Usage { input, output, cost_usd })
    }

    fn tokens_of(&mut self, result: &Value) -> Option<[u64; 2]> {
        let quota = |it: &Value| Some([it.count(&["input_tokens"])?, it.count(&["output_tokens"])?]);
        let Some(told) = result.get("usage").and_then(told) else {
            let quota = result.at(&["_meta", "quota", "token_count"]).and_then(quota);
            return quota.or(self.turn.requests);
        };
        match self.counts {
            Counts::Turn => Some(told),
            Counts::Request => Some(told).filter(|_| !self.turn.used_tools),
            Counts::Session => {
                let before = self.tokens.replace(told)?;
                // A count that has begun anew.
                let is_less = told[0] < before[0] || told[1] < before[1];
                Some(if is_less { told } else { [told[0] - before[0], told[1] - before[1]] })
            }
        }
    }
}

/// The tokens that went in, and those that came out. What was cached, and what was thought, some count in and some apart: the
/// total tells.
fn told(usage: &Value) -> Option<[u64; 2]> {
    let [input, output] = [usage.count(&["inputTokens"])?, usage.count(&["outputTokens"])?];
    let count = |name| usage.count(&[name]).unwrap_or_default();
    let cached = count("cachedReadTokens").saturating_add(count("cachedWriteTokens"));
    let all = [input.saturating_add(cached), output.saturating_add(count("thoughtTokens"))];
    let is_total = usage.count(&["totalTokens"]) == all[0].checked_add(all[1]);
    Some(if is_total { all } else { [input, output] })
}
