//! The hold of an account beside four words.

use pool_core::machine::hold::{Hold, HoldAction};
use pool_core::message::{Outcome, SlotId};
use pool_core::spec::HoldSpec;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::time::{Duration, Instant};

// In seconds: the first hold where the tool names no time, the longest, and how much later another end must be to count.
const MIN: u64 = 60;
const MAX: u64 = 3600;
const SLACK: u64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Held { until: u64 },
    Due,
    Trial(SlotId),
}

/// The reference; times in seconds.
#[derive(Debug, Clone)]
struct Account {
    now: u64,
    state: State,
    until: u64,
    in_a_row: u32,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Pass(u64),
    Limited(SlotId, Option<u64>),
    End(SlotId, Outcome),
    GiveBack(SlotId),
    Try(SlotId),
}

impl Account {
    fn limited(&mut self, slot: SlotId, reset: Option<u64>) {
        match self.state {
            State::Free => self.in_a_row = 0,
            State::Trial(on_trial) if on_trial == slot => self.in_a_row += 1,
            State::Trial(_) => return,
            State::Held { .. } | State::Due => {
                let is_later = reset.is_some_and(|reset| self.now + reset > self.until + SLACK);
                if !is_later {
                    return;
                }
            }
        }
        let factor = 1 << self.in_a_row.min(16);
        let length = reset.map_or((MIN * factor).min(MAX), |reset| (reset * factor).min(MAX.max(reset)));
        self.until = self.now + length;
        self.state = State::Held { until: self.until };
    }

    fn end(&mut self, slot: SlotId, outcome: Outcome) {
        if self.state == State::Trial(slot) {
            self.state = if outcome == Outcome::Ok { State::Free } else { State::Due };
        }
    }
}

impl ReferenceStateMachine for Account {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self { now: 0, state: State::Free, until: 0, in_a_row: 0 }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let slot = || (0_u32..3).prop_map(SlotId);
        let outcome =
            prop_oneof![2 => Just(Outcome::Ok), 1 => Just(Outcome::Crashed), 1 => Just(Outcome::Cancelled)];
        prop_oneof![
            3 => prop_oneof![0_u64..10, 50_u64..200, 1000_u64..4000].prop_map(Step::Pass),
            3 => (slot(), prop::option::of(1_u64..200)).prop_map(|(slot, reset)| Step::Limited(slot, reset)),
            2 => (slot(), outcome).prop_map(|(slot, outcome)| Step::End(slot, outcome)),
            1 => slot().prop_map(Step::GiveBack),
            4 => slot().prop_map(Step::Try),
        ]
        .boxed()
    }

    fn apply(mut account: Self, step: &Step) -> Self {
        match *step {
            Step::Pass(time) => {
                account.now += time;
                if matches!(account.state, State::Held { until } if until <= account.now) {
                    account.state = State::Due;
                }
            }
            Step::Limited(slot, reset) => account.limited(slot, reset),
            Step::End(slot, outcome) => account.end(slot, outcome),
            Step::GiveBack(slot) => account.end(slot, Outcome::Lost),
            Step::Try(slot) if account.state == State::Due => account.state = State::Trial(slot),
            Step::Try(_) => {}
        }
        account
    }
}

struct Holds {
    start: Instant,
    hold: Hold,
    /// Who got a trial and has not come back.
    on_trial: Vec<SlotId>,
}

impl Holds {
    fn one_slot_tries_at_a_time(&self) {
        assert!(self.on_trial.len() <= 1, "{:?} try at the same time", self.on_trial);
    }
}

impl StateMachineTest for Holds {
    type SystemUnderTest = Self;
    type Reference = Account;

    fn init_test(_: &Account) -> Self {
        Self { start: super::start(), hold: Hold::default(), on_trial: Vec::new() }
    }

    fn apply(mut test: Self, account: &Account, step: Step) -> Self {
        let now = test.start + Duration::from_secs(account.now);
        let back = match step {
            Step::Pass(_) => None,
            Step::Limited(slot, reset) => {
                let (min, max) = (Duration::from_secs(MIN), Duration::from_secs(MAX));
                let spec = HoldSpec { min, max, jitter: 0.0 };
                test.hold.limited(slot, &"limit".into(), reset.map(Duration::from_secs), &spec, 0.0, now);
                Some(slot)
            }
            Step::End(slot, outcome) => {
                test.hold.judge(slot, outcome);
                Some(slot)
            }
            Step::GiveBack(slot) => {
                test.hold.gave_back(slot);
                Some(slot)
            }
            Step::Try(slot) => {
                test.on_trial.extend(test.hold.try_on(slot, now).then_some(slot));
                None
            }
        };
        test.on_trial.retain(|slot| Some(*slot) != back);
        if let Some(HoldAction::Release) = test.hold.poll_action() {
            assert_eq!(account.state, State::Free);
        }
        test.hold.handle_timeout(false, now);
        assert_eq!(test.hold.poll_action(), None, "nobody else waits");
        test
    }

    fn check_invariants(test: &Self, account: &Account) {
        test.one_slot_tries_at_a_time();
        assert_eq!(test.hold.limit().is_none(), account.state == State::Free);
        assert_eq!(test.hold.is_due(), account.state == State::Due);
        let on_trial = matches!(account.state, State::Trial(_));
        assert_eq!(test.on_trial.len(), usize::from(on_trial), "{:?}", test.on_trial);
        if let State::Held { until } = account.state {
            assert_eq!(test.hold.poll_timeout(), Some(test.start + Duration::from_secs(until)));
        }
    }
}

prop_state_machine! {
    #![proptest_config(super::cases())]

    /// Whoever meets a limit when, and however the trials end.
    #[test]
    fn the_hold_keeps_its_promises(sequential 1..80 => Holds);
}
