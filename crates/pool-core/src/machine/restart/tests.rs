#![expect(clippy::disallowed_methods, reason = "a table needs some instant to count from")]

use super::*;
use crate::spec::{ToolSpec, TurnRule, TurnSpec};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn window(max: u32) -> Window {
    Window::new(Intensity { max, within: SECOND })
}

#[test]
fn the_window_has_an_inclusive_edge() {
    let start = Instant::now();
    for (times, last) in [
        (vec![0, 10, 20], Verdict::GiveUp),
        (vec![0, 10], Verdict::Restart),
        (vec![0, 10, 1000], Verdict::GiveUp),
        (vec![0, 10, 1001], Verdict::Restart),
        (vec![0, 500, 1001, 1400], Verdict::GiveUp),
    ] {
        let mut window = window(2);
        let at = |ms| start + Duration::from_millis(ms);
        let verdicts: Vec<_> =
            times.iter().map(|ms| window.charge(SlotId(0), Cause::Ended, at(*ms))).collect();
        assert_eq!(verdicts.last(), Some(&last), "{times:?}");
    }
}

#[test]
fn no_restart_is_one_too_many_when_none_is_allowed() {
    assert_eq!(window(0).charge(SlotId(0), Cause::Ended, Instant::now()), Verdict::GiveUp);
}

#[test]
fn slow_failures_in_a_row_are_too_many_too() {
    let start = Instant::now();
    let mut window = window(2);
    let mut charge =
        |minute: u64| window.charge(SlotId(0), Cause::FailedStart, start + Duration::from_secs(60 * minute));
    assert_eq!([1, 2, 3].map(&mut charge), [Verdict::Restart, Verdict::Restart, Verdict::GiveUp]);
    window.ready();
    let hour = start + Duration::from_secs(3600);
    assert_eq!(window.charge(SlotId(0), Cause::FailedStart, hour), Verdict::Restart);
}

/// Fault 85: a poison job.
#[test]
fn a_job_that_crashes_two_slots_is_to_blame_and_not_they() {
    let now = Instant::now();
    let (job, other) = (Cause::Job(JobId(7)), Cause::Job(JobId(8)));
    let mut window = window(2);
    assert_eq!(window.charge(SlotId(0), job, now), Verdict::Restart);
    assert_eq!(window.charge(SlotId(1), other, now), Verdict::Restart);
    assert_eq!(window.charge(SlotId(2), job, now), Verdict::Refund(vec![SlotId(0)]));
    assert_eq!(window.charge(SlotId(0), Cause::Ended, now), Verdict::Restart, "one of two was taken back");
    assert_eq!(
        window.charge(SlotId(0), Cause::Ended, now),
        Verdict::GiveUp,
        "the other job's is still there"
    );
}

#[test]
fn a_job_that_crashes_the_same_slot_again_is_charged_again() {
    let now = Instant::now();
    let mut window = window(1);
    assert_eq!(window.charge(SlotId(0), Cause::Job(JobId(7)), now), Verdict::Restart);
    assert_eq!(window.charge(SlotId(0), Cause::Job(JobId(7)), now), Verdict::GiveUp);
}

#[test]
fn a_crash_is_remembered_for_longer_than_it_counts() {
    let start = Instant::now();
    let hour = start + Duration::from_secs(3600);
    let mut window = window(1);
    assert_eq!(window.charge(SlotId(0), Cause::Job(JobId(7)), start), Verdict::Restart);
    assert_eq!(
        window.charge(SlotId(1), Cause::Ended, hour),
        Verdict::Restart,
        "the first has left the window"
    );
    let verdict = window.charge(SlotId(2), Cause::Job(JobId(7)), hour);
    assert_eq!(verdict, Verdict::Refund(vec![SlotId(0)]));
}

#[test]
fn what_is_remembered_is_bounded() {
    let start = Instant::now();
    let mut window = window(u32::MAX);
    for job in 0..10_000 {
        let at = start + 2 * SECOND * u32::try_from(job).unwrap();
        window.charge(SlotId(0), Cause::Job(JobId(job)), at);
    }
    assert_eq!(window.restarts.len(), REMEMBERED);
}

#[test]
fn delays_follow_the_formula() {
    let mut delays = Delays::new(Backoff { jitter: 0.0, ..Backoff::default() });
    let seen: Vec<_> = (0..10).map(|_| (delays.next(0.0).as_secs_f64() * 10.0).round() / 10.0).collect();
    assert_eq!(seen, [0.5, 0.9, 1.7, 3.0, 5.5, 10.0, 18.1, 33.0, 60.0, 60.0]);
    delays.worked();
    assert_eq!(delays.next(0.5), Duration::from_millis(500));
    delays.refund();
    assert_eq!(delays.next(0.5), Duration::from_millis(500), "the one before was taken back");
}

#[test]
fn jitter_stays_within_its_share() {
    let backoff = Backoff { jitter: 0.2, ..Backoff::default() };
    for (dice, ms) in [(0.0, 400), (0.5, 500), (1.0, 600)] {
        assert_eq!(backoff.delay(0, dice).as_millis(), ms);
    }
}

