//! One task, from its prompt to what came of it.

use super::super::extract::{Extracted, Extractor, Text};
use super::super::name;
use super::super::verdict::{self, Verdict};
use super::super::wire::{End, Run};
use crate::machine::dialect::{Found, Partial, TurnEnd, filter};
use crate::message::{CompletedBy, Outcome};
use crate::spec::{Extract, OneShotSpec, RemoteSpec, RemoteState, ToolSpec, TurnSpec};
use std::sync::Arc;
use std::time::Duration;

/// How much of what a process prints is looked at for an id or a state: the end of it.
const REACH: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Task {
    spec: Arc<ToolSpec>,
    how: Arc<RemoteSpec>,
    stage: Stage,
    id: Option<Arc<str>>,
    want_raw: bool,
    /// What the process at hand has printed.
    printed: Vec<u8>,
    /// The state as it was last seen, and the line that said so.
    seen: Option<(RemoteState, String)>,
    /// How long the next pause is.
    pause: Duration,
    /// How many looks have failed in a row.
    failed: u32,
}

#[derive(Debug)]
enum Stage {
    Submit {
        prompt: String,
    },
    Poll,
    /// Until the next look.
    Pause,
    Pull(Box<Extractor>),
    /// Nobody wants it any more, and a process that was at work is being killed.
    Ending,
    /// It is taken back over there.
    Cancel,
}

/// What a task does.
pub(super) enum Doing {
    Process(Run),
    Wait(Duration),
}

impl Task {
    pub(super) fn new(
        spec: Arc<ToolSpec>,
        how: Arc<RemoteSpec>,
        prompt: String,
        known: Option<Arc<str>>,
        want_raw: bool,
    ) -> Self {
        let stage = if known.is_some() { Stage::Poll } else { Stage::Submit { prompt } };
        let pause = how.every;
        Self { spec, how, stage, id: known, want_raw, printed: Vec::new(), seen: None, pause, failed: 0 }
    }

    pub(super) const fn id(&self) -> Option<&Arc<str>> {
        self.id.as_ref()
    }

    /// What it said last still holds: it waits for its user, or could not be seen.
    pub(super) const fn still_holds(&self) -> bool {
        self.failed > 0 || matches!(self.seen, Some((RemoteState::Waiting, _)))
    }

    pub(super) fn expects(&self) -> String {
        let what = match self.stage {
            Stage::Submit { .. } => "its id",
            Stage::Poll | Stage::Pause => "its end over there",
            Stage::Pull(_) => "what came of it",
            Stage::Ending | Stage::Cancel => "the end of the process that takes it back",
        };
        match &self.id {
            Some(id) => format!("{what} (task {id})"),
            None => what.into(),
        }
    }

    /// What it does now.
    pub(super) fn doing(&self) -> Doing {
        let run = |words: &[String], prompt: Option<&String>| {
            let id = self.id.as_deref().unwrap_or_default();
            let command = self.spec.command.iter().cloned().map(Some);
            let words = words.iter().map(|word| match word.as_str() {
                OneShotSpec::FILE => None,
                word => Some(word.replace("{id}", id)),
            });
            let (input, file) =
                prompt.map(|prompt| self.how.prompt.split(prompt.clone())).unwrap_or_default();
            Doing::Process(Run { words: command.chain(words).collect(), input, file })
        };
        match &self.stage {
            Stage::Submit { prompt } => run(&self.how.submit, Some(prompt)),
            Stage::Poll => run(&self.how.poll, None),
            Stage::Pull(_) => run(&self.how.pull, None),
            Stage::Ending | Stage::Cancel => run(self.how.cancel.as_deref().unwrap_or_default(), None),
            Stage::Pause => Doing::Wait(self.pause),
        }
    }

