//! One replay of a transcript.

use super::script::{Line, Part};
use super::{Cuts, PATIENCE};
use crate::machine::dialect::any::AnyDialect;
use crate::machine::dialect::{Dialect, Found, TurnEnd};
use crate::message::Step;
use crate::spec::ToolSpec;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Plays the parts of the tool, of the conversation and of the clock.
pub(super) struct Player {
    dialect: AnyDialect,
    /// What is written are messages.
    is_agent: bool,
    now: Instant,
    cuts: Cuts,
    dice: u64,
    /// What has been written to the tool and not yet been compared.
    written: Vec<u8>,
    /// What has been found and not yet been announced.
    found: Vec<Found>,
    last: Option<Box<TurnEnd>>,
    names: BTreeMap<String, Vec<u8>>,
}

impl Player {
    pub(super) fn new(spec: &Arc<ToolSpec>, cuts: Cuts, now: Instant) -> Self {
        let seed = if let Cuts::Random(seed) = cuts { seed } else { 0 };
        let mut written = Vec::new();
        let mut dialect = AnyDialect::new(Arc::clone(spec), seed, None, None);
        dialect.open(&mut written, now);
        let mut player = Self {
            dialect,
            is_agent: spec.agent().is_some(),
            now,
            cuts,
            dice: seed,
            written,
            found: Vec::new(),
            last: None,
            names: BTreeMap::new(),
        };
        player.poll();
        player
    }

    pub(super) fn play(mut self, script: &[(usize, Line)]) -> Result<(), String> {
        for (number, line) in script {
            self.line(line).map_err(|error| format!("line {number}: {error}"))?;
        }
        self.nothing_more()
    }

    fn line(&mut self, line: &Line) -> Result<(), String> {
        match line {
            Line::Say(text) => self.step(&Step::Say(text.clone())),
            Line::Command(text) => self.step(&Step::Command(text.clone())),
            Line::Answer(text) => {
                self.dialect.answer(text, &mut self.written);
                self.nothing_more()
            }
            Line::Interrupt => {
                self.dialect.interrupted(&mut self.written, self.now);
                self.nothing_more()
            }
            Line::Sent(parts) => self.sent(parts),
            Line::Got(parts) => self.got(parts),
            Line::Wait(time) => {
                self.wait(*time);
                Ok(())
            }
            Line::Text(parts) => self.text(parts),
            Line::Reason(reason) => {
                let detail = self.last.as_ref().and_then(|end| end.detail.clone());
                same("reason", detail.as_deref().unwrap_or_default(), reason)
            }
            Line::Usage(expected) => {
                let usage = self.last.as_ref().and_then(|end| end.usage).unwrap_or_default();
                let count = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |it| it.to_string());
                same("tokens", &format!("{} {}", count(usage.input), count(usage.output)), expected)
            }
            Line::Ready | Line::Question(_) | Line::Throttled(_) | Line::Violation(_) | Line::End(..) => {
                self.announced(line)
            }
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        self.nothing_more()?;
        self.written.clear();
        self.names.clear();
        self.dialect
            .begin(step.clone(), true, &mut self.written, self.now)
            .map_err(|refused| refused.to_string())
    }

    fn sent(&mut self, parts: &[Part]) -> Result<(), String> {
        // The start may write only once it has stood for a while.
        if self.written.is_empty() {
            self.wait_for(|player| !player.written.is_empty());
        }
        let written = std::mem::take(&mut self.written);
        if self.is_agent {
            return same_messages(&written, &self.fill(parts)?);
        }
        let mut rest = written.as_slice();
        for part in parts {
            let taken = match part {
                Part::Bytes(bytes) => rest.strip_prefix(bytes.as_slice()),
                Part::Name(name) => self.name(name, rest),
            };
            rest = taken.ok_or_else(|| format!("written: {}", super::escape(&written, &[])))?;
        }
        same("written behind that", &super::escape(rest, &[]), "")
    }