/// Fault 54: the program is being written; at most five quick tries.
#[test]
fn quick_tries_are_few_and_short() {
    let mut delays = Delays::new(Backoff::default());
    let quick: Vec<_> = std::iter::from_fn(|| delays.next_quick()).map(|delay| delay.as_millis()).collect();
    assert_eq!(quick, [10, 20, 40, 80, 100]);
    delays.spawned();
    assert!(delays.next_quick().is_some());
}

/// OTP's sup_start_map_faulty_specs, as far as the types let faults through at all.
#[test]
fn a_limit_that_can_never_trip_is_refused() {
    let seconds = Duration::from_secs;
    let backoff = Backoff { min: seconds(1), max: seconds(1), steps: 0, jitter: 0.0, ..Backoff::default() };
    let jitter = |jitter| Backoff { jitter, ..backoff };
    let growing = Backoff { max: seconds(4), steps: 2, ..backoff };
    let table = [
        // Of six ends, five are waited for.
        (5, 5, backoff, true),
        (6, 5, backoff, false),
        // With luck each wait is only 0.8 s.
        (6, 5, jitter(0.2), true),
        (7, 5, jitter(0.2), false),
        (1000, 5, jitter(1.0), true),
        // 1 + 2 + 4 + 4
        (4, 11, growing, true),
        (4, 10, growing, false),
        (0, 0, backoff, true),
        (u32::MAX, 3600, backoff, false),
        (u32::MAX, 3600, Backoff { min: Duration::ZERO, max: Duration::ZERO, ..backoff }, true),
    ];
    for (max, within, backoff, fine) in table {
        let rule = TurnRule::Lines;
        let mut spec = ToolSpec::new("t", vec!["t".into()], TurnSpec::new(rule));
        (spec.intensity, spec.backoff) = (Intensity { max, within: seconds(within) }, backoff);
        let verdict = spec.validate();
        assert_eq!(verdict.is_ok(), fine, "{max} in {within} s, {backoff:?}: {verdict:?}");
        if let Err(error) = verdict {
            assert_eq!(error.field, "intensity");
        }
    }
    for (backoff, field) in [
        (Backoff { max: seconds(0), ..backoff }, "backoff.max"),
        (Backoff { max: Duration::MAX, ..backoff }, "backoff.max"),
        (Backoff { steps: 1001, ..backoff }, "backoff.steps"),
        (Backoff { jitter: f64::NAN, ..backoff }, "backoff.jitter"),
        (Backoff { jitter: -0.1, ..backoff }, "backoff.jitter"),
    ] {
        let mut spec = ToolSpec::new("t", vec!["t".into()], TurnSpec::new(TurnRule::Lines));
        spec.backoff = backoff;
        assert_eq!(spec.validate().unwrap_err().field, field);
    }
}

fn causes() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::Ended),
        Just(Cause::FailedStart),
        (0_u64..4).prop_map(|job| Cause::Job(JobId(job))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Restarts that were charged and not taken back: never more than `max` in any window. Nobody is refunded for
    /// what he was not charged.
    #[test]
    fn restarts_in_any_window_are_within_the_intensity(
        max in 0_u32..6,
        events in prop::collection::vec((0_u64..700, 0_u32..3, causes(), any::<bool>()), 0..60),
    ) {
        let start = Instant::now();
        let (mut window, mut now) = (window(max), start);
        let mut charged: Vec<(Instant, SlotId, Cause)> = Vec::new();
        for (pause, slot, cause, ready) in events {
            now += Duration::from_millis(pause);
            let slot = SlotId(slot);
            if ready {
                window.ready();
            }
            match window.charge(slot, cause, now) {
                Verdict::GiveUp => break,
                Verdict::Restart => charged.push((now, slot, cause)),
                Verdict::Refund(others) => {
                    let expected = |other: &SlotId| charged.iter().any(|(_, slot, job)| slot == other && *job == cause);
                    prop_assert!(!others.is_empty() && others.iter().all(expected) && !others.contains(&slot));
                    charged.retain(|(_, _, job)| *job != cause);
                }
            }
            let recent = charged.iter().filter(|(at, ..)| now - *at <= SECOND).count();
            prop_assert!(recent <= max as usize);
        }
    }

    /// The delay is the formula's, spread by no more than the jitter; whatever the numbers are, nothing panics.
    #[test]
    fn delays_stay_within_their_bounds(
        min in 0_u64..100_000, more in 0_u64..100_000_000, steps in 0_u32..=1000, restart: u32,
        jitter in 0.0..=1.0_f64, dice in 0.0..1.0_f64,
    ) {
        let (min, max) = (Duration::from_millis(min), Duration::from_millis(min + more));
        let backoff = Backoff { min, max, steps, jitter, ..Backoff::default() };
        let (plain, delay) = (backoff.delay(restart, 0.5).as_secs_f64(), backoff.delay(restart, dice).as_secs_f64());
        let tiny = 1e-6 * (1.0 + plain);
        prop_assert!(plain >= min.as_secs_f64() - tiny && plain <= max.as_secs_f64() + tiny);
        prop_assert!((delay - plain).abs() <= plain * jitter + tiny);
    }
}
