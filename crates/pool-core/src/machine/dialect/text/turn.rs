//! One turn: from a step to what ends it.

use super::cap::Cap;
use super::encode::{self, Carried, Marks};
use super::keys;
use super::outcome;
use super::reply::{self, Sent};
use super::rules::{self, by_rule, one_line};
use super::sentinel::{Answer, Expect, NONCE, Nonces, SETTLE, Sentinel, Sight};
use super::stream::{Raw, Stream};
use crate::machine::dialect::{CannotCarry, Found, Partial};
use crate::message::{CompletedBy, Outcome, Step};
use crate::spec::{ToolSpec, TurnRule};
use std::time::Instant;

/// How much at the end is searched again: a nonce that has not come whole, and what the filter may put right.
pub(super) const NOT_SCANNED: usize = NONCE + 8;

/// How much is kept of output that belongs to no job, while the turn's own is awaited.
const FOREIGN: usize = 64 * 1024;

/// A turn that is under way.
#[derive(Debug)]
pub(super) struct Turn {
    /// Sent in front of the text and not yet answered: nothing that comes is ours.
    pub(super) begin: Option<Sentinel>,
    /// Sent behind the text.
    pub(super) end: Option<Sentinel>,
    pub(super) raw: Option<Raw>,
    pub(super) cap: Cap,
    pub(super) sent: Sent,
    /// Where the output ended when it was last told as a question or a wait.
    asked: Option<usize>,
    /// The front of the reply has been told, without what is trimmed off it.
    pub(super) front_told: bool,
}

/// What there is to be seen of the end of the turn.
pub(super) enum Seen {
    End(Ended),
    /// The tool asks, or waits.
    Remark(Found),
    Broken(String),
}

/// A turn that has ended: `reply` bytes are the reply, the next turn begins at `rest`.
pub(super) struct Ended {
    pub(super) reply: usize,
    pub(super) rest: usize,
    pub(super) by: CompletedBy,
    pub(super) evidence: String,
    pub(super) failure: Option<String>,
}

impl Turn {
    /// Encodes a step.
    ///
    /// # Errors
    /// [`CannotCarry`]; `out` is as it was.
    pub(super) fn begin(
        step: Step,
        want_raw: bool,
        spec: &ToolSpec,
        nonces: &mut Nonces,
        out: &mut Vec<u8>,
    ) -> Result<Self, CannotCarry> {
        keys::check(&step, spec)?;
        let rule = &spec.turn.rule;
        let asks_first = matches!(rule, TurnRule::Sentinel { begin: true, .. });
        let begin = asks_first.then(|| Sentinel::fresh(nonces, rule)).flatten();
        let end = Sentinel::fresh(nonces, rule);
        let spare = if end.is_none() { nonces.fresh() } else { [0; NONCE] };
        let mark = out.len();
        if let Some(begin) = &begin {
            begin.send(out);
        }
        let text = out.len();
        let mut marks = Marks { nonce: end.as_ref().map_or(&spare, |end| &end.nonce), nonces };
        let room = 1 + closing_size(rule, end.as_ref());
        let carried = encode::step(step, &spec.turn.text, &spec.limits, &mut marks, room, out);
        let checked = carried.and_then(|carried| match carried {
            Carried::AsOneLine => Ok(()),
            Carried::Otherwise => one_line(rule, &out[text..]),
        });
        if let Err(refused) = checked {
            out.truncate(mark);
            return Err(refused);
        }
        out.push(b'\n');
        let closing = out.len();
        let mut turn = Self {
            begin,
            end,
            raw: want_raw.then(|| Raw::new(spec.limits.max_raw)),
            cap: Cap::new(spec.limits.max_reply),
            sent: Sent::default(),
            asked: None,
            front_told: false,
        };
        turn.close(rule, out);
        if spec.turn.echo {
            turn.sent = Sent { text: out[text..closing].to_vec(), closing: out[closing..].to_vec() };
        }
        Ok(turn)
    }

    /// Sends what makes the tool print the answer.
    fn close(&self, rule: &TurnRule, out: &mut Vec<u8>) {
        if let TurnRule::Sentinel { before: Some(before), .. } = rule {
            out.extend_from_slice(before.as_bytes());
            out.push(b'\n');
        }
        if let Some(end) = &self.end {
            end.send(out);
        }
    }

    /// A tool that waits for an answer has read everything before it, the sentinel too: it goes out again.
    pub(super) fn answered(&mut self, out: &mut Vec<u8>) {
        if let Some(end) = &self.end {
            end.send(out);
        }
    }