    /// Output of the process at hand.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        if let Stage::Pull(extractor) = &mut self.stage {
            extractor.hear(bytes);
            return;
        }
        self.printed.extend_from_slice(bytes);
        if self.printed.len() > 2 * REACH {
            let surplus = self.printed.len() - REACH;
            self.printed.drain(..surplus);
        }
    }

    /// The process at hand has ended.
    pub(super) fn process_ended(&mut self, end: End, errors: &[u8], turn: &TurnSpec) -> Option<Found> {
        let printed = filter::clean(&std::mem::take(&mut self.printed));
        match std::mem::replace(&mut self.stage, Stage::Pause) {
            Stage::Submit { .. } => self.submitted(&printed, end, errors, turn),
            Stage::Poll => self.polled(&printed, end, errors, turn),
            Stage::Pull(extractor) => {
                let text = extractor.finish(turn);
                Some(self.end(text, end, errors, None, turn))
            }
            Stage::Ending if self.is_taken_back_over_there() => {
                self.stage = Stage::Cancel;
                None
            }
            Stage::Pause | Stage::Ending | Stage::Cancel => Some(self.given_up()),
        }
    }

    /// The pause is over. The turn's end, if nobody wants it any more.
    pub(super) fn woken(&mut self) -> Option<Found> {
        match self.stage {
            Stage::Pause => self.stage = Stage::Poll,
            Stage::Ending if self.is_taken_back_over_there() => self.stage = Stage::Cancel,
            Stage::Ending => return Some(self.given_up()),
            _ => {}
        }
        None
    }

    /// Nobody wants it any more. True if a process is at work, which is to be killed.
    pub(super) fn interrupted(&mut self) -> bool {
        !matches!(std::mem::replace(&mut self.stage, Stage::Ending), Stage::Pause)
    }

    fn is_taken_back_over_there(&self) -> bool {
        self.how.cancel.is_some() && self.id.is_some()
    }

    fn submitted(&mut self, printed: &str, end: End, errors: &[u8], turn: &TurnSpec) -> Option<Found> {
        let found = self.how.id.captures(printed);
        let id = found.and_then(|found| found.name("id").or_else(|| found.get(0)));
        self.id = id.and_then(|id| name(id.as_str())).map(Into::into);
        if self.id.is_some() && end == End::Code(0) {
            return None;
        }
        let missing =
            Some((Outcome::Error, "it was submitted, and nothing that was printed is its id".into()));
        Some(self.end(self.text(printed), end, errors, missing, turn))
    }

    fn polled(&mut self, printed: &str, end: End, errors: &[u8], turn: &TurnSpec) -> Option<Found> {
        let seen = (end == End::Code(0)).then(|| self.state_in(printed)).flatten();
        let Some((state, line)) = seen else { return self.not_seen(printed, end, errors, turn) };
        self.failed = 0;
        if self.seen.as_ref().is_none_or(|(before, _)| *before != state) {
            self.pause = self.how.every;
        } else {
            self.pause = (self.pause * 3 / 2).min(self.how.every_max);
        }
        self.seen = Some((state, line.clone()));
        match state {
            RemoteState::Working => None,
            RemoteState::Waiting => Some(Found::Question(line)),
            RemoteState::Done => {
                let extractor = Extractor::new(&Extract::default(), &self.spec.limits, self.want_raw);
                self.stage = Stage::Pull(Box::new(extractor));
                None
            }
            RemoteState::Failed => {
                let failure = Some((Outcome::Error, line));
                Some(self.end(self.text(""), end, errors, failure, turn))
            }
        }
    }

    /// Its state is nowhere to be seen. That may be the network's fault, or that of a list that is late.
    fn not_seen(&mut self, printed: &str, end: End, errors: &[u8], turn: &TurnSpec) -> Option<Found> {
        self.failed += 1;
        self.pause = (self.pause * 3 / 2).min(self.how.every_max);
        let missing = (Outcome::Error, "its state is not in what `poll` prints".to_owned());
        let verdict = self.judge("", end, errors, Some(missing.clone()), turn);
        if self.failed >= RemoteSpec::TRIES || verdict.outcome == Outcome::Limited {
            return Some(self.end(self.text(printed), end, errors, Some(missing), turn));
        }
        Some(Found::Throttled(verdict.detail.unwrap_or_default()))
    }

    fn state_in(&self, printed: &str) -> Option<(RemoteState, String)> {
        let id = self.id.as_deref()?;
        let matched = |state: RemoteState| {
            self.how.states.iter().filter(move |(of, _)| *of == state).find_map(|(_, written)| {
                let found = RemoteSpec::pattern(written, id).ok()?.find(printed)?;
                let line =
                    printed[found.start()..].trim_start_matches('\n').lines().next().unwrap_or_default();
                Some((state, verdict::excerpt(line)))
            })
        };
        [RemoteState::Failed, RemoteState::Done, RemoteState::Waiting, RemoteState::Working]
            .into_iter()
            .find_map(matched)
    }

    fn judge(
        &self,
        text: &str,
        end: End,
        errors: &[u8],
        missing: Option<(Outcome, String)>,
        turn: &TurnSpec,
    ) -> Verdict {
        verdict::judge(&turn.outcomes, text, errors, None, end, missing, None)
    }

    /// A text as if it had been fetched.
    fn text(&self, text: &str) -> (Text, Extracted) {
        let mut extractor = Extractor::new(&Extract::default(), &self.spec.limits, self.want_raw);
        extractor.hear(text.as_bytes());
        extractor.finish(&self.spec.turn)
    }

    fn end(
        &self,
        (finished, _): (Text, Extracted),
        end: End,
        errors: &[u8],
        missing: Option<(Outcome, String)>,
        turn: &TurnSpec,
    ) -> Found {
        let Verdict { outcome, detail, reset } = self.judge(&finished.text, end, errors, missing, turn);
        let state = self.seen.as_ref().map(|(_, line)| line.clone());
        let id = self.id.as_deref().map(|id| format!("task {id}: ")).unwrap_or_default();
        Found::End(Box::new(TurnEnd {
            text: finished.text,
            raw: finished.raw,
            completed_by: CompletedBy::Protocol,
            evidence: format!("{id}{}", state.unwrap_or_else(|| end.words())),
            outcome,
            detail,
            reset,
            usage: None,
            cut: finished.cut,
            void: 0,
        }))
    }

    /// The end of a turn that nobody wants any more; what it is called says the conversation.
    fn given_up(&self) -> Found {
        self.end(self.text(""), End::Code(0), &[], None, &self.spec.turn)
    }

    /// What has been fetched so far.
    pub(super) fn rest(self, turn: &TurnSpec) -> Partial {
        match self.stage {
            Stage::Pull(extractor) => {
                let (rest, _) = extractor.finish(turn);
                Partial { text: rest.text, raw: rest.raw, limit: None }
            }
            _ => Partial::default(),
        }
    }
}
