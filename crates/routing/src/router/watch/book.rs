//! What a watch remembers: which jobs are under way, and which slots have a credit out. Pure.

use pool_core::message::{Job, JobId, Needs, Offer, Remote, SessionKey, SlotId, Stage};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many credits of a slot may be dropped in a row before the next ones come later.
const FORGIVEN: u32 = 2;

/// How much later the first one comes; every further one twice as much, up to the patience.
const FIRST_DELAY: Duration = Duration::from_millis(10);

/// A credit that has been out for less may be on its way.
const GRACE: Duration = Duration::from_millis(100);

/// Jobs that have ended are forgotten when there are twice as many as there were, and at least this many.
const SWEEP: usize = 1024;

/// Jobs and credits of a router that is not trusted.
#[derive(Debug)]
pub(super) struct Book {
    patience: Duration,
    jobs: HashMap<JobId, Known>,
    /// Slots that exist, and the credits of them that are out.
    slots: HashMap<SlotId, Option<Out>>,
    /// Jobs that have waited for half the patience, and could have gone ever since the last check.
    suspects: Vec<JobId>,
    sweep_at: usize,
}

#[derive(Debug)]
struct Known {
    remote: Remote,
    /// In the queue since then.
    since: Instant,
    needs: Needs,
    session: Option<SessionKey>,
}

/// A credit that has been issued and has not come to its end.
#[derive(Debug)]
struct Out {
    offer: Arc<Offer>,
    /// How many before it were dropped, in a row.
    dropped: u32,
    /// Since when there has been one.
    since: Instant,
}

impl Book {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, jobs: HashMap::new(), slots: HashMap::new(), suspects: Vec::new(), sweep_at: SWEEP }
    }

    /// A job goes to the router, for the first time or again.
    pub(super) fn submitted(&mut self, job: &Job, now: Instant) {
        let (needs, session) = (job.needs.clone(), job.session.clone());
        self.jobs.insert(job.id, Known { remote: job.reply_to.remote(), since: now, needs, session });
        if self.jobs.len() >= self.sweep_at {
            self.sweep();
            self.sweep_at = (2 * self.jobs.len()).max(SWEEP);
        }
    }

    /// A slot exists.
    pub(super) fn added(&mut self, slot: SlotId) {
        self.slots.entry(slot).or_default();
    }

    /// A credit is to go to the router. How long to wait before: not at all, unless it dropped the ones before.
    pub(super) fn ready(&mut self, slot: SlotId, offer: &Arc<Offer>, now: Instant) -> Duration {
        // One that was spent, revoked or outlived was withdrawn first.
        let before = self.slots.get(&slot).and_then(Option::as_ref);
        let (dropped, since) = before.map_or((0, now), |out| (out.dropped + 1, out.since));
        self.slots.insert(slot, Some(Out { offer: offer.clone(), dropped, since }));
        match dropped.checked_sub(FORGIVEN + 1) {
            None => Duration::ZERO,
            Some(doublings) => FIRST_DELAY.saturating_mul(1 << doublings.min(20)).min(self.patience),
        }
    }

    /// The credit of a slot has come to its end in a proper way.
    pub(super) fn withdrawn(&mut self, slot: SlotId) {
        self.slots.insert(slot, None);
    }

    /// A slot has gone for ever.
    pub(super) fn removed(&mut self, slot: SlotId) {
        self.slots.remove(&slot);
    }

    /// Whether there is nothing to look after.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The jobs that wait in vain: for the whole patience, with an instance free for them at the check before and ever
    /// since.
    pub(super) fn check(&mut self, now: Instant) -> Vec<Remote> {
        self.sweep();
        let free = self.free(now, None);
        let waits = |job: &Known, time: Duration| {
            job.remote.stage() == Stage::Queued && now.saturating_duration_since(job.since) >= time
        };
        let suspects = std::mem::take(&mut self.suspects);
        let known = suspects.iter().filter_map(|id| self.jobs.get(id));
        let in_vain = known.filter(|job| waits(job, self.patience) && self.could_go(job, &free));
        let in_vain = in_vain.map(|job| job.remote.clone()).collect();
        let suspect = |job: &Known| waits(job, self.patience / 2) && self.could_go(job, &free);
        self.suspects = self.jobs.iter().filter(|(_, job)| suspect(job)).map(|(id, _)| *id).collect();
        in_vain
    }

    /// The credit of `slot` is about to end. Most instances are at work right before one of them is free again: whoever
    /// could not go then does not wait in vain.
    pub(super) fn ends(&mut self, slot: SlotId, now: Instant) {
        if self.suspects.is_empty() {
            return;
        }
        let free = self.free(now, Some(slot));
        let mut suspects = std::mem::take(&mut self.suspects);
        suspects.retain(|id| self.jobs.get(id).is_some_and(|job| self.could_go(job, &free)));
        self.suspects = suspects;
    }

    /// Slots that no job has been sent to, although there was time; `but` is at work.
    fn free(&self, now: Instant, but: Option<SlotId>) -> HashSet<SlotId> {
        let at_work: HashSet<SlotId> = self.jobs.values().filter_map(|job| job.remote.slot()).collect();
        let is_free = |slot: SlotId, out: &Out| {
            now.saturating_duration_since(out.since) >= GRACE && !at_work.contains(&slot) && Some(slot) != but
        };
        let out = self.slots.iter().filter_map(|(slot, out)| Some((*slot, out.as_ref()?)));
        out.filter(|(slot, out)| is_free(*slot, out)).map(|(slot, _)| slot).collect()
    }

    fn could_go(&self, job: &Known, free: &HashSet<SlotId>) -> bool {
        let meets = |slot: &SlotId| {
            self.slots.get(slot).and_then(Option::as_ref).is_some_and(|out| out.offer.meets(&job.needs))
        };
        match &job.session {
            None => free.iter().any(meets),
            Some(SessionKey::Slot(slot)) => free.contains(slot),
            // Where it lives is the router's business.
            Some(SessionKey::Named(_)) => !free.is_empty() && free.len() == self.slots.len(),
        }
    }

    fn sweep(&mut self) {
        self.jobs.retain(|_, job| !matches!(job.remote.stage(), Stage::Done | Stage::Cancelled));
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
                book.ready(SlotId(0), &bash(), start);
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
        let now = tokio::time::Instant::now().into_std();
        let mut book = Book::new(PATIENCE);
        let waits: Vec<_> =
            (0..7).map(|_| book.ready(SlotId(0), &Offer::of("bash").into(), now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 10, 20, 40, 80]);
        assert_eq!(
            (0..30).map(|_| book.ready(SlotId(0), &Offer::of("bash").into(), now)).max(),
            Some(PATIENCE)
        );
        book.withdrawn(SlotId(0));
        assert_eq!(book.ready(SlotId(0), &Offer::of("bash").into(), now), Duration::ZERO);
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
