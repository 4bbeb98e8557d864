//! What is promised of jobs, by state machine: random events in any order, with news and jobs on the way, and the
//! shipped dispatcher beside a reference that is too simple to be wrong.
//!
//! | promise | seen to fail with this change to the dispatcher |
//! |---|---|
//! | never a job beyond the credits | `revoked` keeps the credit |
//! | a terminal job never changes | `poll` places cancelled jobs, too |
//! | a revoked credit's job is never lost | `returned` refuses while the queue is full |
//!
//! What is promised of lives and credits is in `crates/pool-core/tests/promises`.

mod books;
#[path = "../common/mod.rs"]
mod common;

use books::{Books, Fate, News, QUEUE, SLOTS, Step};
use common::{FakeCredit, FakeJob, Pool, report};
use pool_core::message::{Generation, Offer, Serial, SlotId};
use proptest::test_runner::Config;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use routing::dispatcher::RouterSpec;
use routing::strategy::{Candidates, JobView, Strategy};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The first free slot, so that the reference need not know a strategy.
struct First;

impl Strategy for First {
    fn name(&self) -> &'static str {
        "first"
    }

    fn choose(&mut self, _: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        candidates.first_from(SlotId(0))
    }
}

/// The instance of one slot.
#[derive(Debug, Default)]
struct Instance {
    life: Generation,
    /// What it will honour.
    credit: Option<Serial>,
    job: Option<FakeJob>,
}

/// News on the way, with the job that comes back, if one does.
struct Told {
    news: News,
    life: Generation,
    job: Option<FakeJob>,
}

/// The router without its actor, and all that is around it.
struct Router {
    pool: Pool,
    instances: [Instance; SLOTS],
    news: VecDeque<Told>,
    /// Credits that the router was given, has not spent, and has not been told are void.
    in_hand: BTreeSet<Serial>,
    jobs: BTreeMap<u64, FakeJob>,
    fates: BTreeMap<u64, Fate>,
}

impl Router {
    fn submit(&mut self) {
        let job = self.pool.job();
        self.jobs.insert(job.id, job.clone());
        self.fates.insert(job.id, Fate::Waits);
        self.pool.push(job).expect("there is room");
    }

    fn cancel(&mut self, job: u64) {
        self.jobs[&job].cancelled.set(true);
        self.ends(job, Fate::Cancelled);
        let at_work = |instance: &Instance| instance.job.as_ref().is_some_and(|other| other.id == job);
        if let Some(slot) = self.instances.iter().position(at_work) {
            self.instances[slot].job = None;
            self.tell(slot, News::Finished(slot, job));
        }
    }

    fn issue(&mut self, slot: usize, serial: Serial) {
        let instance = &mut self.instances[slot];
        instance.life = instance.life.max(1);
        instance.credit = Some(serial);
        self.tell(slot, News::Ready(slot, serial));
    }

    fn revoke(&mut self, slot: usize) {
        if let Some(serial) = self.instances[slot].credit.take() {
            self.tell(slot, News::Revoked(slot, serial));
        }
    }

    fn finish(&mut self, slot: usize) {
        let job = self.instances[slot].job.take().expect("a job");
        self.ends(job.id, Fate::Answered);
        self.tell(slot, News::Finished(slot, job.id));
    }

    fn crash(&mut self, slot: usize) {
        self.tell(slot, News::Gone(slot));
        let instance = &mut self.instances[slot];
        instance.life += 1;
        instance.credit = None;
        if let Some(job) = instance.job.take() {
            self.ends(job.id, Fate::Lost);
        }
    }

    fn tell(&mut self, slot: usize, news: News) {
        self.news.push_back(Told { news, life: self.instances[slot].life, job: None });
    }

    fn hears(&mut self) {
        let now = self.pool.now;
        let Told { news, life, job } = self.news.pop_front().expect("news");
        match news {
            News::Ready(slot, serial) => {
                self.in_hand.insert(serial);
                let credit =
                    FakeCredit { slot: id(slot), generation: life, serial, offer: Offer::of("tool").into() };
                self.pool.dispatcher.credit(credit, now);
            }
            News::Finished(slot, job) => self.pool.dispatcher.finished(id(slot), &report(job, 1), now),
            News::Revoked(slot, serial) => {
                self.in_hand.remove(&serial);
                self.pool.dispatcher.revoked(id(slot), serial);
            }
            News::Returned(_) => {
                let job = job.expect("the job itself");
                if self.fates[&job.id] == Fate::ComesBack {
                    self.fates.insert(job.id, Fate::Waits);
                }
                self.pool.dispatcher.returned(job, now);
            }
            News::Gone(slot) => self.pool.dispatcher.gone(id(slot), life, false, now),
        }
    }

