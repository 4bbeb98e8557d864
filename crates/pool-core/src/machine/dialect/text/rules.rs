//! The rules that need no nonce: a prompt, a line, silence; and what looks like a question.

use super::marks::{Marks, Word};
use super::stream::{Raw, Stream};
use super::turn::{Ended, Seen};
use super::window::Window;
use crate::machine::dialect::{CannotCarry, Found};
use crate::message::CompletedBy;
use crate::spec::{TurnRule, TurnSpec};
use memchr::{memchr, memchr2};
use regex::Regex;
use std::time::Instant;

/// The end by the rules that need no nonce.
pub(super) fn by_rule(
    turn: &TurnSpec,
    stream: &mut Stream,
    raw: Option<&mut Raw>,
    due: &mut Option<Instant>,
    now: Instant,
) -> Option<Seen> {
    let text = stream.text();
    match &turn.rule {
        TurnRule::Sentinel { .. } | TurnRule::Protocol(_) | TurnRule::OneShot(_) | TurnRule::Remote(_) => {
            None
        }
        TurnRule::Lines => {
            let Some(end) = memchr(b'\n', &text[stream.scan..]).map(|end| stream.scan + end) else {
                stream.scan = text.len();
                return None;
            };
            if stream.buffer.len() > end + 1 {
                return Some(Seen::Broken(one_too_many(&stream.buffer[end + 1..])));
            }
            if let Some(raw) = raw {
                raw.end_before_line_end();
            }
            let evidence = "line end".to_owned();
            Some(ended(end, end + 1, CompletedBy::Lines, evidence))
        }
        TurnRule::Prompt { until, settle } => {
            let at = stream.quiet_at(*settle, now);
            if now < at {
                *due = Some(at);
                return None;
            }
            let (reply, evidence) = prompt_at_end(until, text)?;
            let (rest, by) = (stream.buffer.len(), CompletedBy::Prompt);
            let (evidence, failure) = match stream.marks().map_or(Word::None, Marks::word) {
                Word::None => (evidence, None),
                Word::Missing(_) => return None,
                Word::Given(mark, failure) => (format!("{}, {evidence}", mark.name()), failure),
            };
            let failure = failure.map(|status| status.to_string());
            Some(Seen::End(Ended { reply, rest, by, evidence, failure }))
        }
        TurnRule::Quiet { after } => {
            let at = stream.quiet_at(*after, now);
            if text.is_empty() || now < at {
                *due = Some(at).filter(|_| !text.is_empty());
                return None;
            }
            // Who asks is silent too.
            if asks(turn, stream).is_some() {
                return None;
            }
            let all = stream.buffer.len();
            Some(ended(all, all, CompletedBy::Quiet, format!("{after:?} of silence")))
        }
    }
}

const fn ended(reply: usize, rest: usize, by: CompletedBy, evidence: String) -> Seen {
    Seen::End(Ended { reply, rest, by, evidence, failure: None })
}

fn prompt_at_end(until: &Regex, text: &[u8]) -> Option<(usize, String)> {
    let window = Window::tail(text);
    let found = window.match_at_end(until)?;
    Some((window.place(found.start()), super::excerpt(found.as_str())))
}

/// A question, or that the tool waits by itself, once it has stood long enough; told once: `told` is where the output
/// ended then.
pub(super) fn remark(
    turn: &TurnSpec,
    stream: &Stream,
    told: &mut Option<usize>,
    due: &mut Option<Instant>,
    now: Instant,
) -> Option<Found> {
    let place = stream.text().len();
    let knows_none = turn.questions.is_empty() && turn.throttled.is_empty();
    if knows_none || *told == Some(place) || place == 0 {
        return None;
    }
    let settled = stream.quiet_at(TurnSpec::QUESTION_SETTLE, now);
    if now < settled {
        *due = Some(due.map_or(settled, |due| due.min(settled)));
        return None;
    }
    let waits = || last_line(&turn.throttled, stream).map(Found::Throttled);
    let found = asks(turn, stream).map(Found::Question).or_else(waits)?;
    *told = Some(place);
    Some(found)
}

/// The line that asks, if the output ends like a question.
fn asks(turn: &TurnSpec, stream: &Stream) -> Option<String> {
    last_line(&turn.questions, stream)
}

/// The last line, if the output ends like one of `patterns`.
fn last_line(patterns: &[Regex], stream: &Stream) -> Option<String> {
    if patterns.is_empty() {
        return None;
    }
    let window = Window::tail(stream.text());
    patterns.iter().find(|pattern| window.match_at_end(pattern).is_some())?;
    let line = window.text.trim_end().rsplit('\n').next().unwrap_or_default();
    Some(line.trim().to_owned())
}

/// With lines, what goes out must be one line, or more than one would come back.
pub(super) fn one_line(rule: &TurnRule, encoded: &[u8]) -> Result<(), CannotCarry> {
    if matches!(rule, TurnRule::Lines) && memchr2(b'\n', b'\r', encoded).is_some() {
        let reason =
            "the prompt has several lines, and the tool answers line by line: send them as jobs of their own";
        return Err(CannotCarry(reason.into()));
    }
    Ok(())
}

/// What to say of output that no prompt has asked for.
pub(super) fn one_too_many(extra: &[u8]) -> String {
    let start = String::from_utf8_lossy(&extra[..extra.len().min(400)]);
    format!("one line too many: {:?}", super::excerpt(&start))
}
