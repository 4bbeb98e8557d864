//! Two slots, three jobs, and every message that is under way.

use super::super::{Dispatcher, RouterSpec};
use super::{Item, Permit, Puppet, Trouble};
use pool_core::machine::hold::Hold;
use pool_core::machine::slot::{Slot, SlotAction, SlotState};
use pool_core::message::{
    Event, ExitReport, Generation, JobId, Offer, Outcome, Report, Serial, SessionKey, SlotId, StartStage,
};
use pool_core::spec::{ToolSpec, TurnRule, TurnSpec};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const JOBS: usize = 3;
const SLOTS: usize = 2;

/// Something that can happen next. Where jobs may be placed, with the slot that the strategy names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Action {
    Submit(u32),
    Cancel(usize),
    /// The router hears the next of its news.
    News(u32),
    /// The supervisor hears from an instance.
    Hear(usize),
    /// An instance gets the next job that was sent to it.
    Take(usize),
    /// An instance hears that a credit is taken back.
    Revoked(usize),
    Finish(usize),
    Crash(usize),
    /// The supervisor takes a credit back.
    Revoke(usize),
    Timeout(usize),
}

/// Where a job is, for its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unborn,
    Queued,
    Placed,
    /// Placed, and its caller has taken it back: the instance will find out.
    Unwanted,
    Ended,
}

#[derive(Debug)]
enum News {
    Ready(Permit),
    Finished(SlotId, u64, Option<Permit>),
    Revoked(SlotId, Serial),
    Returned(Item),
    Gone(SlotId, Generation),
}

#[derive(Debug)]
enum Work {
    Idle,
    At(Item),
    Dead,
}

/// An instance, and what is on the way to it and from it.
#[derive(Debug)]
struct Instance {
    generation: Generation,
    work: Work,
    /// Credits up to this serial are void.
    void: Serial,
    /// The last credit that a job came with.
    used: Serial,
    jobs: VecDeque<(Serial, Item)>,
    orders: VecDeque<Serial>,
    events: VecDeque<Event>,
}

pub(super) struct World {
    now: Instant,
    trouble: Trouble,
    dispatcher: Dispatcher<Item, Permit>,
    choice: Arc<AtomicU32>,
    slots: [Slot; SLOTS],
    hold: Hold,
    instances: [Instance; SLOTS],
    news: VecDeque<News>,
    jobs: Vec<Item>,
    fates: [Fate; JOBS],
}

const fn id(slot: usize) -> SlotId {
    SlotId(slot as u32)
}

impl World {
    /// Both instances are free, and the router knows.
    pub(super) fn new(trouble: Trouble, now: Instant) -> Self {
        let choice = Arc::new(AtomicU32::new(0));
        let spec = ToolSpec::new("tool", vec!["tool".into()], TurnSpec::new(TurnRule::Lines));
        let instance = || Instance {
            generation: 0,
            work: Work::Dead,
            void: 0,
            used: 0,
            jobs: VecDeque::new(),
            orders: VecDeque::new(),
            events: VecDeque::new(),
        };
        let item = |id: u64| Item {
            id,
            session: (trouble.talk && id > 0).then(|| SessionKey::Named("talk".into())),
            submitted: now,
            cancelled: Rc::default(),
        };
        let mut world = Self {
            now,
            trouble,
            dispatcher: Dispatcher::new(Box::new(Puppet(choice.clone())), RouterSpec::default()),
            choice,
            slots: [Slot::new(&spec), Slot::new(&spec)],
            hold: Hold::default(),
            instances: [instance(), instance()],
            news: VecDeque::new(),
            jobs: (0..).take(JOBS).map(item).collect(),
            fates: [Fate::Unborn; JOBS],
        };
        for slot in 0..SLOTS {
            world.start(slot);
            world.hear(slot);
            world.hear_news();
        }
        world
    }

