//! One place in the pool: which life it is in, who holds its credit, and what happens when that life ends.

mod attach;
mod ending;

use super::breaker::{Breaker, Change, Permit, Trust};
use super::hold::{Hold, Limit};
use super::restart::{Cause, Delays};
use crate::message::{Event, Generation, Serial, SlotId, StartStage};
use crate::spec::{Restart, ToolSpec};
use ending::Life;
use std::time::Instant;

/// What a slot is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotState {
    /// Has never been started, or waits for its turn to start.
    Waiting,
    /// Starting; the stage it has reached.
    Starting(Option<StartStage>),
    /// Free: its credit is out.
    Ready(Serial),
    /// Its credit was spent, or it is being reset.
    Working,
    /// Alive, but without our trust until then.
    Open(Instant),
    /// Alive, but its account is held by this.
    Limited(Limit),
    /// Dead; started again then.
    BackingOff(Instant),
    /// Alive, and somebody else's for a while: a person sits at its terminal.
    Attached,
    /// Finishing and going.
    Draining,
    /// Dead for ever, and why.
    Failed(String),
    /// Stopped for ever.
    Gone,
}

/// What the supervisor has to do for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotAction {
    /// Nothing.
    Nothing,
    /// Hand the router a credit of this serial.
    Issue(Serial),
    /// Start the next life.
    Start,
    /// It wants a restart that counts: ask the intensity window, then [`Slot::back_off`], [`Slot::refund`] after it, or
    /// [`Slot::fail`].
    Charge(Cause),
    /// It wants a restart that does not count: [`Slot::back_off`].
    Pause,
    /// It is free, and belongs to who waits for it.
    HandOver,
    /// It will not live again.
    Over,
}

/// What a life is to do when the job at hand has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Take the next one.
    GoOn,
    /// End, because we want it to; the next life starts at once.
    Recycle,
    /// Belong to somebody who waits for its terminal.
    Attach,
}

/// One place in the pool.
#[derive(Debug)]
pub struct Slot {
    state: SlotState,
    generation: Generation,
    serial: Serial,
    breaker: Breaker,
    delays: Delays,
    restart: Restart,
    no_restart_on: Vec<i32>,
    life: Life,
    wish: Wish,
}

impl Slot {
    /// A slot that waits to be started.
    #[must_use]
    pub fn new(spec: &ToolSpec) -> Self {
        Self {
            state: SlotState::Waiting,
            generation: 0,
            serial: 0,
            breaker: Breaker::new(spec.breaker),
            delays: Delays::new(spec.backoff),
            restart: spec.restart,
            no_restart_on: spec.no_restart_on.clone(),
            life: Life::default(),
            wish: Wish::GoOn,
        }
    }

    /// A slot that was stopped for ever is wanted again: its next life starts as if it were the first, but neither its
    /// number nor those of its credits come twice.
    // ## Gone => Waiting
    pub fn renew(&mut self, spec: &ToolSpec) {
        *self = Self { generation: self.generation, serial: self.serial, ..Self::new(spec) };
    }

    /// What it is doing.
    #[must_use]
    pub const fn state(&self) -> &SlotState {
        &self.state
    }

    /// Its life; 0 before the first.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether it is trusted.
    #[must_use]
    pub const fn trust(&self) -> Trust {
        self.breaker.trust()
    }

    /// A change of trust that nobody has been told of.
    pub const fn poll_change(&mut self) -> Option<Change> {
        self.breaker.poll_change()
    }

    /// Whether it holds one of the places of `StartSpec::at_once`.
    #[must_use]
    pub const fn is_starting(&self) -> bool {
        matches!(self.state, SlotState::Starting(_))
    }

