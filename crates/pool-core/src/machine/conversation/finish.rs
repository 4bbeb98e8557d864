//! What comes behind a job: the news of its end, a reset, the next one.

use super::work::Work;
use super::{Action, Conversation};
use crate::machine::dialect::Dialect;
use crate::message::{Again, Event, LimitMet, Outcome, Report, Reset};
use std::time::Instant;

impl<D: Dialect> Conversation<D> {
    /// A usage limit ended the turn: the account is to blame, not the instance. A job that would wait goes along: whoever knows how long the limit lasts decides.
    // ## Turn => (Idle | Resetting)
    pub(super) fn limited(
        &mut self,
        mut work: Box<Work>,
        reason: String,
        reset: Option<Reset>,
        now: Instant,
    ) {
        let report = work.report(Outcome::Limited, now);
        let keeps_context = work.job.session.is_some();
        let reply = work.take_reply(Outcome::Limited, Some(reason.clone()), self.me.clone(), now);
        let job = work.into_job();
        let again = if job.on_limit.waits() {
            Some(Again { job, reply: Box::new(reply) })
        } else {
            self.actions.push_back(Action::Finish(job.reply_to, Box::new(Ok(reply))));
            None
        };
        let limit = Some(Box::new(LimitMet { reason, reset, again }));
        self.go_on(report, limit, !keeps_context, now);
    }

    /// Tells of the job's end and makes ready for the next one; with `stale`, after a reset if the tool has one.
    // ## Turn => (Idle | Resetting)
    pub(super) fn go_on(&mut self, report: Report, limit: Option<Box<LimitMet>>, stale: bool, now: Instant) {
        let resets = stale && !self.spec.reset.is_empty();
        self.tell_finished(report, limit, !resets && !self.draining);
        if resets { self.reset(0, None, now) } else { self.rest(now) }
    }

    pub(super) fn tell_finished(&mut self, report: Report, limit: Option<Box<LimitMet>>, idle: bool) {
        let (slot, generation) = (self.me.slot, self.me.generation);
        self.tell(Event::Finished { slot, generation, report, idle, limit });
    }
}
