//! A process for each turn: the prompt goes in, the reply comes out, and the end of the process is the end of the turn.
//!
//! Where the tool can go on with a conversation by its id, the turns of a job and of a session are one conversation.

use super::extract::{Extracted, Extractor};
use super::verdict::{self, Verdict};
use super::wire::{End, Request, Run};
use super::{Due, Incoming, Piece, name};
use crate::machine::dialect::text::encode;
use crate::machine::dialect::text::sentinel::Nonces;
use crate::machine::dialect::{CannotCarry, Dialect, Found, Partial, TurnEnd};
use crate::message::{CompletedBy, Outcome, Step, Usage};
use crate::spec::{Cancel, Counts, OneShotSpec, ToolSpec};
use std::sync::Arc;
use std::time::Instant;

/// The dialect of tools that are started for each turn. One for each generation of an instance.
#[derive(Debug)]
pub struct OneShotDialect {
    spec: Arc<ToolSpec>,
    how: OneShotSpec,
    nonces: Nonces,
    incoming: Incoming,
    phase: Phase,
    due: Due,
    session: Option<Session>,
    has_taken_up: bool,
    unsolicited: u64,
}

/// The conversation that the next turn goes on with.
#[derive(Debug)]
struct Session {
    id: Arc<str>,
    /// What it has taken so far, if that is known.
    total: Option<Usage>,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Starting,
    Idle,
    /// The conversation has been forgotten; not yet told.
    Forgotten,
    Turn(Box<Extractor>),
}

impl OneShotDialect {
    /// A dialect for one generation of a tool that is run as `how` says. It goes on with the conversation `thread`. Equal
    /// seeds give equal nonces.
    #[must_use]
    pub fn new(spec: Arc<ToolSpec>, how: &OneShotSpec, seed: u64, thread: Option<Arc<str>>) -> Self {
        let thread = thread.filter(|id| !how.resume.is_empty() && name(id).is_some());
        Self {
            how: how.clone(),
            spec,
            nonces: Nonces::new(seed),
            incoming: Incoming::default(),
            phase: Phase::Closed,
            due: Due::default(),
            has_taken_up: thread.is_some(),
            session: thread.map(|id| Session { id, total: None }),
            unsolicited: 0,
        }
    }

    /// The arguments of the next process.
    fn words(&self) -> Vec<Option<String>> {
        let command =
            self.spec.command.iter().map(|word| Some(word.clone()).filter(|word| word != OneShotSpec::FILE));
        let session = self.session.as_ref().map(|session| &session.id);
        let resume = session.map_or(&[][..], |_| &self.how.resume).iter();
        let id = |word: &String| session.map(|id| word.replace("{session}", id));
        command.chain(resume.map(id)).collect()
    }

    fn turn_ended(&mut self, end: End) -> Option<Found> {
        let Phase::Turn(extractor) = std::mem::replace(&mut self.phase, Phase::Idle) else { return None };
        let (finished, mut extracted) = extractor.finish(&self.spec.turn);
        let usage = self.converse(&extracted);
        let errors = [&*extracted.noise, &*self.incoming.errors].concat();
        let (told, denied) = (extracted.error.take(), extracted.denied.take());
        let missing = verdict::missing(&extracted, &self.how.extract);
        let Verdict { outcome, detail, reset } =
            verdict::judge(&self.spec.turn.outcomes, &finished.text, &errors, told, end, missing, denied);
        Some(Found::End(Box::new(TurnEnd {
            text: finished.text,
            raw: finished.raw,
            completed_by: CompletedBy::Exit,
            evidence: end.words(),
            outcome,
            detail,
            reset,
            usage,
            cut: finished.cut,
            void: 0,
        })))
    }

    /// Keeps the conversation for the next turn; the value is what this one has taken.
    fn converse(&mut self, extracted: &Extracted) -> Option<Usage> {
        let total = extracted.usage;
        let id = extracted.session.as_deref().and_then(name).filter(|_| !self.how.resume.is_empty());
        let before = match (id, self.session.take()) {
            (None, before) => {
                self.session = before;
                // Nothing is known of a turn that did not say what it was part of.
                return total.filter(|_| self.counts_turns());
            }
            (Some(id), before) => {
                let is_new = before.is_none();
                // A tool may give each turn of a conversation an id of its own.
                self.session = Some(Session { id: id.into(), total });
                if is_new { Some(Usage::default()) } else { before.and_then(|before| before.total) }
            }
        };
        self.taken(total?, before)
    }

    fn counts_turns(&self) -> bool {
        let how = &self.how.extract;
        how.tokens_count != Counts::Session && how.cost_counts != Counts::Session
    }

