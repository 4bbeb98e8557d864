//! A pool that misbehaves at random, and a referee that knows the rules but not how they are kept.

use super::{FakeJob, Pool, named, report};
use pool_core::message::{Generation, Needs, Offer, Serial, SessionKey, SlotId};
use proptest::prelude::{any, prop, prop_oneof};
use routing::dispatcher::RouterSpec;
use routing::strategy::Strategy;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// What runs in the slots, in turn.
const TOOLS: [&str; 2] = ["bash", "bc"];

/// What every other slot is able to do, whatever its tool.
const EVEN: &str = "even";

/// Something happens. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Push {
        session: Option<u8>,
        needs: u8,
        priority: u8,
    },
    Cancel(u16),
    Ready(u8),
    Finish {
        slot: u8,
        millis: u16,
        ready: bool,
    },
    Return(u8),
    /// The job on a slot meets a usage limit, which holds all slots of the tool: the job waits for the tool, or goes on
    /// with any.
    Limit {
        slot: u8,
        waits: bool,
    },
    Revoke(u8),
    Crash(u8),
    Remove(u8),
    Add(u8),
    Close(u8),
    Pass(u16),
}

pub(crate) fn ops() -> impl proptest::strategy::Strategy<Value = Vec<Op>> {
    use proptest::strategy::Strategy as _;
    let op = prop_oneof![
        8 => (prop::option::weighted(0.4, 0_u8..6), 0_u8..6, 0_u8..3)
            .prop_map(|(session, needs, priority)| Op::Push { session, needs, priority }),
        2 => any::<u16>().prop_map(Op::Cancel),
        8 => any::<u8>().prop_map(Op::Ready),
        6 => (any::<u8>(), 0_u16..50, any::<bool>())
            .prop_map(|(slot, millis, ready)| Op::Finish { slot, millis, ready }),
        1 => any::<u8>().prop_map(Op::Return),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(slot, waits)| Op::Limit { slot, waits }),
        1 => any::<u8>().prop_map(Op::Revoke),
        2 => any::<u8>().prop_map(Op::Crash),
        1 => any::<u8>().prop_map(Op::Remove),
        1 => any::<u8>().prop_map(Op::Add),
        1 => (0_u8..6).prop_map(Op::Close),
        1 => (0_u16..1200).prop_map(Op::Pass),
    ];
    prop::collection::vec(op, 1..120)
}

/// What a slot is doing.
#[derive(Debug)]
pub(crate) enum Doing {
    Down,
    Ready(Serial),
    Working(Work),
    Removed,
}

/// A job on a slot, and how to undo it.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) job: FakeJob,
    pub(crate) heard_before: Vec<SessionKey>,
    pub(crate) talk_before: Option<Talk>,
}

/// Where a conversation is. In generation 0, which never lives, once it is gone.
pub(crate) type Talk = (SlotId, Generation);

#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) offer: Arc<Offer>,
    pub(crate) generation: Generation,
    pub(crate) doing: Doing,
    pub(crate) busy: Duration,
    /// Whose words the tool still remembers.
    pub(crate) heard: Vec<SessionKey>,
    /// A session was closed while its job was on the way: whether this life has heard it is not known.
    pub(crate) doubtful: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Waits,
    Placed,
    Cancelled,
    Refused,
}

/// A job, what became of it, and when it came: counted up, or down from 0 if it came back.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) job: FakeJob,
    pub(crate) fate: Fate,
    pub(crate) arrival: i64,
}

/// The pool, and what is known of it from outside.
pub(crate) struct World {
    pub(crate) pool: Pool,
    pub(crate) places: Vec<Place>,
    pub(crate) cases: BTreeMap<u64, Case>,
    pub(crate) rejected: u64,
    pub(crate) returns: i64,
    pub(crate) talks: HashMap<SessionKey, Talk>,
    /// Time has passed, so any idle session may have been ended.
    pub(crate) timed: bool,
}

impl World {
    pub(crate) fn new(strategy: Box<dyn Strategy>, slots: usize) -> Self {
        let spec = RouterSpec { queue: 12, ..RouterSpec::default() };
        let mut world = Self {
            pool: Pool::empty(strategy, spec),
            places: Vec::new(),
            cases: BTreeMap::new(),
            rejected: 0,
            returns: 0,
            talks: HashMap::new(),
            timed: false,
        };
        for slot in 0..slots {
            let doing = Doing::Removed;
            world.places.push(Place {
                offer: offer(slot),
                generation: 1,
                doing,
                busy: Duration::ZERO,
                heard: Vec::new(),
                doubtful: false,
            });
            world.add(slot);
        }
        world
    }

    /// Four names, and two slots.
    pub(crate) fn session(&self, session: u8) -> SessionKey {
        match session {
            0..4 => named(&format!("session {session}")),
            slot => SessionKey::Slot(id(slot as usize % self.places.len())),
        }
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        let at = |slot: u8| slot as usize % self.places.len();
        match *op {
            Op::Push { session, needs, priority } => self.push(session, needs, priority),
            Op::Cancel(job) => self.cancel(job),
            Op::Ready(slot) => self.ready(at(slot)),
            Op::Finish { slot, millis, ready } => self.finish(at(slot), millis, ready),
            Op::Return(slot) => self.give_back(at(slot)),
            Op::Limit { slot, waits } => self.limit(at(slot), waits),
            Op::Revoke(slot) => self.revoke(at(slot)),
            Op::Crash(slot) => self.crash(at(slot), Doing::Down),
            Op::Remove(slot) => self.crash(at(slot), Doing::Removed),
            Op::Add(slot) => self.add(at(slot)),
            Op::Close(session) => {
                let key = self.session(session);
                self.pool.dispatcher.close_session(&key, self.pool.now);
                self.talks.remove(&key);
                for place in &mut self.places {
                    if let Doing::Working(work) = &mut place.doing
                        && work.job.session.as_ref() == Some(&key)
                    {
                        work.talk_before = None;
                        place.doubtful = true;
                    }
                }
            }
            Op::Pass(seconds) => {
                self.timed = true;
                self.pool.pass(Duration::from_secs(seconds.into()));
            }
        }
    }

