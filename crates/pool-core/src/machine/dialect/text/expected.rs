//! What output is awaited, in words.

use super::marks::Marks;
use super::sentinel::Sentinel;
use super::start::Start;
use super::turn::Turn;
use super::{Phase, TextDialect};
use crate::spec::{ToolSpec, TurnRule};

impl TextDialect {
    /// What output would change anything.
    pub(super) fn expected(&self) -> String {
        match &self.phase {
            Phase::Closed => "nothing".into(),
            Phase::Starting(start) => self.with_mark(start.expected(&self.spec)),
            Phase::Idle => "no output: it is free".into(),
            Phase::Turn(turn) => self.with_mark(turn.expected(&self.spec.turn.rule)),
            Phase::Broken(reason) => format!("nothing more: {reason}"),
        }
    }

    /// A tool that marks its prompts ends no turn without that.
    fn with_mark(&self, rule: String) -> String {
        let is_prompt = matches!(self.spec.turn.rule, TurnRule::Prompt { .. });
        match self.stream.marks().and_then(Marks::wanted).filter(|_| is_prompt) {
            Some(mark) => format!("{rule}, together with the tool's own {}", mark.name()),
            None => rule,
        }
    }
}

impl Start {
    fn expected(&self, spec: &ToolSpec) -> String {
        match self {
            Self::Nothing => "nothing".into(),
            Self::Look { .. } => match (&spec.start.ready, &spec.turn.rule) {
                (Some(ready), _) => format!("output that ends like /{ready}/"),
                (None, rule) => by_rule(rule),
            },
            Self::Probe { sentinel, .. } => sentinel.expected(),
        }
    }
}

impl Turn {
    fn expected(&self, rule: &TurnRule) -> String {
        match (&self.begin, &self.end) {
            (Some(begin), _) => format!("{}, in front of the reply", begin.expected()),
            (None, Some(end)) => end.expected(),
            (None, None) => by_rule(rule),
        }
    }
}

impl Sentinel {
    fn expected(&self) -> String {
        let start = String::from_utf8_lossy(&self.nonce[..4]);
        format!("the sentinel {start}… as a line of its own")
    }
}

fn by_rule(rule: &TurnRule) -> String {
    match rule {
        TurnRule::Sentinel { expect, .. } => format!("a sentinel like /{expect}/"),
        TurnRule::Prompt { until, settle } => {
            format!("output that ends like /{until}/ and stands for {settle:?}")
        }
        TurnRule::Lines => "one line".into(),
        TurnRule::Protocol(_) => "a message".into(),
        TurnRule::OneShot(_) => "the end of its process".into(),
        TurnRule::Remote(_) => "its end at the service".into(),
        TurnRule::Quiet { after } => format!("{after:?} of silence after some output"),
    }
}
