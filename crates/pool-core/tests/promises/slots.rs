//! Three slots of one tool, driven as the supervisor drives them, beside a list of who lives.

mod pool;

use super::window::Log;
use pool::Pool;
use pool_core::machine::restart::{Cause, Verdict};
use pool_core::machine::slot::SlotState;
use pool_core::message::{Generation, Outcome, SlotId};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

const SLOTS: usize = 3;
/// The wait before a next life in milliseconds, always the same.
const PAUSE: u64 = 2000;

/// What a slot's process is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Starting,
    Up,
    /// Lives, and is to be followed by another life at once.
    Recycled,
    /// Lives, and is the last.
    Leaving,
    Down {
        until: u64,
    },
    Over,
}

impl Life {
    const fn is_alive(self) -> bool {
        matches!(self, Self::Starting | Self::Up | Self::Recycled | Self::Leaving)
    }
}

/// The reference. It knows of lives, not of credits: those may only be where there is life.
#[derive(Debug, Clone)]
struct Lives {
    log: Log,
    lives: [(Life, Generation); SLOTS],
}

/// Something happens to a slot. What needs a credit or a job does nothing where there is none.
#[derive(Debug, Clone, Copy)]
enum Step {
    Pass(u64),
    Ready(usize),
    /// The router spends the credit.
    Spend(usize),
    /// The job ends, the life goes on.
    Finish(usize, Outcome),
    /// The job meets a usage limit of the account.
    Limit(usize),
    /// The life ends by itself, with its job if it has one.
    Crash(usize),
    /// The life was ended for its job's sake.
    Stopped(usize),
    /// The supervisor takes the credit back, or the router drops it.
    Revoke(usize),
    Drop(usize),
    Recycle(usize),
    Drain(usize),
    /// The last news of the life before come late.
    Echo(usize),
}

impl Lives {
    const fn begins(&mut self, slot: usize) {
        self.lives[slot] = (Life::Starting, self.lives[slot].1 + 1);
    }

    fn ends(&mut self, slot: usize, by_itself: bool) {
        match self.lives[slot].0 {
            Life::Leaving => self.lives[slot].0 = Life::Over,
            Life::Recycled => self.begins(slot),
            Life::Starting | Life::Up if !by_itself => self.begins(slot),
            life => {
                // No job comes twice here, so that none is ever to blame; which one it was does not matter.
                let cause = if life == Life::Starting { Cause::FailedStart } else { Cause::Ended };
                self.lives[slot].0 = Life::Down { until: self.log.now + PAUSE };
                if self.log.charge(id(slot), cause) == Verdict::GiveUp {
                    (0..SLOTS).for_each(|slot| self.leaves(slot));
                }
            }
        }
    }

    fn leaves(&mut self, slot: usize) {
        let life = &mut self.lives[slot].0;
        *life = if life.is_alive() { Life::Leaving } else { Life::Over };
    }
}

impl ReferenceStateMachine for Lives {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        (2_u32..6).prop_map(|max| Self { log: Log::new(max), lives: [(Life::Starting, 1); SLOTS] }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let outcome =
            prop_oneof![3 => Just(Outcome::Ok), 1 => Just(Outcome::TimedOut), 1 => Just(Outcome::Cancelled)];
        let step = (0..SLOTS, outcome).prop_flat_map(|(slot, outcome)| {
            prop_oneof![
                8 => Just(Step::Ready(slot)),
                8 => Just(Step::Spend(slot)),
                8 => Just(Step::Finish(slot, outcome)),
                2 => Just(Step::Limit(slot)),
                3 => Just(Step::Crash(slot)),
                2 => Just(Step::Stopped(slot)),
                2 => Just(Step::Revoke(slot)),
                1 => Just(Step::Drop(slot)),
                2 => Just(Step::Recycle(slot)),
                1 => Just(Step::Echo(slot)),
            ]
        });
        let time = prop_oneof![0_u64..300, Just(PAUSE), 1000_u64..20_000];
        let drain = (0..SLOTS).prop_map(Step::Drain);
        prop_oneof![40 => step, 12 => time.prop_map(Step::Pass), 1 => drain].boxed()
    }

