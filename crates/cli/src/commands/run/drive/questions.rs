//! What agents ask during a run: the one at the terminal answers.

use super::super::asking::{Act, Asking, KEYS};
use super::super::keyboard::{self, Keyboard};
use super::super::pool::Pool;
use super::super::resolve::Tool;
use super::Run;
use crate::failure::Failure;
use crate::output::Output;
use cluster::Job;
use cluster::spec::Allow;
use pool_core::message::{JobHandle, JobId};
use pool_core::supervisor::InstanceStatus;

/// Whom agents ask: who sits at the terminal, or nobody.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    asking: Asking,
    keyboard: Option<Keyboard>,
}

impl Questions {
    /// Whether somebody is there, if one of these is to ask.
    ///
    /// # Errors
    /// Nobody is.
    pub(crate) fn check(tools: &[Tool]) -> Result<(), Failure> {
        if !wanted(tools) || keyboard::is_there() {
            return Ok(());
        }
        let failure = Failure::usage("--allow=ask: there is no terminal to ask at");
        Err(failure.help("run it on one, or say beforehand what may be done: --allow=read, edits or all"))
    }

    /// Of a run of these tools. Within a runtime only.
    pub(crate) fn of(tools: &[Tool]) -> Self {
        let keyboard = wanted(tools).then(Keyboard::open).and_then(Result::ok);
        Self { asking: Asking::default(), keyboard }
    }

    /// Lets the output know that somebody is there.
    pub(super) fn introduce(&self, output: &mut Output) {
        if self.keyboard.is_some() {
            output.asks();
        }
    }

    /// The next key of the answer; never, while nothing is asked.
    pub(super) async fn key(&self) -> u8 {
        match &self.keyboard {
            Some(keyboard) => keyboard.key().await,
            None => std::future::pending().await,
        }
    }

    /// Somebody else has the terminal for a while.
    pub(super) fn rest(&mut self) {
        if let Some(keyboard) = &mut self.keyboard {
            keyboard.leave();
        }
    }
}

/// Whether one of these is to ask.
fn wanted(tools: &[Tool]) -> bool {
    tools.iter().any(|tool| tool.profile.spec.agent().is_some_and(|agent| agent.allow == Allow::Ask))
}

impl<P: Pool, F: Fn(Job) -> JobHandle> Run<'_, P, F> {
    pub(super) fn changed(&mut self, status: &InstanceStatus) {
        let job = status.job.and_then(|job| self.batch.info(JobId(job)));
        self.chronicle.changed(status);
        self.output.changed(status, job);
        if self.questions.keyboard.is_some() {
            let acts = self.questions.asking.changed(status);
            self.act(acts);
            if self.questions.asking.first().is_some() {
                self.output.keys(self.questions.asking.behind(), KEYS);
            }
        }
    }

    /// A key was pressed while something is asked.
    pub(super) fn pressed(&mut self, key: u8) {
        let acts = self.questions.asking.key(key);
        self.act(acts);
    }

    fn act(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Answer { question, yes } => {
                    self.batch.answer(JobId(question.job), if yes { "yes" } else { "no" });
                    self.output.answered(&question, yes);
                }
                Act::Turn => self.put(),
                Act::Help => self.output.help_answer(KEYS),
            }
        }
    }

    /// Puts the first question that is open, or leaves the terminal alone.
    pub(super) fn put(&mut self) {
        let Some(keyboard) = &mut self.questions.keyboard else { return };
        match self.questions.asking.first() {
            Some(question) => {
                // Before the question can be seen: whatever is typed from then on is meant for it.
                keyboard.listen();
                let job = self.batch.info(JobId(question.job));
                self.output.ask(question, job, KEYS);
                self.output.keys(self.questions.asking.behind(), KEYS);
            }
            None => {
                keyboard.leave();
                self.output.ask_no_more();
            }
        }
    }
}