    /// Takes the value of a name off the front, which must be the one it had before.
    fn name<'a>(&mut self, name: &str, rest: &'a [u8]) -> Option<&'a [u8]> {
        let (value, rest) = rest.split_at_checked(16)?;
        let known = self.names.entry(name.to_owned()).or_insert_with(|| value.to_vec());
        (known == value && value.iter().all(u8::is_ascii_alphanumeric)).then_some(rest)
    }

    fn fill(&self, parts: &[Part]) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for part in parts {
            match part {
                Part::Bytes(more) => bytes.extend_from_slice(more),
                Part::Name(name) => match self.names.get(name) {
                    Some(value) => bytes.extend_from_slice(value),
                    None => return Err(format!("{{{name}}} has not been sent since the last step")),
                },
            }
        }
        Ok(bytes)
    }

    fn got(&mut self, parts: &[Part]) -> Result<(), String> {
        let bytes = self.fill(parts)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (read, more) = rest.split_at(self.read_size().min(rest.len()));
            self.dialect.buffer().extend_from_slice(read);
            self.poll();
            rest = more;
        }
        Ok(())
    }

    fn read_size(&mut self) -> usize {
        match self.cuts {
            Cuts::Whole => usize::MAX,
            Cuts::Bytes => 1,
            Cuts::Random(_) => {
                self.dice =
                    self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (self.dice >> 58) as usize + 1
            }
        }
    }

    fn poll(&mut self) {
        while let Some(found) = self.dialect.poll(self.now) {
            let is_over = matches!(found, Found::Violation(_));
            self.found.push(found);
            if is_over {
                break;
            }
        }
        self.dialect.take_output(&mut self.written);
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.dialect.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.poll();
        }
        self.now = end;
    }

    fn wait_for(&mut self, is_there: impl Fn(&Self) -> bool) {
        let end = self.now + PATIENCE;
        while !is_there(self)
            && let Some(due) = self.dialect.deadline().filter(|due| *due <= end)
        {
            self.now = self.now.max(due);
            self.poll();
        }
    }

    fn announced(&mut self, line: &Line) -> Result<(), String> {
        self.wait_for(|player| !player.found.is_empty());
        if self.found.is_empty() {
            let tail = super::escape(self.dialect.tail(), &[]);
            return Err(format!("nothing was found; the output ends: {tail}"));
        }
        match (line, self.found.remove(0)) {
            (Line::Ready, Found::Ready) => Ok(()),
            (Line::Question(line), Found::Question(asked)) => same("question", &asked, line),
            (Line::Throttled(line), Found::Throttled(said)) => same("throttled", &said, line),
            (Line::Violation(part), Found::Violation(reason)) if reason.contains(part) => Ok(()),
            (Line::End(outcome, by), Found::End(end)) => {
                let (was, text) = (
                    format!("{:?}", end.completed_by).to_lowercase(),
                    super::escape(end.text.as_bytes(), &[]),
                );
                same("outcome", end.outcome.word(), outcome)
                    .and_then(|()| same("completed by", &was, by))
                    .map_err(|error| format!("{error}; detail {:?}; reply: {text}", end.detail))?;
                self.last = Some(end);
                Ok(())
            }
            (_, other) => Err(format!("found {other:?}")),
        }
    }

    fn text(&self, parts: &[Part]) -> Result<(), String> {
        let expected = self.fill(parts)?;
        let text = self.last.as_ref().map_or("", |end| end.text.as_str());
        same("reply", &super::escape(text.as_bytes(), &[]), &super::escape(&expected, &[]))
    }

    fn nothing_more(&self) -> Result<(), String> {
        match self.found.first() {
            None => Ok(()),
            Some(found) => Err(format!("found {found:?} before that")),
        }
    }
}

/// Compares lines of JSON by what they say, but for our own version and the folder that we are in.
fn same_messages(written: &[u8], expected: &[u8]) -> Result<(), String> {
    let read = |bytes: &[u8]| -> Vec<Option<serde_json::Value>> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).ok().map(without_us)).collect()
    };
    if read(written) == read(expected) {
        return Ok(());
    }
    same("written", &super::escape(written, &[]), &super::escape(expected, &[]))
}

fn without_us(mut message: serde_json::Value) -> serde_json::Value {
    for ours in ["/params/clientInfo/version", "/params/cwd"] {
        if let Some(value) = message.pointer_mut(ours) {
            value.take();
        }
    }
    message
}

fn same(what: &str, is: &str, expected: &str) -> Result<(), String> {
    if is == expected { Ok(()) } else { Err(format!("{what}: {is:?}, expected: {expected:?}")) }
}
