//! The reference: who is free, who the router thinks is free, and one queue. The first slot that is thought free gets
//! the first job.

use pool_core::message::Serial;
use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use std::collections::{BTreeMap, VecDeque};

pub(crate) const SLOTS: usize = 3;
/// So many jobs may wait; those that come back may do so besides.
pub(crate) const QUEUE: usize = 4;

/// What becomes of a job; the last three are for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Waits,
    /// Placed on a slot, and not turned away there.
    At(usize),
    /// Turned away by a slot whose credit was void. The router has not heard of it.
    ComesBack,
    Answered,
    Cancelled,
    Lost,
}

impl Fate {
    pub(crate) const fn is_terminal(self) -> bool {
        matches!(self, Self::Answered | Self::Cancelled | Self::Lost)
    }
}

/// What the router has not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Ready(usize, Serial),
    Finished(usize, u64),
    Revoked(usize, Serial),
    Returned(u64),
    Gone(usize),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Submit,
    Cancel(u64),
    /// The supervisor issues a credit to a slot, after a new start if need be.
    Issue(usize),
    /// The instance hears that its credit is void.
    Revoke(usize),
    Finish(usize),
    Crash(usize),
    /// The router hears the next news.
    Hear,
}

/// What an instance can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Idle,
    Free(Serial),
    Busy(u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Books {
    pub(crate) fates: BTreeMap<u64, Fate>,
    /// Cancelled ones stay until they are met.
    pub(crate) waiting: VecDeque<u64>,
    /// The last credit.
    pub(crate) serial: Serial,
    slots: [Slot; SLOTS],
    believed: BTreeMap<usize, Serial>,
    news: VecDeque<News>,
}

impl Books {
    fn place(&mut self) {
        while let Some((&slot, &serial)) = self.believed.first_key_value()
            && let Some(job) = self.waiting.pop_front()
        {
            if self.fates[&job].is_terminal() {
                continue;
            }
            self.believed.remove(&slot);
            if self.slots[slot] == Slot::Free(serial) {
                self.slots[slot] = Slot::Busy(job);
                self.fates.insert(job, Fate::At(slot));
            } else {
                self.fates.insert(job, Fate::ComesBack);
                self.news.push_back(News::Returned(job));
            }
        }
    }

    fn hears(&mut self, news: News) {
        match news {
            News::Ready(slot, serial) => drop(self.believed.insert(slot, serial)),
            News::Revoked(slot, serial) if self.believed.get(&slot) == Some(&serial) => {
                self.believed.remove(&slot);
            }
            News::Gone(slot) => drop(self.believed.remove(&slot)),
            News::Returned(job) if !self.fates[&job].is_terminal() => {
                self.fates.insert(job, Fate::Waits);
                self.waiting.push_front(job);
            }
            News::Finished(..) | News::Revoked(..) | News::Returned(_) => {}
        }
    }

    /// A slot's job, if it has one, comes to this; no life or credit is left but by a new one.
    fn ends(&mut self, slot: usize, fate: Fate) {
        if let Slot::Busy(job) = std::mem::replace(&mut self.slots[slot], Slot::Idle) {
            self.fates.insert(job, fate);
            if fate != Fate::Lost {
                self.news.push_back(News::Finished(slot, job));
            }
        }
    }

    fn cancel(&mut self, job: u64) {
        match self.slots.iter().position(|slot| *slot == Slot::Busy(job)) {
            Some(slot) => self.ends(slot, Fate::Cancelled),
            None => drop(self.fates.insert(job, Fate::Cancelled)),
        }
    }

    /// What brings all jobs to their ends: news are heard, free slots offered, jobs answered.
    pub(crate) fn next_calm_step(&self) -> Option<Step> {
        if !self.news.is_empty() {
            return Some(Step::Hear);
        }
        let with = |wanted: fn(&Slot) -> bool| self.slots.iter().position(wanted);
        let busy = with(|slot| matches!(slot, Slot::Busy(_))).map(Step::Finish);
        busy.or_else(|| with(|slot| *slot == Slot::Idle).map(Step::Issue))
    }
}

impl ReferenceStateMachine for Books {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let (fates, waiting) = (BTreeMap::new(), VecDeque::new());
        let (slots, believed) = ([Slot::Idle; SLOTS], BTreeMap::new());
        Just(Self { fates, waiting, serial: 0, slots, believed, news: VecDeque::new() }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let slot = || 0..SLOTS;
        prop_oneof![
            4 => Just(Step::Submit),
            6 => Just(Step::Hear),
            3 => slot().prop_map(Step::Issue),
            2 => slot().prop_map(Step::Revoke),
            2 => slot().prop_map(Step::Finish),
            1 => slot().prop_map(Step::Crash),
            1 => (1_u64..20).prop_map(Step::Cancel),
        ]
        .boxed()
    }

    fn preconditions(books: &Self, step: &Step) -> bool {
        match *step {
            Step::Submit => books.waiting.len() < QUEUE,
            Step::Cancel(job) => books.fates.get(&job).is_some_and(|fate| !fate.is_terminal()),
            Step::Issue(slot) => books.slots[slot] == Slot::Idle,
            Step::Revoke(slot) => matches!(books.slots[slot], Slot::Free(_)),
            Step::Finish(slot) => matches!(books.slots[slot], Slot::Busy(_)),
            Step::Crash(slot) => books.slots[slot] != Slot::Idle,
            Step::Hear => !books.news.is_empty(),
        }
    }

    fn apply(mut books: Self, step: &Step) -> Self {
        match *step {
            Step::Submit => {
                let job = books.fates.len() as u64 + 1;
                books.fates.insert(job, Fate::Waits);
                books.waiting.push_back(job);
            }
            Step::Cancel(job) => books.cancel(job),
            Step::Issue(slot) => {
                books.serial += 1;
                books.slots[slot] = Slot::Free(books.serial);
                books.news.push_back(News::Ready(slot, books.serial));
            }
            Step::Revoke(slot) => {
                if let Slot::Free(serial) = std::mem::replace(&mut books.slots[slot], Slot::Idle) {
                    books.news.push_back(News::Revoked(slot, serial));
                }
            }
            Step::Finish(slot) => books.ends(slot, Fate::Answered),
            Step::Crash(slot) => {
                books.ends(slot, Fate::Lost);
                books.news.push_back(News::Gone(slot));
            }
            Step::Hear => {
                if let Some(news) = books.news.pop_front() {
                    books.hears(news);
                }
            }
        }
        books.place();
        books
    }
}