    /// All that could happen now.
    pub(super) fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        let choices = 0..u32::try_from(SLOTS).expect("few");
        if self.fates.contains(&Fate::Unborn) {
            actions.extend(choices.clone().map(Action::Submit));
        }
        if !self.news.is_empty() {
            actions.extend(choices.map(Action::News));
        }
        if self.trouble.cancels > 0 {
            let wanted = |job: &usize| matches!(self.fates[*job], Fate::Queued | Fate::Placed);
            actions.extend((0..JOBS).filter(wanted).map(Action::Cancel));
        }
        for (slot, instance) in self.instances.iter().enumerate() {
            let lives = !matches!(instance.work, Work::Dead);
            let ready = matches!(self.slots[slot].state(), SlotState::Ready(_));
            let could = [
                (!instance.events.is_empty(), Action::Hear(slot)),
                (!instance.jobs.is_empty(), Action::Take(slot)),
                (!instance.orders.is_empty(), Action::Revoked(slot)),
                (matches!(instance.work, Work::At(_)), Action::Finish(slot)),
                (lives && self.trouble.crashes > 0, Action::Crash(slot)),
                (ready && self.trouble.revokes > 0, Action::Revoke(slot)),
                (self.slots[slot].poll_timeout().is_some(), Action::Timeout(slot)),
            ];
            actions.extend(could.into_iter().filter_map(|(could, action)| could.then_some(action)));
        }
        actions
    }

    pub(super) fn apply(&mut self, action: Action) {
        match action {
            Action::Submit(choice) => self.submit(choice),
            Action::Cancel(job) => self.cancel(job),
            Action::News(choice) => {
                self.choice.store(choice, Ordering::Relaxed);
                self.hear_news();
            }
            Action::Hear(slot) => self.hear(slot),
            Action::Take(slot) => self.take(slot),
            Action::Revoked(slot) => self.void(slot),
            Action::Finish(slot) => self.finish(slot, Outcome::Ok),
            Action::Crash(slot) => self.crash(slot),
            Action::Revoke(slot) => {
                self.trouble.revokes -= 1;
                if let SlotState::Ready(serial) = self.slots[slot].state() {
                    self.instances[slot].orders.push_back(*serial);
                }
            }
            Action::Timeout(slot) => {
                let due = self.slots[slot].poll_timeout().expect("a deadline");
                let action = self.slots[slot].handle_timeout(&self.hold, due);
                self.act(slot, action);
            }
        }
    }

    fn submit(&mut self, choice: u32) {
        let job = self.fates.iter().position(|fate| *fate == Fate::Unborn).expect("one more");
        self.choice.store(choice, Ordering::Relaxed);
        self.fates[job] = Fate::Queued;
        self.dispatcher.push(self.jobs[job].clone(), self.now).expect("taken");
        self.drive();
    }

    /// A job that waits is over at once; one that runs when its tool has been interrupted; one on its way when it is there.
    fn cancel(&mut self, job: usize) {
        self.trouble.cancels -= 1;
        let is_at = |instance: &Instance| matches!(&instance.work, Work::At(item) if index(item) == job);
        if self.fates[job] == Fate::Queued {
            self.jobs[job].cancelled.set(true);
            self.end(job);
        } else if let Some(slot) = self.instances.iter().position(is_at) {
            self.finish(slot, Outcome::Cancelled);
        } else {
            self.fates[job] = Fate::Unwanted;
        }
    }

    /// As the router does it.
    fn drive(&mut self) {
        while let Some(placement) = self.dispatcher.poll(self.now) {
            let (job, permit) = (placement.job, placement.credit);
            assert_eq!(self.fates[index(&job)], Fate::Queued, "placed twice");
            let instance = &mut self.instances[permit.slot.index()];
            if instance.generation == permit.generation && !matches!(instance.work, Work::Dead) {
                self.fates[index(&job)] = Fate::Placed;
                instance.jobs.push_back((permit.serial, job));
            } else {
                self.dispatcher.returned(job, self.now);
            }
        }
        while let Some((job, _)) = self.dispatcher.poll_refused() {
            self.end(index(&job));
        }
    }

    fn hear_news(&mut self) {
        let now = self.now;
        match self.news.pop_front().expect("news") {
            News::Ready(permit) => self.dispatcher.credit(permit, now),
            News::Finished(slot, job, permit) => {
                self.dispatcher.finished(slot, &report(job, Outcome::Ok), now);
                if let Some(permit) = permit {
                    self.dispatcher.credit(permit, now);
                }
            }
            News::Revoked(slot, serial) => self.dispatcher.revoked(slot, serial),
            News::Returned(job) => self.dispatcher.returned(job, now),
            News::Gone(slot, generation) => self.dispatcher.gone(slot, generation, false, now),
        }
        self.drive();
    }

    fn take(&mut self, slot: usize) {
        let instance = &mut self.instances[slot];
        let (serial, job) = instance.jobs.pop_front().expect("a job");
        let is_unwanted = self.fates[index(&job)] == Fate::Unwanted;
        if serial <= instance.void {
            self.fates[index(&job)] = Fate::Queued;
            if is_unwanted {
                job.cancelled.set(true);
                self.end(index(&job));
            }
            return self.news.push_back(News::Returned(job));
        }
        assert!(matches!(instance.work, Work::Idle), "two jobs at one time");
        instance.used = serial;
        instance.work = Work::At(job);
        if is_unwanted {
            self.finish(slot, Outcome::Cancelled);
        }
    }

    fn void(&mut self, slot: usize) {
        let instance = &mut self.instances[slot];
        let serial = instance.orders.pop_front().expect("an order");
        let dead = matches!(instance.work, Work::Dead);
        if dead || serial <= instance.used {
            return;
        }
        instance.void = serial;
        let generation = instance.generation;
        instance.events.push_back(Event::Revoked { slot: id(slot), generation, serial });
    }

    fn finish(&mut self, slot: usize, outcome: Outcome) {
        let instance = &mut self.instances[slot];
        let idle = matches!(outcome, Outcome::Ok | Outcome::Cancelled);
        if let Work::At(job) = std::mem::replace(&mut instance.work, Work::Idle) {
            let (generation, report) = (instance.generation, report(job.id, outcome));
            instance.events.push_back(Event::Finished {
                slot: id(slot),
                generation,
                report,
                idle,
                limit: None,
            });
            self.end(index(&job));
        }
    }

    /// The job at hand ends with the instance, and so does one that has just arrived.
    fn crash(&mut self, slot: usize) {
        self.trouble.crashes -= 1;
        self.finish(slot, Outcome::Crashed);
        let instance = &mut self.instances[slot];
        instance.work = Work::Dead;
        instance.orders.clear();
        let (generation, exit) = (instance.generation, ExitReport::Signalled(9));
        instance.events.push_back(Event::Exited { slot: id(slot), generation, exit });
        let lost: Vec<_> = instance.jobs.drain(..).collect();
        lost.iter().for_each(|(_, job)| self.end(index(job)));
    }

    /// As the supervisor does it.
    fn hear(&mut self, slot: usize) {
        let event = self.instances[slot].events.pop_front().expect("an event");
        let action = self.slots[slot].handle(&event, &mut self.hold, self.now);
        match event {
            Event::Finished { report, .. } => {
                let permit = match action {
                    SlotAction::Issue(serial) => Some(self.permit(slot, serial)),
                    _ => None,
                };
                return self.news.push_back(News::Finished(id(slot), report.job.0, permit));
            }
            Event::Exited { generation, .. } => self.news.push_back(News::Gone(id(slot), generation)),
            Event::Revoked { serial, .. } => self.news.push_back(News::Revoked(id(slot), serial)),
            _ => {}
        }
        self.act(slot, action);
    }

    fn act(&mut self, slot: usize, action: SlotAction) {
        match action {
            SlotAction::Issue(serial) => {
                let permit = self.permit(slot, serial);
                self.news.push_back(News::Ready(permit));
            }
            SlotAction::Start => self.start(slot),
            SlotAction::Charge(_) | SlotAction::Pause => self.slots[slot].back_off(0.5, self.now),
            SlotAction::Nothing | SlotAction::HandOver | SlotAction::Over => {}
        }
    }

    fn start(&mut self, slot: usize) {
        let generation = self.slots[slot].start(self.now);
        let instance = &mut self.instances[slot];
        assert!(matches!(instance.work, Work::Dead), "two lives of one slot");
        (instance.generation, instance.work) = (generation, Work::Idle);
        let (stage, after) = (StartStage::Warm, Duration::ZERO);
        instance.events.push_back(Event::Started { slot: id(slot), generation, stage, pid: None, after });
    }

    fn permit(&self, slot: usize, serial: Serial) -> Permit {
        Permit {
            slot: id(slot),
            generation: self.slots[slot].generation(),
            serial,
            offer: Offer::of("tool").into(),
        }
    }

    fn end(&mut self, job: usize) {
        let before = std::mem::replace(&mut self.fates[job], Fate::Ended);
        assert!(before != Fate::Ended && before != Fate::Unborn, "job {job} ended twice");
    }

    /// Nothing can happen any more: every job has ended, and the router knows it.
    pub(super) fn is_settled(&self, path: &[Action]) {
        assert_eq!(self.fates, [Fate::Ended; JOBS], "after {path:?}");
        let kept = self.dispatcher.snapshot();
        assert!(kept.slots.iter().all(|slot| slot.figures.in_flight == 0), "after {path:?}");
        assert!(kept.slots.iter().all(|slot| slot.credits == 1), "after {path:?}");
    }

    /// All that what happens next depends on.
    pub(super) fn fingerprint(&self) -> String {
        let Self { slots, hold, instances, news, fates, trouble, dispatcher, .. } = self;
        let Dispatcher { slots: places, kinds, sessions, ripe, refused, next_return, .. } = dispatcher;
        format!(
            "{slots:?}{hold:?}{instances:?}{news:?}{fates:?}{trouble:?}{places:?}{kinds:?}{sessions:?}{ripe:?}{refused:?}{next_return}"
        )
    }
}

fn index(job: &Item) -> usize {
    usize::try_from(job.id).expect("few jobs")
}

fn report(job: u64, outcome: Outcome) -> Report {
    Report {
        job: JobId(job),
        work: JobId(job),
        outcome,
        turn: Duration::ZERO,
        sent: 0,
        received: 0,
        usage: None,
    }
}