    /// Everything that can go out does.
    fn drive(&mut self) {
        while let Some(placed) = self.pool.poll() {
            let (job, slot, serial) = (placed.job, placed.credit.slot.index(), placed.credit.serial);
            self.never_a_job_beyond_the_credits(serial);
            assert_eq!(self.fates[&job.id], Fate::Waits, "a terminal job never changes");
            let instance = &mut self.instances[slot];
            if instance.credit.take_if(|credit| *credit == serial).is_some() {
                assert!(instance.job.is_none(), "two jobs at one time");
                self.fates.insert(job.id, Fate::At(slot));
                instance.job = Some(job);
            } else {
                self.fates.insert(job.id, Fate::ComesBack);
                let news = News::Returned(job.id);
                self.news.push_back(Told { news, life: instance.life, job: Some(job) });
            }
        }
        assert_eq!(self.pool.refused(), [], "there is always somewhere to go");
    }

    fn never_a_job_beyond_the_credits(&mut self, serial: Serial) {
        assert!(self.in_hand.remove(&serial), "credit {serial} was spent before, or is void");
    }

    fn ends(&mut self, job: u64, fate: Fate) {
        let before = self.fates.insert(job, fate).expect("a known job");
        assert!(!before.is_terminal(), "a terminal job never changes: {before:?} became {fate:?}");
    }

    /// Each job that has not ended is in one place.
    fn a_revoked_credits_job_is_never_lost(&self, books: &Books) {
        assert_eq!(self.pool.dispatcher.queued(), books.waiting.len());
        let open: Vec<u64> =
            self.fates.iter().filter(|(_, fate)| !fate.is_terminal()).map(|(job, _)| *job).collect();
        let waiting = books.waiting.iter().copied();
        let at_work = self.instances.iter().filter_map(|instance| Some(instance.job.as_ref()?.id));
        let back = self.news.iter().filter_map(|told| Some(told.job.as_ref()?.id));
        let everywhere = waiting.chain(at_work).chain(back);
        let mut places: Vec<u64> = everywhere.filter(|job| open.contains(job)).collect();
        places.sort_unstable();
        assert_eq!(places, open);
    }
}

impl StateMachineTest for Router {
    type SystemUnderTest = Self;
    type Reference = Books;

    fn init_test(_: &Books) -> Self {
        Self {
            pool: Pool::empty(Box::new(First), RouterSpec { queue: QUEUE, ..RouterSpec::default() }),
            instances: Default::default(),
            news: VecDeque::new(),
            in_hand: BTreeSet::new(),
            jobs: BTreeMap::new(),
            fates: BTreeMap::new(),
        }
    }

    fn apply(mut router: Self, books: &Books, step: Step) -> Self {
        match step {
            Step::Submit => router.submit(),
            Step::Cancel(job) => router.cancel(job),
            Step::Issue(slot) => router.issue(slot, books.serial),
            Step::Revoke(slot) => router.revoke(slot),
            Step::Finish(slot) => router.finish(slot),
            Step::Crash(slot) => router.crash(slot),
            Step::Hear => router.hears(),
        }
        router.drive();
        router
    }

    fn check_invariants(router: &Self, books: &Books) {
        assert_eq!(router.fates, books.fates);
        router.a_revoked_credits_job_is_never_lost(books);
    }

    /// Once nothing goes wrong any more, every job ends.
    fn teardown(mut router: Self, mut books: Books) {
        while let Some(step) = books.next_calm_step() {
            books = Books::apply(books, &step);
            router = Self::apply(router, &books, step);
            Self::check_invariants(&router, &books);
        }
        assert!(router.fates.values().all(|fate| fate.is_terminal()), "{:?}", router.fates);
    }
}

fn id(slot: usize) -> SlotId {
    SlotId(u32::try_from(slot).expect("few slots"))
}

prop_state_machine! {
    #![proptest_config(Config { cases: 256, ..Config::default() })]

    /// Whatever is revoked, cancelled or crashes while a job or news of it is on the way.
    #[test]
    fn the_dispatcher_keeps_its_promises(sequential 1..150 => Router);
}
