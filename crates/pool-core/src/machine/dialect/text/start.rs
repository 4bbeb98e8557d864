//! The start: from the first byte to a tool that answers.

use super::marks::{Marks, Word};
use super::rules;
use super::sentinel::{Expect, SETTLE, Sentinel, Sight};
use super::stream::Stream;
use super::turn::NOT_SCANNED;
use super::window::Window;
use crate::machine::dialect::Found;
use crate::spec::{ToolSpec, TurnRule};
use regex::Regex;
use std::time::{Duration, Instant};

/// How much of the output before the first turn is kept.
const KEPT: usize = 64 * 1024;

/// What the start waits for.
#[derive(Debug)]
pub(super) enum Start {
    /// Nothing.
    Nothing,
    /// The output looks ready, or is silent. Where it ended when it was last told as a question.
    Look { asked: Option<usize> },
    /// The answer to a sentinel; `asked` as above.
    Probe { sentinel: Sentinel, asked: Option<usize> },
}

impl Start {
    /// Begins; a sentinel that need not wait goes to `out`.
    pub(super) fn new(
        spec: &ToolSpec,
        probe: &mut dyn FnMut() -> Option<Sentinel>,
        out: &mut Vec<u8>,
    ) -> Self {
        match &spec.turn.rule {
            TurnRule::Sentinel { .. } if spec.start.ready.is_none() => Self::probe(probe(), out),
            TurnRule::Lines if spec.start.ready.is_none() => Self::Nothing,
            _ => Self::Look { asked: None },
        }
    }

    fn probe(probe: Option<Sentinel>, out: &mut Vec<u8>) -> Self {
        probe.map_or(Self::Nothing, |sentinel| {
            sentinel.send(out);
            Self::Probe { sentinel, asked: None }
        })
    }

    /// Whether the tool is ready, or asks something before it is.
    pub(super) fn poll(
        &mut self,
        spec: &ToolSpec,
        stream: &mut Stream,
        probe: &mut dyn FnMut() -> Option<Sentinel>,
        out: &mut Vec<u8>,
        due: &mut Option<Instant>,
        now: Instant,
    ) -> Option<Found> {
        let is_ready = match self {
            Self::Nothing => true,
            Self::Look { asked } => {
                if !looks_ready(spec, stream, due, now) {
                    stream.keep_last(KEPT);
                    return rules::remark(&spec.turn, stream, asked, due, now);
                }
                stream.clear();
                *self = Self::probe(probe(), out);
                matches!(self, Self::Nothing)
            }
            Self::Probe { sentinel, asked } => {
                if !is_answered(sentinel, spec, stream, due, now) {
                    return rules::remark(&spec.turn, stream, asked, due, now);
                }
                true
            }
        };
        is_ready.then_some(Found::Ready)
    }
}

/// What prompts of this tool look like, as far as the profile says.
pub(super) fn prompts(spec: &ToolSpec) -> Vec<&Regex> {
    let until = match &spec.turn.rule {
        TurnRule::Prompt { until, .. } => Some(until),
        _ => None,
    };
    if spec.turn.echo { until.into_iter().chain(&spec.start.ready).collect() } else { Vec::new() }
}

fn looks_ready(spec: &ToolSpec, stream: &Stream, due: &mut Option<Instant>, now: Instant) -> bool {
    let (pattern, silence): (Option<&Regex>, Duration) = match (&spec.start.ready, &spec.turn.rule) {
        (Some(ready), _) => (Some(ready), spec.start.settle),
        (None, TurnRule::Prompt { until, settle }) => (Some(until), *settle),
        (None, TurnRule::Quiet { after }) => (None, *after),
        (None, _) => return true,
    };
    let at = stream.quiet_at(silence, now);
    if now < at {
        *due = Some(at);
        return false;
    }
    let is_there = pattern.is_none_or(|pattern| Window::tail(stream.text()).match_at_end(pattern).is_some());
    is_there && !(matches!(spec.turn.rule, TurnRule::Prompt { .. }) && lacks_mark(stream))
}

/// The tool marks its prompts, and this is none.
fn lacks_mark(stream: &Stream) -> bool {
    matches!(stream.marks().map(Marks::word), Some(Word::Missing(_)))
}

fn is_answered(
    sentinel: &Sentinel,
    spec: &ToolSpec,
    stream: &mut Stream,
    due: &mut Option<Instant>,
    now: Instant,
) -> bool {
    let TurnRule::Sentinel { expect, .. } = &spec.turn.rule else { return true };
    let settled = stream.quiet_at(SETTLE, now);
    let expect = Expect { pattern: expect, echo: spec.turn.echo, settled: now >= settled };
    match sentinel.find(stream.text(), stream.scan, &expect) {
        Sight::Answer(answer) => {
            stream.drop_front(answer.end);
            return true;
        }
        Sight::Open(place) => {
            stream.scan = place;
            *due = Some(settled).filter(|settled| now < *settled);
        }
        Sight::Nothing => stream.scan = stream.text().len().saturating_sub(NOT_SCANNED),
    }
    stream.keep_last(KEPT);
    false
}