    fn preconditions(lives: &Self, step: &Step) -> bool {
        let life = |slot: &usize| lives.lives[*slot].0;
        match step {
            Step::Ready(slot) => life(slot) == Life::Starting,
            Step::Crash(slot) => life(slot).is_alive(),
            Step::Stopped(slot) => life(slot).is_alive() && life(slot) != Life::Starting,
            Step::Echo(slot) => life(slot).is_alive() && lives.lives[*slot].1 > 1,
            _ => true,
        }
    }

    fn apply(mut lives: Self, step: &Step) -> Self {
        match *step {
            Step::Pass(time) => {
                lives.log.now += time;
                for slot in 0..SLOTS {
                    if matches!(lives.lives[slot].0, Life::Down { until } if until <= lives.log.now) {
                        lives.begins(slot);
                    }
                }
            }
            Step::Ready(slot) => {
                lives.log.failed_in_a_row = 0;
                lives.lives[slot].0 = Life::Up;
            }
            Step::Crash(slot) => lives.ends(slot, true),
            Step::Stopped(slot) => lives.ends(slot, false),
            Step::Recycle(slot) if matches!(lives.lives[slot].0, Life::Starting | Life::Up) => {
                lives.lives[slot].0 = Life::Recycled;
            }
            Step::Drain(slot) => lives.leaves(slot),
            _ => {}
        }
        lives
    }
}

impl Pool {
    fn never_two_live_generations(&self, lives: &Lives) {
        for (place, (life, generation)) in self.places.iter().zip(lives.lives) {
            let expected = if life.is_alive() { vec![generation] } else { Vec::new() };
            assert_eq!(place.alive, expected, "{life:?}");
        }
    }

    fn never_a_second_credit_nor_one_beside_a_job(&self, lives: &Lives) {
        for (place, (life, _)) in self.places.iter().zip(lives.lives) {
            let worth = place.credits.len() + usize::from(place.job.is_some());
            assert!(worth <= usize::from(life.is_alive()), "{place:?} is {life:?}");
        }
    }

    /// A free slot without a credit says why.
    fn no_credit_is_missing(&self, lives: &Lives) {
        for (place, (life, _)) in self.places.iter().zip(lives.lives) {
            if life == Life::Up && place.job.is_none() && place.credits.is_empty() {
                let state = place.slot.state();
                assert!(matches!(state, SlotState::Open(_) | SlotState::Limited(_)), "{place:?}");
            }
        }
    }

    fn restarts_in_any_window_are_within_the_intensity(&self, lives: &Lives) {
        for from in &self.restarts {
            let inside = self.restarts.iter().filter(|at| (*from..=from + 1000).contains(at)).count();
            assert!(inside <= lives.log.max as usize, "{:?}", self.restarts);
        }
    }
}

impl StateMachineTest for Pool {
    type SystemUnderTest = Self;
    type Reference = Lives;

    fn init_test(lives: &Lives) -> Self {
        Self::new(lives.log.max)
    }

    fn apply(mut pool: Self, lives: &Lives, step: Step) -> Self {
        pool.now = lives.log.now;
        match step {
            Step::Pass(_) => pool.time_is_up(),
            Step::Ready(slot) => pool.ready(slot),
            Step::Spend(slot) => pool.spend(slot),
            Step::Finish(slot, outcome) => pool.finish(slot, outcome, true),
            Step::Limit(slot) => pool.limit(slot),
            Step::Crash(slot) => pool.crash(slot),
            Step::Stopped(slot) => pool.stopped(slot),
            Step::Revoke(slot) => pool.give_back(slot, true),
            Step::Drop(slot) => pool.give_back(slot, false),
            Step::Recycle(slot) => drop(pool.places[slot].slot.recycle()),
            Step::Drain(slot) => drop(pool.places[slot].slot.drain()),
            Step::Echo(slot) => pool.echo(slot),
        }
        pool.mind_the_hold();
        pool
    }

    fn check_invariants(pool: &Self, lives: &Lives) {
        pool.never_two_live_generations(lives);
        pool.never_a_second_credit_nor_one_beside_a_job(lives);
        pool.no_credit_is_missing(lives);
        pool.restarts_in_any_window_are_within_the_intensity(lives);
    }
}

fn id(slot: usize) -> SlotId {
    SlotId(u32::try_from(slot).expect("few slots"))
}

prop_state_machine! {
    #![proptest_config(super::cases())]

    /// Whatever instances do, and whatever is wished of them meanwhile.
    #[test]
    fn the_slots_keep_their_promises(sequential 1..120 => Pool);
}