    /// Whether it will never work again.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, SlotState::Failed(_) | SlotState::Gone)
    }

    /// Begins the next life and returns its number.
    // ## (Waiting | BackingOff) => Starting
    pub fn start(&mut self, now: Instant) -> Generation {
        self.generation += 1;
        if self.wish == Wish::Recycle {
            self.wish = Wish::GoOn;
        }
        self.life = Life::begun(now);
        self.state = SlotState::Starting(None);
        self.generation
    }

    /// News from the instance. News of an earlier life is ignored. `hold` is that of its account.
    pub fn handle(&mut self, event: &Event, hold: &mut Hold, now: Instant) -> SlotAction {
        match event {
            Event::Started { generation, stage, .. } if *generation == self.generation => {
                self.started(*stage, hold, now)
            }
            Event::Finished { slot, generation, report, idle, .. } if *generation == self.generation => {
                hold.judge(*slot, report.outcome);
                self.breaker.judge(report.outcome, report.turn, now);
                if report.outcome.is_an_answer() {
                    self.delays.worked();
                }
                self.life.worked_on(report);
                if *idle { self.free(hold, now) } else { SlotAction::Nothing }
            }
            Event::Detached { generation, .. } if *generation == self.generation => self.detached(),
            Event::Idle { generation, .. } if *generation == self.generation => self.free(hold, now),
            Event::Revoked { slot, serial, .. } | Event::CreditDropped { slot, serial }
                if self.state == SlotState::Ready(*serial) =>
            {
                hold.gave_back(*slot);
                self.breaker.release();
                self.free(hold, now)
            }
            Event::Exited { slot, generation, exit } if *generation == self.generation => {
                // What became of a job was told before; only a permit that no job used is left.
                hold.gave_back(*slot);
                self.breaker.release();
                self.ended(exit, now)
            }
            _ => SlotAction::Nothing,
        }
    }

    /// When [`Slot::handle_timeout`] is to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            SlotState::Open(until) | SlotState::BackingOff(until) => Some(until),
            _ => None,
        }
    }

    /// The time is at or past [`Slot::poll_timeout`].
    pub fn handle_timeout(&mut self, hold: &Hold, now: Instant) -> SlotAction {
        match self.state {
            SlotState::Open(until) if until <= now => self.free(hold, now),
            SlotState::BackingOff(until) if until <= now => {
                self.state = SlotState::Waiting;
                SlotAction::Start
            }
            _ => SlotAction::Nothing,
        }
    }

    /// The life that runs is to end without blame and be followed by another. True if there is one, and another may
    /// follow; said again before it has ended, it changes nothing.
    pub fn recycle(&mut self) -> bool {
        let may = self.restart != Restart::Temporary
            && matches!(
                self.state,
                SlotState::Starting(_)
                    | SlotState::Ready(_)
                    | SlotState::Working
                    | SlotState::Open(_)
                    | SlotState::Limited(_)
            );
        if may {
            (self.wish, self.state) = (Wish::Recycle, SlotState::Working);
        }
        may
    }

    /// No further life. True if one runs that must be told.
    pub fn drain(&mut self) -> bool {
        match self.state {
            SlotState::Waiting | SlotState::BackingOff(_) => {
                self.state = SlotState::Gone;
                false
            }
            SlotState::Failed(_) | SlotState::Gone => false,
            _ => {
                self.state = SlotState::Draining;
                true
            }
        }
    }

    /// The hold on its account has changed: begun, moved, or ended.
    // ## Limited => (Limited | Ready | Open)
    pub fn held(&mut self, hold: &Hold, now: Instant) -> SlotAction {
        if matches!(self.state, SlotState::Limited(_)) { self.free(hold, now) } else { SlotAction::Nothing }
    }

    /// Its account may try again, through this slot as well as through another: takes the trial if it can.
    // ## Limited => (Ready | Open)
    pub fn try_on(&mut self, slot: SlotId, hold: &mut Hold, now: Instant) -> SlotAction {
        if !matches!(self.state, SlotState::Limited(_)) {
            return SlotAction::Nothing;
        }
        let action = self.trusted(now);
        if matches!(action, SlotAction::Issue(_)) {
            hold.try_on(slot, now);
        }
        action
    }

    fn started(&mut self, stage: StartStage, hold: &Hold, now: Instant) -> SlotAction {
        if !matches!(self.state, SlotState::Starting(_)) {
            return SlotAction::Nothing;
        }
        self.delays.spawned();
        if stage == StartStage::Warm {
            self.life.ready(now);
            return self.free(hold, now);
        }
        self.state = SlotState::Starting(Some(stage));
        SlotAction::Nothing
    }

    /// It could take a job: issue a credit, if it is trusted and wanted.
    // ## (Starting | Working | Open | Limited) => (Ready | Open | Limited)
    fn free(&mut self, hold: &Hold, now: Instant) -> SlotAction {
        if self.wish == Wish::Recycle
            || matches!(self.state, SlotState::Draining | SlotState::Failed(_) | SlotState::Gone)
        {
            return SlotAction::Nothing;
        }
        if self.wish == Wish::Attach {
            return self.hand_over();
        }
        if let Some(limit) = hold.limit() {
            self.state = SlotState::Limited(limit.clone());
            return SlotAction::Nothing;
        }
        self.trusted(now)
    }

    fn trusted(&mut self, now: Instant) -> SlotAction {
        match self.breaker.permit(now) {
            Permit::Granted => {
                self.serial += 1;
                self.state = SlotState::Ready(self.serial);
                SlotAction::Issue(self.serial)
            }
            Permit::NotBefore(until) => {
                self.state = SlotState::Open(until);
                SlotAction::Nothing
            }
            // The end of the probe comes first: a slot has one job at a time.
            Permit::AllOut => SlotAction::Nothing,
        }
    }
}

#[cfg(test)]
mod tests;
