//! Jobs and their turns: arming, saying, ending, resetting.

use super::running::{Phase, Turn};
use super::work::Work;
use super::{Action, Conversation, State, unread};
use crate::error::JobError;
use crate::machine::dialect::{Dialect, Found, TurnEnd};
use crate::machine::later;
use crate::machine::stall::Vigil;
use crate::message::{Event, ExitReport, Job, JobId, Next, Outcome, Placement, Refused, Step};
use crate::process::Signal;
use crate::spec::Cancel;
use std::time::Instant;

impl<D: Dialect> Conversation<D> {
    // ## Idle => (Arming | Turn | Resetting | Idle)
    pub(super) fn take_job(&mut self, job: Box<Job>, now: Instant) {
        if self.ending.has_begun() {
            return self.give_back(job);
        }
        self.keeps = job.session.is_some();
        let mut work = Box::new(Work::new(job));
        let placement = Placement {
            job: work.id(),
            attempt: work.job.attempt,
            slot: self.me.slot,
            generation: self.me.generation,
            task: work.job.reply_to.task(),
        };
        let Some(errand) = &mut work.job.errand else {
            self.first_step(work, now);
            return;
        };
        let future = errand.before(&placement);
        self.actions.push_back(Action::Arm(work.id(), future));
        self.state = State::Arming { work, deadline: later(now, self.spec.limits.errand) };
    }

    /// The errand before byte 1 of `job` has ended. It may have been given up long ago, and another job be at hand.
    // ## Arming => (Turn | Idle)
    pub fn armed(&mut self, job: JobId, result: Result<(), Refused>, now: Instant) {
        if !matches!(&self.state, State::Arming { work, .. } if work.id() == job) {
            return;
        }
        let State::Arming { work, .. } = std::mem::replace(&mut self.state, State::Idle) else { return };
        match result {
            Ok(()) => self.first_step(work, now),
            Err(refused) => self.finish(work, Some((Outcome::Refused, refused.to_string())), true, now),
        }
    }

    /// The errand after a step of `job` has ended; late ones as with [`Conversation::armed`].
    // ## Settling => (Turn | Idle | Resetting)
    pub fn settled(&mut self, job: JobId, next: Next, now: Instant) {
        if !matches!(&self.state, State::Settling { work, .. } if work.id() == job) {
            return;
        }
        let State::Settling { mut work, .. } = std::mem::replace(&mut self.state, State::Idle) else {
            return;
        };
        match next {
            Next::Continue => self.next_step(work, now),
            Next::Say(step) => {
                work.inserted.push_back(step);
                self.next_step(work, now);
            }
            Next::Done => self.finish(work, None, true, now),
        }
    }

    pub(super) fn settling_timed_out(&mut self, now: Instant) {
        if let State::Settling { work, .. } = std::mem::replace(&mut self.state, State::Idle) {
            self.finish(work, Some((Outcome::Error, "the check after a step timed out".into())), true, now);
        }
    }

    /// Begins the job itself, after clearing away somebody else's conversation where that is needed.
    // ## (Idle | Arming) => (Turn | Resetting)
    fn first_step(&mut self, mut work: Box<Work>, now: Instant) {
        if std::mem::take(&mut work.job.reset_first) && !self.spec.reset.is_empty() {
            self.reset(0, Some(work), now);
        } else {
            self.next_step(work, now);
        }
    }

    /// Begins the next step, or finishes the job. One that was not sent yet is not sent to a process that is known to be ending.
    fn next_step(&mut self, mut work: Box<Work>, now: Instant) {
        let first = work.delivered.is_none();
        if first && self.ending.has_begun() {
            self.hand_back(work);
            return self.rest(now);
        }
        let keep = self.may_run_again(&work);
        let Some(step) = work.next_step(keep) else {
            self.finish(work, None, true, now);
            return;
        };
        if first && !work.job.reply_to.deliver() {
            self.withdraw(work, now);
            return;
        }
        if let Some(task) = work.job.reply_to.task().filter(|_| work.is_at_first_step()) {
            self.dialect.take_up_task(task);
        }
        let before = self.outgoing.len();
        if let Err(error) = self.dialect.begin(step, work.job.want_raw, &mut self.outgoing, now) {
            self.finish(work, Some((Outcome::Refused, error.to_string())), true, now);
            return;
        }
        if first {
            work.delivered = Some(now);
        }
        work.sent += (self.outgoing.len() - before) as u64;
        let deadline = later(now, work.job.timeout.unwrap_or(self.spec.limits.turn));
        let vigil = Vigil::new(self.spec.limits.stall, now);
        let turn = Turn { began: now, phase: Phase::Wanted { deadline }, vigil, received: 0, shown: None };
        self.state = State::Turn { work, turn };
    }

