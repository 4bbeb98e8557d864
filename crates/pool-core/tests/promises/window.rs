//! The intensity window beside a list of all restarts there ever were.

use pool_core::machine::restart::{Cause, Verdict, Window};
use pool_core::message::{JobId, SlotId};
use pool_core::spec::Intensity;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::time::{Duration, Instant};

/// The window's length in milliseconds.
const WITHIN: u64 = 1000;

/// When, which slot, and in the middle of which job.
type Restart = (u64, SlotId, Option<JobId>);

/// All that was charged and not taken back.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) max: u32,
    pub(crate) now: u64,
    pub(crate) charged: Vec<Restart>,
    pub(crate) failed_in_a_row: u32,
    /// What the last charge must have been answered with.
    verdict: Option<Verdict>,
}

impl Log {
    pub(crate) const fn new(max: u32) -> Self {
        Self { max, now: 0, charged: Vec::new(), failed_in_a_row: 0, verdict: None }
    }

    pub(crate) fn charge(&mut self, slot: SlotId, cause: Cause) -> Verdict {
        let job = if let Cause::Job(job) = cause { Some(job) } else { None };
        let of_the_job = |(_, _, charged): &Restart| job.is_some() && *charged == job;
        let mut others: Vec<_> = self
            .charged
            .iter()
            .filter(|entry| of_the_job(entry) && entry.1 != slot)
            .map(|entry| entry.1)
            .collect();
        if !others.is_empty() {
            self.charged.retain(|entry| !of_the_job(entry));
            others.sort_unstable();
            others.dedup();
            return Verdict::Refund(others);
        }
        self.failed_in_a_row += u32::from(cause == Cause::FailedStart);
        self.charged.push((self.now, slot, job));
        let recent = self.charged.iter().filter(|entry| self.now - entry.0 <= WITHIN).count();
        if recent > self.max as usize || self.failed_in_a_row > self.max {
            Verdict::GiveUp
        } else {
            Verdict::Restart
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Pass(u64),
    Ready,
    Charge(SlotId, Cause),
}

impl ReferenceStateMachine for Log {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        (0_u32..5).prop_map(Self::new).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let cause = prop_oneof![
            Just(Cause::Ended),
            Just(Cause::FailedStart),
            (0_u64..4).prop_map(|job| Cause::Job(JobId(job))),
        ];
        // The edge of the window is met on purpose, and one millisecond to either side.
        let time = prop_oneof![0_u64..500, WITHIN - 1..=WITHIN + 1];
        prop_oneof![
            2 => time.prop_map(Step::Pass),
            1 => Just(Step::Ready),
            4 => (0_u32..3, cause).prop_map(|(slot, cause)| Step::Charge(SlotId(slot), cause)),
        ]
        .boxed()
    }

    fn apply(mut log: Self, step: &Step) -> Self {
        // Nobody is asked again after having given up.
        if log.verdict.replace(Verdict::Restart) == Some(Verdict::GiveUp) {
            log.verdict = Some(Verdict::GiveUp);
            return log;
        }
        match *step {
            Step::Pass(time) => log.now += time,
            Step::Ready => log.failed_in_a_row = 0,
            Step::Charge(slot, cause) => log.verdict = Some(log.charge(slot, cause)),
        }
        log
    }
}

struct Windows {
    start: Instant,
    window: Window,
    /// The restarts that it allowed.
    allowed: Vec<Restart>,
    given_up: bool,
}

impl Windows {
    fn restarts_in_any_window_are_within_the_intensity(&self, max: u32) {
        for (from, ..) in &self.allowed {
            let inside = self.allowed.iter().filter(|(at, ..)| (*from..=from + WITHIN).contains(at)).count();
            assert!(inside <= max as usize, "{inside} restarts from {from} on: {:?}", self.allowed);
        }
    }
}

impl StateMachineTest for Windows {
    type SystemUnderTest = Self;
    type Reference = Log;

    fn init_test(log: &Log) -> Self {
        let within = Duration::from_millis(WITHIN);
        let window = Window::new(Intensity { max: log.max, within });
        Self { start: super::start(), window, allowed: Vec::new(), given_up: false }
    }

    fn apply(mut test: Self, log: &Log, step: Step) -> Self {
        match step {
            Step::Pass(_) => {}
            _ if test.given_up => {}
            Step::Ready => test.window.ready(),
            Step::Charge(slot, cause) => {
                let verdict = test.window.charge(slot, cause, test.start + Duration::from_millis(log.now));
                let job = if let Cause::Job(job) = cause { Some(job) } else { None };
                match &verdict {
                    Verdict::Restart => test.allowed.push((log.now, slot, job)),
                    Verdict::Refund(_) => test.allowed.retain(|entry| entry.2 != job),
                    Verdict::GiveUp => test.given_up = true,
                }
                assert_eq!(Some(verdict), log.verdict);
            }
        }
        test
    }

    fn check_invariants(test: &Self, log: &Log) {
        test.restarts_in_any_window_are_within_the_intensity(log.max);
    }
}

prop_state_machine! {
    #![proptest_config(super::cases())]

    /// Fault 6: what restarts too often is given up, and not a moment before.
    #[test]
    fn the_window_keeps_its_promises(sequential 1..80 => Windows);
}
