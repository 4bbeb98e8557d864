//! The dialect that a tool's specification names.

use super::agent::AgentDialect;
use super::relay::one_shot::OneShotDialect;
use super::relay::remote::RemoteDialect;
use super::replay::Recorder;
use super::text::TextDialect;
use super::{CannotCarry, Dialect, Found, Partial};
use crate::message::Step;
use crate::spec::{ToolSpec, TurnRule};
use std::sync::Arc;
use std::time::Instant;

/// The dialect of a tool, whichever it is; with a recorder, a transcript of it is made.
#[derive(Debug)]
pub struct AnyDialect {
    which: Which,
    recorder: Option<Recorder>,
}

#[derive(Debug)]
enum Which {
    Text(Box<TextDialect>),
    Agent(Box<AgentDialect>),
    OneShot(Box<OneShotDialect>),
    Remote(Box<RemoteDialect>),
}

impl AnyDialect {
    /// The dialect for one generation of a tool of this kind. Equal seeds give equal nonces: use a fresh one. An agent is
    /// to take up the conversation `thread` again.
    #[must_use]
    pub fn new(spec: Arc<ToolSpec>, seed: u64, thread: Option<Arc<str>>, recorder: Option<Recorder>) -> Self {
        let which = match &spec.turn.rule {
            TurnRule::Protocol(agent) => {
                Which::Agent(Box::new(AgentDialect::new(spec.clone(), agent, thread)))
            }
            TurnRule::OneShot(how) => {
                Which::OneShot(Box::new(OneShotDialect::new(spec.clone(), how, seed, thread)))
            }
            TurnRule::Remote(how) => Which::Remote(Box::new(RemoteDialect::new(spec.clone(), how, seed))),
            _ => Which::Text(Box::new(TextDialect::new(spec, seed))),
        };
        Self { which, recorder }
    }

    fn dialect(&mut self) -> &mut dyn Dialect {
        match &mut self.which {
            Which::Text(dialect) => dialect.as_mut(),
            Which::Agent(dialect) => dialect.as_mut(),
            Which::OneShot(dialect) => dialect.as_mut(),
            Which::Remote(dialect) => dialect.as_mut(),
        }
    }

    fn shared(&self) -> &dyn Dialect {
        match &self.which {
            Which::Text(dialect) => dialect.as_ref(),
            Which::Agent(dialect) => dialect.as_ref(),
            Which::OneShot(dialect) => dialect.as_ref(),
            Which::Remote(dialect) => dialect.as_ref(),
        }
    }

    /// Lets `call` write to `out`, and records what it has written.
    fn writing<R>(&mut self, out: &mut Vec<u8>, call: impl FnOnce(&mut dyn Dialect, &mut Vec<u8>) -> R) -> R {
        let before = out.len();
        let result = call(self.dialect(), out);
        if let Some(recorder) = &mut self.recorder {
            recorder.sent(&out[before..]);
        }
        result
    }
}

impl Dialect for AnyDialect {
    fn open(&mut self, out: &mut Vec<u8>, now: Instant) {
        self.writing(out, |dialect, out| dialect.open(out, now));
    }

    fn take_output(&mut self, out: &mut Vec<u8>) {
        self.writing(out, |dialect, out| dialect.take_output(out));
    }

    fn begin(
        &mut self,
        step: Step,
        want_raw: bool,
        out: &mut Vec<u8>,
        now: Instant,
    ) -> Result<(), CannotCarry> {
        if let Some(recorder) = &mut self.recorder {
            recorder.step(&step);
        }
        self.writing(out, |dialect, out| dialect.begin(step, want_raw, out, now))
    }

    fn interrupted(&mut self, out: &mut Vec<u8>, now: Instant) {
        if let Some(recorder) = &mut self.recorder {
            recorder.interrupted();
        }
        self.writing(out, |dialect, out| dialect.interrupted(out, now));
    }

    fn answer(&mut self, text: &str, out: &mut Vec<u8>) {
        if let Some(recorder) = &mut self.recorder {
            recorder.answered(text);
        }
        self.writing(out, |dialect, out| dialect.answer(text, out));
    }

    fn buffer(&mut self) -> &mut Vec<u8> {
        match &mut self.which {
            Which::Text(dialect) => dialect.buffer(),
            Which::Agent(dialect) => dialect.buffer(),
            Which::OneShot(dialect) => dialect.buffer(),
            Which::Remote(dialect) => dialect.buffer(),
        }
    }

    fn poll(&mut self, now: Instant) -> Option<Found> {
        let Some(mut recorder) = self.recorder.take() else {
            return match &mut self.which {
                Which::Text(dialect) => dialect.poll(now),
                Which::Agent(dialect) => dialect.poll(now),
                Which::OneShot(dialect) => dialect.poll(now),
                Which::Remote(dialect) => dialect.poll(now),
            };
        };
        recorder.came(self.buffer());
        let found = self.dialect().poll(now);
        recorder.looked(self.buffer().len());
        if let Some(found) = &found {
            recorder.found(found);
        }
        self.recorder = Some(recorder);
        found
    }

    fn preview(&mut self, missed: &mut u64) -> String {
        self.dialect().preview(missed)
    }

    fn deadline(&self) -> Option<Instant> {
        self.shared().deadline()
    }

    fn resumed(&mut self, now: Instant) {
        self.dialect().resumed(now);
    }

    fn end_of_output(&mut self) -> Partial {
        self.dialect().end_of_output()
    }

    fn tail(&self) -> &[u8] {
        self.shared().tail()
    }

    fn expects(&self) -> String {
        self.shared().expects()
    }

    fn version(&self) -> Option<Arc<str>> {
        self.shared().version()
    }

    fn thread(&self) -> Option<&Arc<str>> {
        self.shared().thread()
    }

    fn has_taken_up(&self) -> bool {
        self.shared().has_taken_up()
    }

    fn task(&self) -> Option<&Arc<str>> {
        self.shared().task()
    }

    fn take_up_task(&mut self, id: Arc<str>) {
        self.dialect().take_up_task(id);
    }

    fn still_holds(&self) -> bool {
        self.shared().still_holds()
    }

    fn is_asking(&self) -> Option<bool> {
        self.shared().is_asking()
    }

    fn unsolicited(&self) -> u64 {
        self.shared().unsolicited()
    }
}