    /// Looks at what has come.
    pub(super) fn poll(
        &mut self,
        spec: &ToolSpec,
        stream: &mut Stream,
        due: &mut Option<Instant>,
        unsolicited: &mut u64,
        now: Instant,
    ) -> Option<Seen> {
        let turn = &spec.turn;
        if let TurnRule::Sentinel { expect, .. } = &turn.rule {
            let settled = stream.quiet_at(SETTLE, now);
            let expect = Expect { pattern: expect, echo: turn.echo, settled: now >= settled };
            if let Some(broken) = self.before_begin(stream, &expect, spec.limits.max_raw, unsolicited) {
                return Some(broken);
            }
            if self.begin.is_none()
                && let Some(ended) = self.answer(stream, &expect)
            {
                return Some(Seen::End(ended));
            }
            // An open line may yet count; only once it has stood.
            let is_open = stream.text().len() >= stream.scan + NONCE && self.is_at_nonce(stream);
            *due = Some(settled).filter(|settled| is_open && now < *settled);
        } else if let Some(seen) = by_rule(turn, stream, self.raw.as_mut(), due, now) {
            return Some(seen);
        }
        rules::remark(turn, stream, &mut self.asked, due, now).map(Seen::Remark).or_else(|| {
            stream.thin(&mut self.cap);
            None
        })
    }

    /// Waits for the sentinel in front of the text. What comes before its answer is nobody's.
    fn before_begin(
        &mut self,
        stream: &mut Stream,
        expect: &Expect<'_>,
        max: usize,
        unsolicited: &mut u64,
    ) -> Option<Seen> {
        let begin = self.begin.as_ref()?;
        match begin.find(stream.text(), stream.scan, expect) {
            Sight::Answer(answer) => {
                if let Some(raw) = &mut self.raw {
                    raw.start_after(&begin.nonce, max);
                }
                *unsolicited += answer.start as u64;
                stream.drop_front(answer.end);
                stream.scan = 0;
                self.begin = None;
                return None;
            }
            Sight::Open(place) => stream.scan = place,
            Sight::Nothing => {
                let end = self.end.as_ref()?;
                if let Sight::Answer(answer) = end.find(stream.text(), stream.scan, expect) {
                    return Some(Seen::Broken(format!(
                        "the sentinel behind the text was answered, the one before it was not: {}",
                        answer.evidence
                    )));
                }
                stream.scan = stream.text().len().saturating_sub(NOT_SCANNED);
            }
        }
        *unsolicited += stream.keep_last(FOREIGN) as u64;
        None
    }

    fn answer(&mut self, stream: &mut Stream, expect: &Expect<'_>) -> Option<Ended> {
        match self.end.as_ref()?.find(stream.text(), stream.scan, expect) {
            Sight::Answer(Answer { start, nonce, end, evidence, failure }) => {
                if let (Some(raw), Some(sentinel)) = (&mut self.raw, &self.end) {
                    raw.end_before(&sentinel.nonce, &stream.text()[start..nonce]);
                }
                Some(Ended { reply: start, rest: end, by: CompletedBy::Sentinel, evidence, failure })
            }
            Sight::Open(place) => {
                stream.scan = place;
                None
            }
            Sight::Nothing => {
                stream.scan = stream.text().len().saturating_sub(NOT_SCANNED);
                None
            }
        }
    }

    fn is_at_nonce(&self, stream: &Stream) -> bool {
        let at = |sentinel: &Sentinel| stream.text()[stream.scan..].starts_with(&sentinel.nonce);
        self.begin.iter().chain(&self.end).any(at)
    }

    /// What had come when the output ended.
    pub(super) fn partial(self, spec: &ToolSpec, stream: &mut Stream) -> Partial {
        let raw = self.raw.map(Raw::finish);
        if self.begin.is_some() {
            return Partial { raw: raw.map(|_| Vec::new()), ..Partial::default() };
        }
        let mut bytes = stream.take_all();
        self.cap.finish(&mut bytes);
        let text = reply::compose(bytes, &spec.turn, &super::start::prompts(spec), &self.sent);
        let said = outcome::judge(&spec.turn.outcomes, &text);
        let limit = said.filter(|said| said.outcome == Outcome::Limited).map(|said| (said.line, said.reset));
        Partial { text, raw, limit }
    }
}

/// How many bytes follow the line end of the text.
fn closing_size(rule: &TurnRule, end: Option<&Sentinel>) -> usize {
    let before = match rule {
        TurnRule::Sentinel { before: Some(before), .. } => before.len() + 1,
        _ => 0,
    };
    before + end.map_or(0, |end| end.line.len() + 1)
}
