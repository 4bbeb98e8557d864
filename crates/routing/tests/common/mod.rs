//! Jobs and credits without actors, and a pool that behaves.

#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) mod referee;
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) mod world;

use pool_core::message::{Generation, JobId, Needs, Offer, Outcome, Report, Serial, SessionKey, SlotId};
use routing::dispatcher::{Dispatcher, Placement, PushError, Queued, RouterSpec, Token};
use routing::strategy::{JobView, Strategy};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub(crate) struct FakeJob {
    pub(crate) id: u64,
    pub(crate) key: Option<String>,
    pub(crate) session: Option<SessionKey>,
    pub(crate) needs: Needs,
    pub(crate) priority: u8,
    pub(crate) submitted: Instant,
    pub(crate) cancelled: Rc<Cell<bool>>,
    pub(crate) avoids: Option<SlotId>,
}

impl Queued for FakeJob {
    fn view(&self, now: Instant) -> JobView<'_> {
        JobView {
            id: JobId(self.id),
            key: self.key.as_deref(),
            session: self.session.as_ref(),
            needs: &self.needs,
            priority: self.priority,
            attempt: 1,
            waited: now.saturating_duration_since(self.submitted),
        }
    }

    fn submitted(&self) -> Instant {
        self.submitted
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    fn avoids(&self) -> Option<SlotId> {
        self.avoids
    }
}

#[derive(Debug)]
pub(crate) struct FakeCredit {
    pub(crate) slot: SlotId,
    pub(crate) generation: Generation,
    pub(crate) serial: Serial,
    pub(crate) offer: Arc<Offer>,
}

impl Token for FakeCredit {
    fn slot(&self) -> SlotId {
        self.slot
    }

    fn generation(&self) -> Generation {
        self.generation
    }

    fn serial(&self) -> Serial {
        self.serial
    }

    fn offer(&self) -> &Arc<Offer> {
        &self.offer
    }
}

pub(crate) type Placed = Placement<FakeJob, FakeCredit>;

/// A dispatcher, the time, and who came when.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) struct Pool {
    pub(crate) dispatcher: Dispatcher<FakeJob, FakeCredit>,
    pub(crate) now: Instant,
    pub(crate) next_job: u64,
    pub(crate) next_serial: Serial,
}

#[allow(dead_code, reason = "each test file uses its part")]
impl Pool {
    pub(crate) fn empty(strategy: Box<dyn Strategy>, spec: RouterSpec) -> Self {
        let now = tokio::time::Instant::now().into_std();
        Self { dispatcher: Dispatcher::new(strategy, spec), now, next_job: 1, next_serial: 1 }
    }

    /// Slots of these tools, each with a credit of generation 1.
    pub(crate) fn of(strategy: &str, tools: &[&'static str], spec: RouterSpec) -> Self {
        let mut pool = Self::empty(routing::strategy::by_name(strategy).expect("a known strategy"), spec);
        for (slot, tool) in (0..).zip(tools) {
            pool.dispatcher.added(SlotId(slot), &Offer::of(*tool).into(), pool.now);
        }
        for (slot, tool) in (0..).zip(tools) {
            pool.credit(slot, tool, 1);
        }
        pool
    }

    pub(crate) fn bash(slots: usize) -> Self {
        Self::of("least_busy", &vec!["bash"; slots], RouterSpec::default())
    }

    pub(crate) fn credit(&mut self, slot: u32, tool: &str, generation: Generation) -> Serial {
        let serial = self.next_serial;
        self.next_serial += 1;
        let credit = FakeCredit { slot: SlotId(slot), generation, serial, offer: Offer::of(tool).into() };
        self.dispatcher.credit(credit, self.now);
        serial
    }

    pub(crate) fn job(&mut self) -> FakeJob {
        let id = self.next_job;
        self.next_job += 1;
        FakeJob {
            id,
            key: None,
            session: None,
            needs: Needs::Anything,
            priority: 0,
            submitted: self.now,
            cancelled: Rc::default(),
            avoids: None,
        }
    }

    pub(crate) fn push(&mut self, job: FakeJob) -> Result<(), PushError> {
        self.dispatcher.push(job, self.now).map_err(|(_, error)| error)
    }

    /// A plain job; its number.
    pub(crate) fn send(&mut self) -> u64 {
        let job = self.job();
        let id = job.id;
        self.push(job).expect("taken");
        id
    }

    /// A job of a session; its number.
    pub(crate) fn say(&mut self, session: &SessionKey) -> u64 {
        let job = FakeJob { session: Some(session.clone()), ..self.job() };
        let id = job.id;
        self.push(job).expect("taken");
        id
    }

    pub(crate) fn poll(&mut self) -> Option<Placed> {
        self.dispatcher.poll(self.now)
    }

    /// Everything that can be placed, as (job, slot).
    pub(crate) fn drain(&mut self) -> Vec<(u64, u32)> {
        std::iter::from_fn(|| self.poll()).map(|placed| (placed.job.id, placed.decision.slot.0)).collect()
    }

    /// Everything that can no longer run.
    pub(crate) fn refused(&mut self) -> Vec<(u64, PushError)> {
        std::iter::from_fn(|| self.dispatcher.poll_refused()).map(|(job, error)| (job.id, error)).collect()
    }

    /// The job ends; its slot can take the next one.
    pub(crate) fn finish(&mut self, job: u64, slot: u32, millis: u64, tool: &str, generation: Generation) {
        self.dispatcher.finished(SlotId(slot), &report(job, millis), self.now);
        self.credit(slot, tool, generation);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.dispatcher.handle_timeout(self.now);
    }
}

#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn report(job: u64, millis: u64) -> Report {
    Report {
        job: JobId(job),
        work: JobId(job),
        outcome: Outcome::Ok,
        turn: Duration::from_millis(millis),
        sent: 1,
        received: 1,
        usage: None,
    }
}

#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn tool(name: &str) -> Needs {
    Needs::Tool(name.into())
}

#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn named(name: &str) -> SessionKey {
    SessionKey::Named(name.into())
}