    /// What a turn has taken, if before it the conversation had taken so much. What was not known then is not known now.
    fn taken(&self, total: Usage, before: Option<Usage>) -> Option<Usage> {
        let how = &self.how.extract;
        let tokens = |total: Option<u64>, before: Option<Option<u64>>| match how.tokens_count {
            Counts::Session => Some(total?.saturating_sub(before?.unwrap_or_default())),
            Counts::Turn | Counts::Part => total,
        };
        let cost_usd = match how.cost_counts {
            Counts::Session => total
                .cost_usd
                .zip(before)
                .map(|(total, before)| (total - before.cost_usd.unwrap_or_default()).max(0.0)),
            Counts::Turn | Counts::Part => total.cost_usd,
        };
        let usage = Usage {
            input: tokens(total.input, before.map(|before| before.input)),
            output: tokens(total.output, before.map(|before| before.output)),
            cost_usd,
        };
        (usage != Usage::default()).then_some(usage)
    }
}

/// The end of a line that starts nothing.
fn forgotten() -> Found {
    Found::End(Box::new(TurnEnd {
        text: String::new(),
        raw: None,
        completed_by: CompletedBy::Exit,
        evidence: "the next turn begins a conversation".into(),
        outcome: Outcome::Ok,
        detail: None,
        reset: None,
        usage: None,
        cut: 0,
        void: 0,
    }))
}

impl Dialect for OneShotDialect {
    fn open(&mut self, _out: &mut Vec<u8>, _now: Instant) {
        self.phase = Phase::Starting;
    }

    fn begin(
        &mut self,
        step: Step,
        want_raw: bool,
        out: &mut Vec<u8>,
        now: Instant,
    ) -> Result<(), CannotCarry> {
        if matches!(&step, Step::Command(line) if line == OneShotSpec::FORGET) {
            (self.session, self.phase, self.due) = (None, Phase::Forgotten, Due(Some(now)));
            return Ok(());
        }
        let prompt = encode::whole(step, &self.spec.turn.text, &self.spec.limits, &mut self.nonces)?;
        let (input, file) = self.how.prompt.split(prompt);
        Request::Run(Run { words: self.words(), input, file }).write(out);
        self.incoming.begin();
        self.phase = Phase::Turn(Box::new(Extractor::new(&self.how.extract, &self.spec.limits, want_raw)));
        Ok(())
    }

    fn interrupted(&mut self, out: &mut Vec<u8>, _now: Instant) {
        // A signal has gone to the process already, where that is how its turns end.
        if self.spec.cancel != Cancel::Interrupt {
            Request::Cancel.write(out);
        }
    }

    fn answer(&mut self, _text: &str, _out: &mut Vec<u8>) {}

    fn buffer(&mut self) -> &mut Vec<u8> {
        self.incoming.frames.buffer()
    }

    fn poll(&mut self, now: Instant) -> Option<Found> {
        self.due.take(now);
        match self.phase {
            Phase::Starting => {
                self.phase = Phase::Idle;
                return Some(Found::Ready);
            }
            Phase::Forgotten => {
                self.phase = Phase::Idle;
                return Some(forgotten());
            }
            Phase::Closed | Phase::Idle | Phase::Turn(_) => {}
        }
        loop {
            match (self.incoming.next(), &mut self.phase) {
                (Err(reason), _) => return Some(Found::Violation(reason)),
                (Ok(None), _) => return None,
                (Ok(Some(Piece::Output(bytes))), Phase::Turn(extractor)) => extractor.hear(&bytes),
                (Ok(Some(Piece::Output(bytes))), _) => self.unsolicited += bytes.len() as u64,
                (Ok(Some(Piece::End(end))), _) => {
                    if let Some(found) = self.turn_ended(end) {
                        return Some(found);
                    }
                }
            }
        }
    }

    fn preview(&mut self, missed: &mut u64) -> String {
        match &mut self.phase {
            Phase::Turn(extractor) => extractor.preview(&self.spec.turn, missed),
            _ => String::new(),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.due.0
    }

    fn resumed(&mut self, _now: Instant) {}

    fn end_of_output(&mut self) -> Partial {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Turn(extractor) => {
                let (rest, _) = extractor.finish(&self.spec.turn);
                Partial { text: rest.text, raw: rest.raw, limit: None }
            }
            _ => Partial::default(),
        }
    }

    fn tail(&self) -> &[u8] {
        &self.incoming.tail
    }

    fn expects(&self) -> String {
        match self.phase {
            Phase::Turn(_) => "the end of its process".into(),
            _ => "nothing".into(),
        }
    }

    fn thread(&self) -> Option<&Arc<str>> {
        self.session.as_ref().map(|session| &session.id)
    }

    fn has_taken_up(&self) -> bool {
        self.has_taken_up
    }

    fn unsolicited(&self) -> u64 {
        self.unsolicited
    }
}
