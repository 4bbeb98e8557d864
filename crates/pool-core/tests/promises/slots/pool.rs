//! The supervisor without its actor: asks the machines, and does what they say.

use super::{PAUSE, SLOTS, id};
use pool_core::machine::hold::{Hold, HoldAction};
use pool_core::machine::restart::{Verdict, Window};
use pool_core::machine::slot::{Slot, SlotAction, SlotState};
use pool_core::message::{Event, ExitReport, Generation, JobId, Outcome, Report, Serial, StartStage};
use pool_core::spec::{Backoff, BreakerSpec, HoldSpec, Intensity, ToolSpec, TurnRule, TurnSpec};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Place {
    pub(super) slot: Slot,
    /// The lives that have begun and not ended.
    pub(super) alive: Vec<Generation>,
    /// The credits that are out.
    pub(super) credits: Vec<Serial>,
    pub(super) job: Option<JobId>,
    /// What the life before said last.
    last_words: Vec<Event>,
}

pub(super) struct Pool {
    start: Instant,
    /// Milliseconds since then.
    pub(super) now: u64,
    pub(super) places: Vec<Place>,
    window: Window,
    hold: Hold,
    jobs: u64,
    /// When restarts were allowed.
    pub(super) restarts: Vec<u64>,
}

impl Pool {
    /// All slots start.
    pub(super) fn new(max: u32) -> Self {
        let mut spec = ToolSpec::new("tool", vec!["tool".into()], TurnSpec::new(TurnRule::Lines));
        let pause = Duration::from_millis(PAUSE);
        spec.backoff = Backoff { min: pause, max: pause, jitter: 0.0, ..Backoff::default() };
        let (open, open_max) = (Duration::from_secs(3), Duration::from_secs(12));
        spec.breaker = BreakerSpec { failures: 2, open, open_max, ..BreakerSpec::default() };
        let place = |_| Place {
            slot: Slot::new(&spec),
            alive: Vec::new(),
            credits: Vec::new(),
            job: None,
            last_words: Vec::new(),
        };
        let mut pool = Self {
            start: super::super::start(),
            now: 0,
            places: (0..SLOTS).map(place).collect(),
            window: Window::new(Intensity { max, within: Duration::from_secs(1) }),
            hold: Hold::default(),
            jobs: 0,
            restarts: Vec::new(),
        };
        (0..SLOTS).for_each(|slot| pool.begin(slot));
        pool
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }

    fn begin(&mut self, slot: usize) {
        let now = self.instant();
        let place = &mut self.places[slot];
        let generation = place.slot.start(now);
        place.alive.push(generation);
    }

    fn hear(&mut self, slot: usize, event: &Event) {
        let now = self.instant();
        let action = self.places[slot].slot.handle(event, &mut self.hold, now);
        self.act(slot, action);
    }

    fn act(&mut self, slot: usize, action: SlotAction) {
        let now = self.instant();
        match action {
            SlotAction::Nothing | SlotAction::HandOver | SlotAction::Over => {}
            SlotAction::Issue(serial) => self.places[slot].credits.push(serial),
            SlotAction::Start => self.begin(slot),
            SlotAction::Pause => self.places[slot].slot.back_off(0.5, now),
            SlotAction::Charge(cause) => match self.window.charge(id(slot), cause, now) {
                Verdict::Restart => {
                    self.restarts.push(self.now);
                    self.places[slot].slot.back_off(0.5, now);
                }
                Verdict::GiveUp => {
                    let rest = self.places.iter_mut().filter(|place| !place.slot.is_over());
                    rest.for_each(|place| place.slot.fail("too often".into()));
                }
                Verdict::Refund(others) => panic!("no job came twice, but it brought down {others:?}"),
            },
        }
    }

    pub(super) fn time_is_up(&mut self) {
        let now = self.instant();
        for slot in 0..SLOTS {
            if self.places[slot].slot.poll_timeout().is_some_and(|due| due <= now) {
                let action = self.places[slot].slot.handle_timeout(&self.hold, now);
                self.act(slot, action);
            }
        }
    }

    pub(super) fn ready(&mut self, slot: usize) {
        self.window.ready();
        let (generation, stage, after) = (self.living(slot), StartStage::Warm, Duration::ZERO);
        self.hear(slot, &Event::Started { slot: id(slot), generation, stage, pid: None, after });
    }

