//! What comes behind a job: the news of its end, a reset, the next one.

use super::attach::Lent;
use super::running::Turn;
use super::work::Work;
use super::{Action, Conversation};
use crate::machine::dialect::{Dialect, TurnEnd};
use crate::message::{Again, CompletedBy, Event, LimitMet, Outcome, Report, Reset};
use std::time::Instant;

impl<D: Dialect> Conversation<D> {
    /// Whether the job would wait for the end of a limit; it is then kept whole, which a long prompt pays for.
    pub(super) fn may_run_again(&self, work: &Work) -> bool {
        work.job.on_limit.waits() && self.spec.may_be_held()
    }

    /// A usage limit ended the turn: the account is to blame, not the instance. A job that would wait goes along: whoever knows how long the limit lasts decides.
    // ## Turn => (Idle | Resetting)
    pub(super) fn limited(
        &mut self,
        mut work: Box<Work>,
        reason: String,
        reset: Option<Reset>,
        goes_on: bool,
        now: Instant,
    ) {
        let report = work.report(Outcome::Limited, now);
        let keeps_context = work.job.session.is_some();
        let reply = work.take_reply(Outcome::Limited, Some(reason.clone()), self.me.clone(), now);
        let may_run_again = self.may_run_again(&work);
        let job = work.into_job();
        let again = if may_run_again {
            Some(Again { job, reply: Box::new(reply) })
        } else {
            self.actions.push_back(Action::Finish(job.reply_to, Box::new(Ok(reply))));
            None
        };
        let limit = Some(Box::new(LimitMet { reason, reset, again }));
        if goes_on {
            self.go_on(report, limit, !keeps_context, now);
        } else {
            self.tell_finished(report, limit, false);
        }
    }

    /// The job at hand ends with what had come of its reply; the instance is going.
    pub(super) fn finish_with_rest(
        &mut self,
        mut work: Box<Work>,
        turn: &Turn,
        outcome: Outcome,
        detail: String,
        now: Instant,
    ) {
        let rest = self.dialect.end_of_output();
        if turn.is_unwanted() {
            work.job.reply_to.keep_task(None);
        }
        let by_itself = matches!(outcome, Outcome::Crashed | Outcome::Truncated);
        let limit = rest.limit.filter(|_| by_itself);
        let (outcome, detail) = match &limit {
            Some((line, _)) => (Outcome::Limited, line.clone()),
            None => (outcome, detail),
        };
        if !rest.text.is_empty() {
            let end = TurnEnd {
                text: rest.text,
                raw: rest.raw,
                completed_by: CompletedBy::Exit,
                evidence: "the tool went away".into(),
                outcome,
                detail: Some(detail.clone()),
                reset: None,
                usage: None,
                cut: 0,
                void: 0,
            };
            work.keep(end, turn.began, now);
        }
        if let Some((line, reset)) = limit {
            return self.limited(work, line, reset, false, now);
        }
        self.finish(work, Some((outcome, detail)), false, now);
    }

    /// Tells of the job's end and makes ready for the next one; with `stale`, after a reset if the tool has one.
    // ## Turn => (Idle | Resetting)
    pub(super) fn go_on(&mut self, report: Report, limit: Option<Box<LimitMet>>, stale: bool, now: Instant) {
        if self.lent != Lent::No {
            return self.attended(now);
        }
        let resets = stale && !self.spec.reset.is_empty();
        self.tell_finished(report, limit, !resets && !self.draining);
        self.weigh(now);
        if resets { self.reset(0, None, now) } else { self.rest(now) }
    }

    pub(super) fn tell_finished(&mut self, report: Report, limit: Option<Box<LimitMet>>, idle: bool) {
        if self.lent != Lent::No {
            return;
        }
        let (slot, generation) = (self.me.slot, self.me.generation);
        self.tell(Event::Finished { slot, generation, report, idle, limit });
    }
}
