//! What a turn shows on its way: it asks, it waits by itself, nothing moves, it goes on.

use super::{Conversation, State};
use crate::machine::dialect::Dialect;
use crate::machine::stall::Verdict;
use crate::message::{Event, Outcome, Progress, StateChange};
use crate::process::Signal;
use crate::process::look::{Seen, Vitals};
use crate::spec::OnStall;
use std::time::{Duration, Instant};

impl<D: Dialect> Conversation<D> {
    /// What a look at the tool's processes has seen, the tool itself first; empty if nothing can be seen.
    pub fn looked(&mut self, seen: &[Seen], now: Instant) {
        let State::Turn { turn, .. } = &mut self.state else { return };
        match turn.vigil.looked(Vitals::of(seen), now) {
            Verdict::Nothing => {}
            Verdict::Working => self.changed(StateChange::Working),
            Verdict::Stalled(idle) => self.stalled(idle, now),
            Verdict::Stopped => {
                self.changed(StateChange::Stopped);
                self.signal(Signal::Continue);
            }
            Verdict::StaysStopped => {
                self.give_up("a signal stopped it, and it was told to go on in vain", now);
            }
        }
    }

    /// Tells who listens to the job at hand what has come of the reply.
    pub(super) fn show(&mut self) {
        if let State::Turn { work, .. } = &mut self.state
            && work.is_watched()
        {
            let mut missed = 0;
            let text = self.dialect.preview(&mut missed);
            work.show(text, missed);
        }
    }

    /// Tells which conversation would have to be taken up again. One of a job without a session is nobody's.
    pub(super) fn converse(&mut self) {
        let Some(thread) = self.dialect.thread() else { return };
        let is_kept = match &self.state {
            State::Turn { work, .. } => work.job.session.is_some(),
            _ => return,
        };
        let thread = Some(thread).filter(|_| is_kept);
        if self.thread.as_ref() != thread {
            self.thread = thread.cloned();
            let (slot, generation) = (self.me.slot, self.me.generation);
            self.tell(Event::Conversing { slot, generation, thread: self.thread.clone() });
        }
    }

    /// Keeps what a service calls the task of the running turn with its job: another attempt then asks after it. A job begins
    /// anew with its first step, so that only the task of that can be found again.
    pub(super) fn keep_task(&mut self) {
        let (Some(task), State::Turn { work, .. }) = (self.dialect.task(), &mut self.state) else { return };
        if work.is_at_first_step() && work.job.reply_to.task().as_ref() != Some(task) {
            work.job.reply_to.keep_task(Some(task.clone()));
            if let Some(errand) = &mut work.job.errand {
                errand.submitted(task);
            }
        }
    }

    fn stalled(&mut self, idle: Duration, now: Instant) {
        self.changed(StateChange::Stalled(idle));
        if self.spec.on_stall == OnStall::Kill {
            self.give_up(&format!("stalled: neither output nor processor time for {idle:.0?}"), now);
        }
    }

    /// Nothing moves any more: the job ends as timed out, and the instance with it.
    fn give_up(&mut self, detail: &str, now: Instant) {
        self.abandon_job(Outcome::TimedOut, detail, now);
        self.kill(now);
    }

    pub(super) fn question(&mut self, question: String, now: Instant) {
        if matches!(self.state, State::Starting { .. }) {
            return self.asks_at_start(question, now);
        }
        if let State::Turn { work, turn } = &self.state {
            if matches!(&turn.shown, Some(StateChange::NeedsInput(shown)) if *shown == question) {
                return;
            }
            work.job.reply_to.report(|| Progress::NeedsInput(question.clone()));
        }
        self.changed(StateChange::NeedsInput(question));
    }

    /// Nothing is asked any more: it works again, although it has not said so.
    pub(super) fn answered(&mut self) {
        if let State::Turn { turn, .. } = &self.state
            && matches!(turn.shown, Some(StateChange::NeedsInput(_)))
            && self.dialect.is_asking() == Some(false)
        {
            self.changed(StateChange::Working);
        }
    }

    pub(super) fn throttled(&mut self, line: String) {
        // Who waits for an answer waits for that first of all.
        let change = StateChange::Throttled(line);
        if matches!(&self.state, State::Turn { turn, .. } if turn.shown.as_ref() != Some(&change))
            && self.dialect.is_asking() != Some(true)
        {
            self.changed(change);
        }
    }

    pub(super) fn changed(&mut self, change: StateChange) {
        if let State::Turn { turn, .. } = &mut self.state {
            turn.shown = Some(change.clone()).filter(|change| *change != StateChange::Working);
        }
        let (slot, generation) = (self.me.slot, self.me.generation);
        self.tell(Event::Changed { slot, generation, change });
    }
}