    pub(super) fn spend(&mut self, slot: usize) {
        if self.places[slot].credits.pop().is_some() {
            self.jobs += 1;
            self.places[slot].job = Some(JobId(self.jobs));
        }
    }

    pub(super) fn finish(&mut self, slot: usize, outcome: Outcome, idle: bool) {
        let Some(job) = self.places[slot].job.take() else { return };
        let (generation, turn) = (self.living(slot), Duration::ZERO);
        let report = Report { job, work: job, outcome, turn, sent: 0, received: 0, usage: None };
        self.hear(slot, &Event::Finished { slot: id(slot), generation, report, idle, limit: None });
    }

    pub(super) fn limit(&mut self, slot: usize) {
        if self.places[slot].job.is_some() {
            let spec = HoldSpec { min: Duration::from_secs(4), max: Duration::from_secs(8), jitter: 0.0 };
            self.hold.limited(id(slot), &"limit".into(), None, &spec, 0.0, self.instant());
            self.finish(slot, Outcome::Limited, true);
        }
    }

    pub(super) fn crash(&mut self, slot: usize) {
        self.finish(slot, Outcome::Crashed, false);
        self.exit(slot, ExitReport::Signalled(9));
    }

    pub(super) fn stopped(&mut self, slot: usize) {
        self.finish(slot, Outcome::TimedOut, false);
        self.exit(slot, ExitReport::Stopped);
    }

    fn exit(&mut self, slot: usize, exit: ExitReport) {
        let generation = self.living(slot);
        let place = &mut self.places[slot];
        place.alive.retain(|life| *life != generation);
        let last: Vec<_> = place.credits.drain(..).collect();
        let exited = Event::Exited { slot: id(slot), generation, exit };
        let revoked = last.into_iter().map(|serial| Event::Revoked { slot: id(slot), generation, serial });
        let mut words: Vec<_> = revoked.chain([Event::Idle { slot: id(slot), generation }]).collect();
        self.hear(slot, &exited);
        words.push(exited);
        self.places[slot].last_words = words;
    }

    pub(super) fn give_back(&mut self, slot: usize, is_revoked: bool) {
        let generation = self.places[slot].slot.generation();
        if let Some(serial) = self.places[slot].credits.pop() {
            let slot_id = id(slot);
            let revoked = Event::Revoked { slot: slot_id, generation, serial };
            let dropped = Event::CreditDropped { slot: slot_id, serial };
            self.hear(slot, if is_revoked { &revoked } else { &dropped });
        }
    }

    pub(super) fn echo(&mut self, slot: usize) {
        let words = std::mem::take(&mut self.places[slot].last_words);
        words.iter().for_each(|event| self.hear(slot, event));
        self.places[slot].last_words = words;
    }

    pub(super) fn mind_the_hold(&mut self) {
        let action = self.hold.poll_action();
        self.do_for_hold(action);
        let waits = |place: &Place| matches!(place.slot.state(), SlotState::Limited(_));
        self.hold.handle_timeout(self.places.iter().any(waits), self.instant());
        let action = self.hold.poll_action();
        self.do_for_hold(action);
        let now = self.instant();
        for turn in 1..=SLOTS {
            let slot = (self.hold.last().index() + turn) % SLOTS;
            if self.hold.is_due() {
                let action = self.places[slot].slot.try_on(id(slot), &mut self.hold, now);
                self.act(slot, action);
            }
        }
    }

    fn do_for_hold(&mut self, action: Option<HoldAction>) {
        let revoked: Vec<usize> = match action {
            None => return,
            Some(HoldAction::Pass(slot)) => return self.give_back(slot.index(), true),
            Some(HoldAction::Revoke) => (0..SLOTS).collect(),
            Some(HoldAction::Release) => Vec::new(),
        };
        revoked.into_iter().for_each(|slot| self.give_back(slot, true));
        let now = self.instant();
        for slot in 0..SLOTS {
            let action = self.places[slot].slot.held(&self.hold, now);
            self.act(slot, action);
        }
    }

    fn living(&self, slot: usize) -> Generation {
        *self.places[slot].alive.last().expect("a life")
    }
}
