//! The most trusted rule: a line with a fresh nonce in it, which we had the tool print.

use super::window::Window;
use crate::spec::{TurnRule, render};
use memchr::{memchr, memmem, memrchr};
use regex::{Captures, Regex};
use std::ops::Range;
use std::time::Duration;

/// 16 lower-case hex digits.
pub(super) type Nonce = [u8; NONCE];

/// How many digits a nonce has.
pub(super) const NONCE: usize = 16;

/// How long the line of an answer must stand if no line end follows it.
pub(super) const SETTLE: Duration = Duration::from_millis(50);

/// How far before the nonce the answer may begin, beyond the length of the line that was sent.
const BEFORE: usize = 256;

/// How far behind the nonce the end of its line is looked for.
const BEHIND: usize = 1024;

/// An endless supply of nonces: splitmix64, which visits every 64-bit number once before any twice.
#[derive(Debug, Clone)]
pub(in crate::machine::dialect) struct Nonces(u64);

impl Nonces {
    pub(in crate::machine::dialect) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn fresh(&mut self) -> Nonce {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let mut nonce = [0; NONCE];
        for (digit, shift) in nonce.iter_mut().zip((0..64).step_by(4).rev()) {
            *digit = b"0123456789abcdef"[(mixed >> shift) as usize & 0xf];
        }
        nonce
    }
}

/// One sentinel that has been sent and not yet been answered.
#[derive(Debug)]
pub(super) struct Sentinel {
    pub(super) nonce: Nonce,
    /// The line that was sent, without its end.
    pub(super) line: Box<[u8]>,
}

/// What there is to be seen of an answer.
#[derive(Debug)]
pub(super) enum Sight {
    /// Nothing; what has been looked at need not be looked at again, except for the front of a nonce at its end.
    Nothing,
    /// The nonce is here, its line is not complete.
    Open(usize),
    /// The answer.
    Answer(Answer),
}

/// The answer to a sentinel.
#[derive(Debug)]
pub(super) struct Answer {
    /// The reply ends here.
    pub(super) start: usize,
    /// The nonce begins here.
    pub(super) nonce: usize,
    /// The line of the answer ends here, its line end included.
    pub(super) end: usize,
    pub(super) evidence: String,
    /// The group `status`, if there and not `0`.
    pub(super) failure: Option<String>,
}

/// How answers look.
pub(super) struct Expect<'a> {
    pub(super) pattern: &'a Regex,
    /// The tool repeats its input, perhaps behind a prompt.
    pub(super) echo: bool,
    /// Nothing has come for [`SETTLE`]: a line without an end may count.
    pub(super) settled: bool,
}

impl Sentinel {
    fn new(nonce: Nonce, send: &str) -> Self {
        let mut line = Vec::with_capacity(send.len() + NONCE);
        render(send, &mut line, |name, out| {
            let known = name == "nonce";
            if known {
                out.extend_from_slice(&nonce);
            }
            known
        });
        Self { nonce, line: line.into_boxed_slice() }
    }

    /// A new one, if the rule is that of sentinels.
    pub(super) fn fresh(nonces: &mut Nonces, rule: &TurnRule) -> Option<Self> {
        match rule {
            TurnRule::Sentinel { send, .. } => Some(Self::new(nonces.fresh(), send)),
            _ => None,
        }
    }

    /// Writes the line.
    pub(super) fn send(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.line);
        out.push(b'\n');
    }

    /// Looks for the answer in `text[from..]`.
    pub(super) fn find(&self, text: &[u8], from: usize, expect: &Expect<'_>) -> Sight {
        let mut from = from;
        while let Some(hit) = memmem::find(&text[from..], &self.nonce) {
            let place = from + hit;
            let behind = place + NONCE;
            let limit = text.len().min(behind + BEHIND);
            let line_end = memchr(b'\n', &text[behind..limit]).map(|end| behind + end + 1);
            let is_open = line_end.is_none() && limit == text.len();
            if !is_open || expect.settled {
                let end = line_end.unwrap_or(limit);
                if let Some(answer) = self.judge(text, place, end, expect) {
                    return Sight::Answer(answer);
                }
            }
            if is_open {
                return Sight::Open(place);
            }
            from = behind;
        }
        Sight::Nothing
    }

    fn judge(&self, text: &[u8], place: usize, end: usize, expect: &Expect<'_>) -> Option<Answer> {
        let first = place.saturating_sub(BEFORE + self.line.len());
        let line = memrchr(b'\n', &text[first..place]).map_or(first, |end| first + end + 1)..end;
        if self.is_echo(text[line].trim_ascii_end(), expect.echo) {
            return None;
        }
        let window = Window::new(text, first..end);
        let found = self.captures(&window, expect.pattern)?;
        let whole = found.get_match();
        let status = found.name("status").map(|status| status.as_str());
        Some(Answer {
            start: window.place(whole.start()),
            nonce: place,
            end,
            evidence: super::excerpt(whole.as_str()),
            failure: status.filter(|&status| status != "0").map(str::to_owned),
        })
    }

    fn is_echo(&self, line: &[u8], behind_prompt: bool) -> bool {
        let sent = self.line.trim_ascii_end();
        line == sent || behind_prompt && line.ends_with(sent)
    }

    fn captures<'w>(&self, window: &'w Window<'_>, pattern: &Regex) -> Option<Captures<'w>> {
        let is_ours = |found: &Captures<'_>| {
            let nonce = found.name("nonce").map_or(found.get_match().as_str(), |nonce| nonce.as_str());
            memmem::find(nonce.as_bytes(), &self.nonce).is_some()
        };
        let mut from = window.from;
        loop {
            let found = pattern.captures_at(&window.text, from)?;
            if is_ours(&found) {
                return Some(found);
            }
            let Range { start, end } = found.get_match().range();
            from = if end > start { end } else { super::window::next_boundary(&window.text, end + 1) };
        }
    }
}
