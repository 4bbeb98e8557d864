//! What a watch remembers: which jobs are under way, and which slots have a credit out. Pure.

use pool_core::message::{Job, JobId, Needs, Offer, Remote, SlotId, Stage};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many credits of a slot may be dropped in a row before the next ones come later.
const FORGIVEN: u32 = 2;

/// How much later the first one comes; every further one twice as much, up to the patience.
const FIRST_DELAY: Duration = Duration::from_millis(10);

/// Jobs that have ended are forgotten when there are twice as many as there were, and at least this many.
const SWEEP: usize = 1024;

/// Jobs and credits of a router that is not trusted.
#[derive(Debug)]
pub(super) struct Book {
    patience: Duration,
    jobs: HashMap<JobId, Known>,
    slots: HashMap<SlotId, Out>,
    /// Jobs that have left the queue for an instance and have ended.
    served: usize,
    sweep_at: usize,
    before: Before,
}

#[derive(Debug)]
struct Known {
    remote: Remote,
    since: Instant,
    needs: Needs,
    has_session: bool,
}

/// A credit that has been issued and has not come to its end.
#[derive(Debug)]
struct Out {
    offer: Arc<Offer>,
    /// How many before it were dropped, in a row.
    dropped: u32,
}

/// What the last check saw.
#[derive(Debug, Default)]
struct Before {
    placed: usize,
    /// Slots that had a credit, less the jobs that were at work.
    free: usize,
}

impl Book {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            jobs: HashMap::new(),
            slots: HashMap::new(),
            served: 0,
            sweep_at: SWEEP,
            before: Before::default(),
        }
    }

    /// A job goes to the router.
    pub(super) fn submitted(&mut self, job: &Job, now: Instant) {
        let (needs, has_session) = (job.needs.clone(), job.session.is_some());
        self.jobs.insert(job.id, Known { remote: job.reply_to.remote(), since: now, needs, has_session });
        if self.jobs.len() >= self.sweep_at {
            self.sweep();
            self.sweep_at = (2 * self.jobs.len()).max(SWEEP);
        }
    }

    /// A credit is to go to the router. How long to wait before: not at all, unless it dropped the ones before.
    pub(super) fn ready(&mut self, slot: SlotId, offer: &Arc<Offer>) -> Duration {
        // One that was spent, revoked or outlived was withdrawn first.
        let dropped = self.slots.get(&slot).map_or(0, |out| out.dropped + 1);
        self.slots.insert(slot, Out { offer: offer.clone(), dropped });
        match dropped.checked_sub(FORGIVEN + 1) {
            None => Duration::ZERO,
            Some(doublings) => FIRST_DELAY.saturating_mul(1 << doublings.min(20)).min(self.patience),
        }
    }

    /// The credit of a slot has come to its end in a proper way.
    pub(super) fn withdrawn(&mut self, slot: SlotId) {
        self.slots.remove(&slot);
    }

    /// Whether there is nothing to look after.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The jobs that wait in vain: for longer than the patience, with an instance free for them, now and at the check
    /// before, and nothing placed in between.
    pub(super) fn check(&mut self, now: Instant) -> Vec<Remote> {
        self.sweep();
        let at_work = self.jobs.values().filter(|job| job.remote.stage() > Stage::Queued).count();
        let (placed, free) = (self.served + at_work, self.slots.len().saturating_sub(at_work));
        let before = std::mem::replace(&mut self.before, Before { placed, free });
        if placed > before.placed || free == 0 || before.free == 0 {
            return Vec::new();
        }
        let stuck = |job: &&Known| {
            job.remote.stage() == Stage::Queued
                && now.saturating_duration_since(job.since) >= self.patience
                && self.could_go(job, at_work)
        };
        self.jobs.values().filter(stuck).map(|job| job.remote.clone()).collect()
    }

    /// Whether an instance that the job could use is surely free: it may be that all jobs at work are on such ones, and
    /// a session may have to wait for its own.
    fn could_go(&self, job: &Known, at_work: usize) -> bool {
        let fits = |out: &&Out| out.offer.meets(&job.needs);
        let fitting = self.slots.values().filter(fits).count();
        fitting > at_work && (!job.has_session || at_work == 0)
    }

    fn sweep(&mut self) {
        let served = &mut self.served;
        self.jobs.retain(|_, job| {
            let stage = job.remote.stage();
            *served += usize::from(stage == Stage::Done);
            !matches!(stage, Stage::Done | Stage::Cancelled)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pool_core::message::{JobHandle, Step, reply_channel};

    const PATIENCE: Duration = Duration::from_secs(30);

    fn job(needs: Needs, now: Instant) -> (Job, JobHandle) {
        let (reply_to, caller) = reply_channel(false);
        let mut job = Job::new(vec![Step::Say("6*7".into())], reply_to, now);
        job.needs = needs;
        (job, caller)
    }

    #[test]
    fn a_job_waits_in_vain_only_if_somebody_could_take_it_all_the_time() {
        let start = tokio::time::Instant::now().into_std();
        let bash = || Arc::new(Offer { tool: "bash".into(), capabilities: vec!["shell".into()] });
        let tool = |name: &str| Needs::Tool(name.into());
        // (what the job needs, credit before the first check, withdrawn before the second) => stuck
        for (needs, credit, withdrawn, stuck) in [
            (Needs::Anything, true, false, 1),
            (tool("bash"), true, false, 1),
            (tool("bc"), true, false, 0),
            (Needs::Capability("shell".into()), true, false, 1),
            (Needs::Capability("sql".into()), true, false, 0),
            (Needs::Anything, false, false, 0),
            (Needs::Anything, true, true, 0),
        ] {
            let mut book = Book::new(PATIENCE);
            let (job, _caller) = job(needs.clone(), start);
            book.submitted(&job, start);
            if credit {
                book.ready(SlotId(0), &bash());
            }
            assert!(book.check(start + PATIENCE / 2).is_empty(), "patience is not over");
            if withdrawn {
                book.withdrawn(SlotId(0));
            }
            assert_eq!(book.check(start + PATIENCE).len(), stuck, "{needs:?} {credit} {withdrawn}");
        }
    }

    #[test]
    fn credits_that_are_dropped_in_a_row_come_ever_later() {
        let mut book = Book::new(PATIENCE);
        let waits: Vec<_> =
            (0..7).map(|_| book.ready(SlotId(0), &Offer::of("bash").into()).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 10, 20, 40, 80]);
        assert_eq!((0..30).map(|_| book.ready(SlotId(0), &Offer::of("bash").into())).max(), Some(PATIENCE));
        book.withdrawn(SlotId(0));
        assert_eq!(book.ready(SlotId(0), &Offer::of("bash").into()), Duration::ZERO);
    }

    #[test]
    fn jobs_that_have_ended_are_forgotten() {
        let now = tokio::time::Instant::now().into_std();
        let mut book = Book::new(PATIENCE);
        for _ in 0..10 * SWEEP {
            book.submitted(&job(Needs::Anything, now).0, now);
            assert!(book.jobs.len() <= SWEEP);
        }
        book.check(now);
        assert!(book.is_idle());
    }
}
