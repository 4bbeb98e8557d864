//! The job at hand, and what it has brought so far.

use crate::machine::dialect::TurnEnd;
use crate::message::{
    InstanceRef, Job, JobId, Outcome, Progress, Reply, Report, Step, StepReply, Timings, Usage,
};
use std::collections::VecDeque;
use std::time::Instant;

/// A job on its instance.
pub(super) struct Work {
    pub(super) job: Box<Job>,
    /// What an errand wants said before the job's own steps go on.
    pub(super) inserted: VecDeque<Step>,
    /// How many of the job's own steps have begun.
    pub(super) begun: usize,
    pub(super) replies: Vec<StepReply>,
    pub(super) warnings: Vec<String>,
    /// When the first byte was written.
    pub(super) delivered: Option<Instant>,
    pub(super) sent: u64,
    received: u64,
    /// How many bytes of the running step's reply have been told to who listens; none if it has gaps.
    shown: Option<usize>,
}

impl Work {
    pub(super) fn new(job: Box<Job>) -> Self {
        Self {
            replies: Vec::with_capacity(job.steps.len()),
            job,
            inserted: VecDeque::new(),
            begun: 0,
            warnings: Vec::new(),
            delivered: None,
            sent: 0,
            received: 0,
            shown: Some(0),
        }
    }

    pub(super) const fn id(&self) -> JobId {
        self.job.id
    }

    pub(super) fn into_job(self) -> Box<Job> {
        self.job
    }

    /// Whether steps are left that have not begun.
    pub(super) fn is_unfinished(&self) -> bool {
        self.begun < self.job.steps.len() || !self.inserted.is_empty()
    }

    /// Whether the first of its steps runs, or is about to.
    pub(super) fn is_at_first_step(&self) -> bool {
        self.begun == 1 && self.replies.is_empty()
    }

    /// Takes the next step, if there is one. With `keep` the job stays whole, so that it can run again.
    pub(super) fn next_step(&mut self, keep: bool) -> Option<Step> {
        if let Some(step) = self.inserted.pop_front() {
            return Some(step);
        }
        let step = self.job.steps.get_mut(self.begun)?;
        self.begun += 1;
        if keep {
            return Some(step.clone());
        }
        Some(std::mem::replace(step, Step::Say(String::new())))
    }

    /// `count` bytes have come.
    pub(super) const fn received(&mut self, count: usize) {
        self.received += count as u64;
    }

    /// Whether somebody wants to know what comes.
    pub(super) fn is_watched(&self) -> bool {
        self.job.reply_to.is_watched()
    }

    /// Tells who listens what is new of the reply.
    pub(super) fn show(&mut self, text: String, missed: u64) {
        let step = self.replies.len();
        if missed > 0 {
            self.shown = None;
            self.job.reply_to.report(|| Progress::Missed(missed));
        }
        if !text.is_empty() {
            self.shown = self.shown.map(|shown| shown + text.len());
            self.job.reply_to.report(|| Progress::Text { step, text });
        }
    }

    /// Tells who listens the end of a reply that has been told up to there, if it has been told as it is.
    fn show_rest(&mut self, end: &TurnEnd) {
        self.show(String::new(), end.void);
        let shown = self.shown.replace(0).filter(|_| end.cut == 0 && self.is_watched());
        if let Some(rest) = shown.and_then(|shown| end.text.get(shown..)) {
            self.show(rest.to_owned(), 0);
            self.shown = Some(0);
        }
    }

    pub(super) fn keep(&mut self, end: TurnEnd, began: Instant, now: Instant) -> &StepReply {
        self.show_rest(&end);
        self.replies.push(StepReply {
            text: end.text,
            raw: end.raw,
            completed_by: end.completed_by,
            evidence: end.evidence,
            outcome: end.outcome,
            detail: end.detail,
            turn: now.saturating_duration_since(began),
            usage: end.usage,
            cut: end.cut,
        });
        &self.replies[self.replies.len() - 1]
    }

    pub(super) fn report(&self, outcome: Outcome, now: Instant) -> Report {
        let turn = self.delivered.map_or_else(Default::default, |at| now.saturating_duration_since(at));
        Report {
            job: self.id(),
            work: self.job.reply_to.job(),
            outcome,
            turn,
            sent: self.sent,
            received: self.received,
            usage: Usage::total(&self.replies),
        }
    }

    /// The reply, with what has come so far.
    pub(super) fn take_reply(
        &mut self,
        outcome: Outcome,
        error: Option<String>,
        instance: InstanceRef,
        now: Instant,
    ) -> Reply {
        let delivered = self.delivered.unwrap_or(now);
        let timings = Timings {
            queued: delivered.saturating_duration_since(self.job.submitted),
            turn: now.saturating_duration_since(delivered),
        };
        Reply {
            outcome,
            steps: std::mem::take(&mut self.replies),
            instance,
            timings,
            context_lost: self.job.context_lost,
            warnings: std::mem::take(&mut self.warnings),
            error,
        }
    }
}