    fn push(&mut self, session: Option<u8>, needs: u8, priority: u8) {
        let session = session.map(|session| self.session(session));
        // A session's jobs leave the tool open: whether it fits is tried elsewhere.
        let needs = match needs {
            _ if session.is_some() => Needs::Anything,
            0 | 1 => Needs::Tool(TOOLS[needs as usize].into()),
            2 => Needs::Capability(EVEN.into()),
            _ => Needs::Anything,
        };
        let key = Some(format!("key {}", self.pool.next_job % 5));
        let job = FakeJob { key, session, needs, priority, ..self.pool.job() };
        let arrival = i64::try_from(job.id).expect("few jobs");
        match self.pool.push(job.clone()) {
            Ok(()) => drop(self.cases.insert(job.id, Case { job, fate: Fate::Waits, arrival })),
            Err(_) => self.rejected += 1,
        }
    }

    fn cancel(&mut self, job: u16) {
        let mut waiting: Vec<_> = self.cases.values_mut().filter(|case| case.fate == Fate::Waits).collect();
        if !waiting.is_empty() {
            let job = job as usize % waiting.len();
            waiting[job].job.cancelled.set(true);
            waiting[job].fate = Fate::Cancelled;
        }
    }

    fn ready(&mut self, slot: usize) {
        let place = &mut self.places[slot];
        if matches!(place.doing, Doing::Down) {
            place.doing = Doing::Ready(self.pool.next_serial);
            self.pool.credit(id(slot).0, &place.offer.tool, place.generation);
        }
    }

    fn finish(&mut self, slot: usize, millis: u16, ready: bool) {
        let Some(work) = self.take_work(slot) else { return };
        self.places[slot].busy += Duration::from_millis(millis.into());
        let report = report(work.job.id, millis.into());
        self.pool.dispatcher.finished(id(slot), &report, self.pool.now);
        if ready {
            self.ready(slot);
        }
    }

    fn give_back(&mut self, slot: usize) {
        let Some(work) = self.take_work(slot) else { return };
        self.returns -= 1;
        let case = self.cases.get_mut(&work.job.id).expect("a known job");
        (case.fate, case.arrival) = (Fate::Waits, self.returns);
        self.places[slot].heard = work.heard_before;
        let here = (id(slot), self.places[slot].generation);
        if let Some(key) = &work.job.session
            // Closed meanwhile, it may have begun anew elsewhere.
            && self.talks.get(key) == Some(&here)
        {
            match work.talk_before {
                Some(talk) => self.talks.insert(key.clone(), talk),
                None => self.talks.remove(key),
            };
        }
        self.pool.dispatcher.returned(work.job, self.pool.now);
    }

    fn limit(&mut self, slot: usize, waits: bool) {
        let Some(Work { mut job, .. }) = self.take_work(slot) else { return };
        let tool = self.places[slot].offer.tool.clone();
        self.pool.dispatcher.finished(id(slot), &report(job.id, 0), self.pool.now);
        for other in 0..self.places.len() {
            if self.places[other].offer.tool == tool {
                self.revoke(other);
            }
        }
        if waits && job.session.is_none() {
            job.needs = Needs::Tool(tool);
        }
        self.returns -= 1;
        let case = Case { job: job.clone(), fate: Fate::Waits, arrival: self.returns };
        self.cases.insert(job.id, case);
        self.pool.dispatcher.returned(job, self.pool.now);
    }

    fn take_work(&mut self, slot: usize) -> Option<Work> {
        match std::mem::replace(&mut self.places[slot].doing, Doing::Down) {
            Doing::Working(work) => Some(work),
            other => {
                self.places[slot].doing = other;
                None
            }
        }
    }

    fn revoke(&mut self, slot: usize) {
        if let Doing::Ready(serial) = self.places[slot].doing {
            self.places[slot].doing = Doing::Down;
            self.pool.dispatcher.revoked(id(slot), serial);
        }
    }

    /// The life ends; its job, if any, is lost with it.
    fn crash(&mut self, slot: usize, doing: Doing) {
        let place = &mut self.places[slot];
        if matches!(place.doing, Doing::Removed) {
            return;
        }
        let for_ever = matches!(doing, Doing::Removed);
        for talk in self.talks.values_mut().filter(|talk| talk.0 == id(slot)) {
            talk.1 = 0;
        }
        self.pool.dispatcher.gone(id(slot), place.generation, for_ever, self.pool.now);
        place.heard.clear();
        place.doubtful = false;
        place.generation += 1;
        place.doing = doing;
    }

    fn add(&mut self, slot: usize) {
        let place = &mut self.places[slot];
        if matches!(place.doing, Doing::Removed) {
            (place.doing, place.generation) = (Doing::Down, 1);
            self.pool.dispatcher.added(id(slot), &place.offer, self.pool.now);
        }
    }
}

fn offer(slot: usize) -> Arc<Offer> {
    let capabilities = if slot.is_multiple_of(2) { vec![EVEN.into()] } else { Vec::new() };
    Arc::new(Offer { tool: TOOLS[slot % 3 % 2].into(), capabilities })
}

pub(crate) fn id(slot: usize) -> SlotId {
    SlotId(u32::try_from(slot).expect("few slots"))
}
