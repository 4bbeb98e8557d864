//! The breaker beside a list of all calls since it was last trusted.

use pool_core::machine::breaker::{Breaker, Permit, Trust};
use pool_core::message::Outcome;
use pool_core::spec::BreakerSpec;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::time::{Duration, Instant};

const SLOW: Duration = Duration::from_secs(4);

/// What one job told of its instance.
#[derive(Debug, Clone, Copy)]
struct Call {
    sick: bool,
    slow: bool,
}

#[derive(Debug, Clone)]
enum State {
    Closed(Vec<Call>),
    Open { until: u64 },
    HalfOpen { out: u32, calls: Vec<Call> },
}

/// The reference; times in seconds.
#[derive(Debug, Clone)]
struct History {
    spec: BreakerSpec,
    now: u64,
    state: State,
    opened: u32,
    /// What the last request for a permit must have been answered with.
    granted: bool,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Pass(u64),
    Ask,
    End(Outcome, bool),
    GiveBack,
}

impl History {
    const fn trust(&self) -> Trust {
        match self.state {
            State::Closed(_) => Trust::Closed,
            State::Open { .. } => Trust::Open,
            State::HalfOpen { .. } => Trust::HalfOpen,
        }
    }

    /// Whether so many of these are sick or slow that no trust is left; the share decides at its very edge.
    fn is_too_much(&self, calls: &[Call]) -> bool {
        let reaches = |count: usize, percent: u8| count * 100 >= usize::from(percent) * calls.len();
        let sick = calls.iter().filter(|call| call.sick).count();
        let slow = calls.iter().filter(|call| call.slow).count();
        reaches(sick, self.spec.failure_rate) || reaches(slow, self.spec.slow_rate)
    }

    fn ask(&mut self) {
        self.granted = match &mut self.state {
            State::Closed(_) => true,
            State::Open { until } if self.now < *until => false,
            State::Open { .. } => {
                self.state = State::HalfOpen { out: 1, calls: Vec::new() };
                true
            }
            State::HalfOpen { out, calls } => {
                let is_room = (*out as usize) + calls.len() < self.spec.probes as usize;
                *out += u32::from(is_room);
                is_room
            }
        };
    }

    fn end(&mut self, call: Call) {
        match self.state.clone() {
            State::Closed(mut calls) => {
                calls.push(call);
                let in_a_row = calls.iter().rev().take_while(|call| call.sick).count();
                let window = &calls[calls.len().saturating_sub(self.spec.window as usize)..];
                let enough = window.len() >= self.spec.min_calls.min(self.spec.window) as usize;
                if in_a_row >= self.spec.failures as usize || (enough && self.is_too_much(window)) {
                    self.open();
                } else {
                    self.state = State::Closed(calls);
                }
            }
            State::HalfOpen { out, mut calls } if out > 0 => {
                calls.push(call);
                if calls.len() < self.spec.probes as usize {
                    self.state = State::HalfOpen { out: out - 1, calls };
                } else if self.is_too_much(&calls) {
                    self.open();
                } else {
                    (self.opened, self.state) = (0, State::Closed(Vec::new()));
                }
            }
            State::HalfOpen { .. } | State::Open { .. } => {}
        }
    }

    fn open(&mut self) {
        let time = (self.spec.open.as_secs() << self.opened).min(self.spec.open_max.as_secs());
        self.opened += 1;
        self.state = State::Open { until: self.now + time };
    }

    const fn give_back(&mut self) {
        if let State::HalfOpen { out, .. } = &mut self.state {
            *out = out.saturating_sub(1);
        }
    }
}