    /// Taken back before anything was sent.
    fn withdraw(&mut self, work: Box<Work>, now: Instant) {
        let report = work.report(Outcome::Cancelled, now);
        let job = work.into_job();
        // What it was to clear away before its first step is still there.
        let stale = job.reset_first;
        job.reply_to.send(Err(JobError::Cancelled));
        self.go_on(report, None, stale, now);
    }

    /// Asks the dialect what the bytes mean, until it knows nothing new.
    pub(super) fn look(&mut self, now: Instant) {
        while let Some(found) = self.dialect.poll(now) {
            match found {
                Found::Ready => {
                    if let State::Starting { deadline } = self.state {
                        self.ready(deadline, now);
                    }
                }
                Found::End(end) => self.turn_ended(*end, now),
                Found::Question(question) => self.question(question, now),
                Found::Throttled(line) => self.throttled(line),
                Found::Violation(what) => {
                    self.violated(&what, now);
                    break;
                }
            }
        }
        let before = self.outgoing.len();
        self.dialect.take_output(&mut self.outgoing);
        if self.unread.answers(self.outgoing.len() - before) {
            self.violated(&unread::too_much(), now);
        }
        self.answered();
        self.converse();
        self.keep_task();
        self.show();
    }

    fn turn_ended(&mut self, end: TurnEnd, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Warming { .. } => self.warm(now),
            State::Resetting { line, next, .. } if end.outcome == Outcome::Ok => {
                self.reset(line + 1, next, now);
            }
            state @ State::Resetting { .. } => {
                self.state = state;
                let detail = end.detail.unwrap_or_else(|| end.outcome.to_string());
                tracing::warn!(tool = %self.me.tool, %detail, "the reset failed; the instance is replaced");
                self.reset_failed(now);
            }
            State::Turn { work, turn } => self.step_ended(work, &turn, end, now),
            State::Returning { line, .. } if end.outcome == Outcome::Ok => self.returning(line + 1, now),
            State::Returning { .. } => self.kill(now),
            state => self.state = state,
        }
    }

    fn step_ended(&mut self, mut work: Box<Work>, turn: &Turn, mut end: TurnEnd, now: Instant) {
        let reset = end.reset.take();
        work.job.reply_to.keep_task(None);
        let kept = work.keep(end, turn.began, now);
        if let Phase::Interrupted { outcome, .. } = turn.phase {
            self.finish(work, Some((outcome, turn.reason(outcome))), true, now);
            return;
        }
        if kept.outcome != Outcome::Ok {
            let (outcome, detail) = (kept.outcome, kept.detail.clone().unwrap_or_default());
            match outcome {
                Outcome::Limited => self.limited(work, detail, reset, true, now),
                _ => self.finish(work, Some((outcome, detail)), true, now),
            }
            return;
        }
        let future = match &mut work.job.errand {
            None => return self.next_step(work, now),
            Some(errand) => errand.after_step(&work.replies[work.replies.len() - 1]),
        };
        self.actions.push_back(Action::Settle(work.id(), future));
        self.state = State::Settling { work, deadline: later(now, self.spec.limits.errand) };
    }

    /// Sends the result home and makes ready for the next job, unless the instance is going anyway.
    pub(super) fn finish(
        &mut self,
        mut work: Box<Work>,
        why: Option<(Outcome, String)>,
        goes_on: bool,
        now: Instant,
    ) {
        // One that was never sent leaves what it was to clear away before its first step.
        let stale = if work.delivered.is_none() { work.job.reset_first } else { work.job.session.is_none() };
        let (outcome, error) = why.map_or((Outcome::Ok, None), |(outcome, detail)| (outcome, Some(detail)));
        let report = work.report(outcome, now);
        let reply = work.take_reply(outcome, error, self.me.clone(), now);
        self.actions.push_back(Action::Finish(work.into_job().reply_to, Box::new(Ok(reply))));
        if goes_on {
            self.go_on(report, None, stale, now);
        } else {
            self.tell_finished(report, None, false);
        }
    }

    /// Whatever job is at hand ends with `outcome`; one that was not sent yet goes back.
    pub(super) fn abandon_job(&mut self, outcome: Outcome, detail: &str, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Turn { work, turn } => self.finish_with_rest(work, &turn, outcome, detail.to_owned(), now),
            State::Settling { work, .. } => self.finish(work, Some((outcome, detail.to_owned())), false, now),
            State::Arming { work, .. } | State::Resetting { next: Some(work), .. } => self.hand_back(work),
            state => self.state = state,
        }
    }

    /// Sends reset line number `line`; after the last one goes on with the job that waits for it, if any.
    // ## (Turn | Arming | Resetting) => (Resetting | Turn | Idle)
    pub(super) fn reset(&mut self, line: usize, next: Option<Box<Work>>, now: Instant) {
        let Some(text) = self.spec.reset.get(line) else {
            match next {
                Some(work) => self.next_step(work, now),
                None => self.reset_done(now),
            }
            return;
        };
        let step = Step::Command(text.clone());
        let begun = self.dialect.begin(step, false, &mut self.outgoing, now);
        self.state = State::Resetting { line, next, deadline: later(now, self.spec.limits.reset) };
        if begun.is_err() {
            self.reset_failed(now);
        }
    }

    /// An instance that cannot be reset cannot be trusted with another job; charged to it, or a tool whose reset
    /// never works would be replaced for ever.
    pub(super) fn reset_failed(&mut self, now: Instant) {
        self.abandon_job(Outcome::Lost, "the reset before it failed", now);
        self.kill_as(ExitReport::Signalled(9), now);
    }

    pub(super) fn reset_done(&mut self, now: Instant) {
        if !self.draining {
            let (slot, generation) = (self.me.slot, self.me.generation);
            self.tell(Event::Idle { slot, generation });
        }
        self.rest(now);
    }

    /// Nothing has been sent: the job may go anywhere.
    pub(super) fn hand_back(&mut self, work: Box<Work>) {
        let mut job = work.into_job();
        if let Some(errand) = &mut job.errand {
            errand.turned_away();
        }
        self.give_back(job);
    }

    pub(super) fn give_back(&mut self, job: Box<Job>) {
        job.reply_to.unplace();
        self.tell(Event::Returned { slot: self.me.slot, job });
    }

    pub(super) fn rest(&mut self, now: Instant) {
        self.state = State::Idle;
        if self.draining {
            self.stop(now);
        }
    }

    /// The output broke the rule that frames it: whatever comes next cannot be trusted.
    pub fn violated(&mut self, what: &str, now: Instant) {
        if matches!(self.state, State::Stopping(_) | State::Gone) {
            return;
        }
        tracing::warn!(tool = %self.me.tool, slot = %self.me.slot, what, "the output broke its rule");
        self.fail_and_kill(Outcome::Unframed, what, now);
    }

    /// The turn is late, or silent.
    pub(super) fn turn_timeout(&mut self, now: Instant) {
        let State::Turn { turn, .. } = &mut self.state else { return };
        match turn.phase {
            Phase::Wanted { deadline } if deadline <= now => self.interrupt(Outcome::TimedOut, now),
            Phase::Interrupted { outcome, deadline } if deadline <= now => {
                self.abandon_job(outcome, "it did not answer the interrupt, and was stopped", now);
                self.kill(now);
            }
            Phase::Wanted { .. } => {
                // Whoever is asked may take the time.
                if self.dialect.is_asking() == Some(true) {
                    turn.vigil.output(now);
                }
                if let Some(depth) = turn.vigil.handle_timeout(now) {
                    self.actions.push_back(Action::Look(depth));
                }
            }
            Phase::Interrupted { .. } => {}
        }
    }

    /// The caller takes the job at hand back.
    pub(super) fn cancel(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Arming { work, .. } => self.withdraw(work, now),
            State::Resetting { line, next: Some(work), deadline } => {
                let report = work.report(Outcome::Cancelled, now);
                work.into_job().reply_to.send(Err(JobError::Cancelled));
                self.tell_finished(report, None, false);
                self.state = State::Resetting { line, next: None, deadline };
            }
            State::Settling { work, .. } => {
                self.finish(work, Some((Outcome::Cancelled, "taken back".into())), true, now);
            }
            state => {
                self.state = state;
                self.interrupt(Outcome::Cancelled, now);
            }
        }
    }

    /// Stops a running turn: politely where the tool can be interrupted, with the instance where it cannot.
    fn interrupt(&mut self, outcome: Outcome, now: Instant) {
        let State::Turn { turn, .. } = &mut self.state else { return };
        if !matches!(turn.phase, Phase::Wanted { .. }) {
            return;
        }
        let recently = self.last_interrupt.is_some_and(|at| now < at + Cancel::DEBOUNCE);
        let by_signal = self.spec.cancel == Cancel::Interrupt;
        if self.spec.cancel == Cancel::Restart || (by_signal && recently) {
            let detail = turn.reason(outcome);
            self.abandon_job(outcome, &detail, now);
            self.kill(now);
            return;
        }
        turn.phase = Phase::Interrupted { outcome, deadline: later(now, self.spec.limits.cancel) };
        self.last_interrupt = Some(now);
        if by_signal {
            self.signal(Signal::Interrupt);
        }
        self.dialect.interrupted(&mut self.outgoing, now);
    }
}