impl ReferenceStateMachine for History {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        (1_u32..4, 1_u32..5, 1_u32..8, 1_u32..6)
            .prop_map(|(probes, failures, window, min_calls)| {
                let (open, open_max) = (Duration::from_secs(5), Duration::from_secs(30));
                let slow = Some(SLOW);
                let (failure_rate, slow_rate) = (50, 60);
                let spec = BreakerSpec {
                    failures,
                    window,
                    min_calls,
                    failure_rate,
                    slow,
                    slow_rate,
                    probes,
                    open,
                    open_max,
                };
                Self { spec, now: 0, state: State::Closed(Vec::new()), opened: 0, granted: false }
            })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let outcome = prop_oneof![
            3 => Just(Outcome::Ok),
            3 => Just(Outcome::Crashed),
            1 => Just(Outcome::Cancelled),
            1 => Just(Outcome::Limited),
        ];
        prop_oneof![
            2 => (0_u64..12).prop_map(Step::Pass),
            5 => Just(Step::Ask),
            5 => (outcome, prop::bool::weighted(0.3)).prop_map(|(outcome, slow)| Step::End(outcome, slow)),
            1 => Just(Step::GiveBack),
        ]
        .boxed()
    }

    fn apply(mut history: Self, step: &Step) -> Self {
        match *step {
            Step::Pass(time) => history.now += time,
            Step::Ask => history.ask(),
            Step::End(Outcome::Cancelled | Outcome::Limited, _) | Step::GiveBack => history.give_back(),
            Step::End(outcome, slow) => history.end(Call { sick: outcome == Outcome::Crashed, slow }),
        }
        history
    }
}

struct Breakers {
    start: Instant,
    breaker: Breaker,
    /// Permits that are out since it has been half-open, and those whose jobs have told something.
    out: u32,
    told: u32,
}

impl Breakers {
    fn half_open_lets_no_more_out_than_its_permits(&self, probes: u32) {
        if self.breaker.trust() == Trust::HalfOpen {
            assert!(self.out + self.told <= probes, "{} out and {} back, of {probes}", self.out, self.told);
        }
    }

    fn ask(&mut self, now: Instant) -> bool {
        let before = self.breaker.trust();
        let permit = self.breaker.permit(now);
        if before != Trust::HalfOpen {
            (self.out, self.told) = (0, 0);
        }
        self.out += u32::from(permit == Permit::Granted);
        if let Permit::NotBefore(until) = permit {
            assert!(until > now, "a time to ask again lies ahead");
        }
        permit == Permit::Granted
    }
}

impl StateMachineTest for Breakers {
    type SystemUnderTest = Self;
    type Reference = History;

    fn init_test(history: &History) -> Self {
        Self { start: super::start(), breaker: Breaker::new(history.spec), out: 0, told: 0 }
    }

    fn apply(mut test: Self, history: &History, step: Step) -> Self {
        let now = test.start + Duration::from_secs(history.now);
        let before = test.breaker.trust();
        match step {
            Step::Pass(_) => {}
            Step::Ask => assert_eq!(test.ask(now), history.granted),
            Step::GiveBack => {
                test.breaker.release();
                test.out = test.out.saturating_sub(1);
            }
            Step::End(outcome, slow) => {
                let turn = if slow { 2 * SLOW } else { Duration::ZERO };
                test.breaker.judge(outcome, turn, now);
                let tells = matches!(outcome, Outcome::Ok | Outcome::Crashed);
                test.told += u32::from(tells && test.out > 0);
                test.out = test.out.saturating_sub(1);
            }
        }
        let change = test.breaker.poll_change().map(|change| (change.from, change.to));
        let after = test.breaker.trust();
        assert_eq!(change, (before != after).then_some((before, after)), "each change is told, once");
        test
    }

    fn check_invariants(test: &Self, history: &History) {
        assert_eq!(test.breaker.trust(), history.trust());
        test.half_open_lets_no_more_out_than_its_permits(history.spec.probes);
    }
}

prop_state_machine! {
    #![proptest_config(super::cases())]

    /// Whatever jobs come to, it trusts and mistrusts as the list of them says.
    #[test]
    fn the_breaker_keeps_its_promises(sequential 1..100 => Breakers);
}
