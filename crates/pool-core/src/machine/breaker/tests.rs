//! resilience4j's state machine cases as scripts. Its calls to `transitionTo…` become what leads there here.
//!
//! | word | meaning |
//! |---|---|
//! | `p`, `P` | a permit is asked for, and granted; refused |
//! | `ok` `sick` `slow` `both` `skip` | a job ends: well; sick; well but slow; sick and slow; saying nothing |
//! | `give` | a permit comes back unused |
//! | `trip` | sick jobs until it opens |
//! | `+N` | N seconds pass |
//! | `=closed` `=open` `=half` | what it is then |
//! | `>open` `>half` `>closed`, `>-` | the change that is told; none is |

use super::*;
use proptest::prelude::*;

/// Five calls in the window, four probes, open for 5 s, slow above 4 s: the set-up of resilience4j's tests.
const FIVE: BreakerSpec = BreakerSpec {
    failures: 99,
    window: 5,
    min_calls: 5,
    failure_rate: 50,
    slow: Some(Duration::from_secs(4)),
    slow_rate: 50,
    probes: 4,
    open: Duration::from_secs(5),
    open_max: Duration::from_secs(60),
};
const TEN: BreakerSpec = BreakerSpec { window: 10, min_calls: 10, ..FIVE };
const ONE_PROBE: BreakerSpec = BreakerSpec { probes: 1, ..FIVE };
const ROW: BreakerSpec = BreakerSpec { failures: 3, window: 0, probes: 1, slow: None, ..FIVE };
const OFF: BreakerSpec = BreakerSpec { failures: 0, ..FIVE };

#[expect(clippy::disallowed_methods, reason = "a script needs some instant to count from")]
fn run(spec: BreakerSpec, script: &str) {
    let mut now = Instant::now();
    let mut breaker = Breaker::new(spec);
    for (place, word) in script.split_whitespace().enumerate() {
        let here = format!("word {place}, {word:?}");
        if let Some(seconds) = word.strip_prefix('+') {
            now += Duration::from_secs(seconds.parse().expect("seconds"));
        } else if let Some(trust) = word.strip_prefix('=') {
            assert_eq!(name(breaker.trust()), trust, "{here}");
        } else if let Some(told) = word.strip_prefix('>') {
            let change = breaker.poll_change();
            assert_eq!(change.map_or("-", |change| name(change.to)), told, "{here}");
        } else {
            step(&mut breaker, word, now, &here);
        }
    }
}

fn step(breaker: &mut Breaker, word: &str, now: Instant, here: &str) {
    let quick = Duration::from_secs(1);
    match word {
        "p" => assert_eq!(breaker.permit(now), Permit::Granted, "{here}"),
        "P" => assert_ne!(breaker.permit(now), Permit::Granted, "{here}"),
        "ok" => breaker.judge(Outcome::Ok, quick, now),
        "sick" => breaker.judge(Outcome::Crashed, quick, now),
        "slow" => breaker.judge(Outcome::Ok, 5 * quick, now),
        "both" => breaker.judge(Outcome::TimedOut, 5 * quick, now),
        "skip" => breaker.judge(Outcome::Cancelled, quick, now),
        "give" => breaker.release(),
        "trip" => {
            for _ in 0..100 {
                breaker.judge(Outcome::Crashed, quick, now);
            }
            assert_eq!(breaker.trust(), Trust::Open, "{here}");
        }
        other => panic!("no word {other:?}"),
    }
}

const fn name(trust: Trust) -> &'static str {
    match trust {
        Trust::Closed => "closed",
        Trust::Open => "open",
        Trust::HalfOpen => "half",
    }
}

macro_rules! cases {
    ($($name:ident: $spec:expr, $script:expr;)*) => {
        $(#[test] fn $name() { run($spec, $script); })*
    };
}

cases! {
    refuses_while_open: FIVE, "trip P +4 P =open";
    a_released_permit_can_be_taken_again: FIVE, "trip +5 p p p p P P give p P";
    refuses_a_fifth_probe: FIVE, "trip +5 p p p p P =half";
    permits_four_probes_and_four_again_after_reopening:
        FIVE, "trip +5 p p p p P P sick sick sick sick =open +10 p p p p P P";
    opens_when_the_failure_rate_is_reached:
        FIVE, "p sick =closed p sick =closed p sick =closed p ok =closed p ok =open P";
    opens_when_the_rate_of_slow_jobs_is_reached:
        FIVE, "p both =closed p slow =closed p sick =closed p ok =closed p slow =open";
    half_opens_when_its_time_is_up: FIVE, "trip P +3 P =open +2 p =half";
    half_opens_at_the_very_edge: FIVE, "trip +5 p =half";
    stays_open_twice_as_long_the_second_time:
        FIVE, "trip +5 p p p p sick sick sick sick =open +6 P +3 P +1 p =half";
    opens_again_when_too_many_probes_are_sick:
        FIVE, "trip +5 p sick p sick p ok p sick =open";
    opens_again_when_too_many_probes_are_slow:
        FIVE, "trip +5 p slow p slow p slow p ok =open";
    opens_again_exactly_at_the_threshold: FIVE, "trip +5 p sick p ok p sick p ok =open";
    closes_when_few_enough_probes_are_sick:
        FIVE, "trip +5 p sick p ok p ok =half p ok =closed p ok =closed";
    decides_only_when_all_probes_have_reported:
        FIVE, "trip +5 p p p p sick sick sick =half P sick =open";
    probes_may_report_in_any_order: FIVE, "trip +5 p p ok p ok p ok =half sick =closed";
    counts_begin_anew_after_closing:
        FIVE, "trip +5 p sick p ok p ok p ok =closed sick sick sick sick =closed sick =open";
    a_disabled_one_never_opens: OFF, "p ok p sick p sick p sick p sick p sick p both =closed >-";
    an_ignored_probe_gives_its_permit_back:
        FIVE, "trip +5 p ok p ok p ok =half p skip =half p sick =closed";
    ignored_probes_do_not_count:
        FIVE, "trip +5 p skip p skip p skip p skip =half p ok p ok p ok =half p ok =closed";
    a_cancelled_probe_lets_another_in: ONE_PROBE, "trip +5 p P skip p P give p ok =closed";
    never_goes_from_closed_to_half_open: FIVE, "p p p p p p +3600 p =closed >-";
    does_not_close_when_it_is_closed: FIVE, "ok ok ok ok ok ok =closed >-";
    does_not_open_before_the_minimum: FIVE, "sick sick sick sick =closed";
    the_minimum_is_never_above_the_window: BreakerSpec { min_calls: 100, ..FIVE }, "sick sick sick sick sick =open";
    a_lower_minimum_decides_early: BreakerSpec { min_calls: 2, ..FIVE }, "ok =closed sick =open";
    a_success_that_fills_the_minimum_can_open_it: FIVE, "sick sick sick ok ok =open";
    old_jobs_leave_the_window:
        TEN, "ok ok ok ok sick sick sick sick ok ok =closed ok ok ok ok sick =closed";
    old_slow_jobs_leave_the_window:
        TEN, "slow slow slow slow ok ok ok ok ok ok =closed ok ok ok ok slow slow slow slow =closed slow =open";
    sixty_percent_of_ten_open_it: TEN, "ok ok sick sick sick sick sick ok ok =closed sick =open";
    below_the_threshold_it_stays_closed: TEN, "ok ok ok ok ok ok sick sick sick sick =closed";
    a_job_as_long_as_the_limit_is_not_slow:
        BreakerSpec { slow: Some(Duration::from_secs(5)), ..FIVE }, "slow slow slow slow slow =closed";
    without_a_limit_nothing_is_slow: BreakerSpec { slow: None, ..FIVE }, "slow slow slow slow slow =closed";
    a_slow_probe_opens_it_again: ONE_PROBE, "trip +5 p slow =open";
    opening_is_told_once: FIVE, "sick sick sick sick >- sick >open >- sick sick >-";
    half_opening_is_told_once: FIVE, "trip >open +5 p >half p >- p >-";
    closing_is_told_once: ONE_PROBE, "trip >open +5 p >half ok >closed ok >-";
    reopening_is_told_once: ONE_PROBE, "trip >open +5 p >half sick >open sick >- P >-";
    a_refusal_is_no_change: FIVE, "trip >open P P >-";
    late_results_do_not_move_an_open_one: FIVE, "trip >open ok ok ok ok ok ok =open >-";
    results_that_nobody_permitted_are_no_probes: ONE_PROBE, "trip +5 p give ok ok =half p ok =closed";
    three_in_a_row_open_it: ROW, "sick sick =closed sick =open";
    a_success_in_between_starts_the_row_anew: ROW, "sick sick ok sick sick =closed sick =open";
    what_says_nothing_does_not_break_the_row: ROW, "sick skip sick skip =closed sick =open";
    the_time_it_is_open_is_capped:
        BreakerSpec { open_max: Duration::from_secs(12), ..ONE_PROBE },
        "trip +5 p sick +9 P +1 p sick +11 P +1 p sick +11 P +1 p =half";
    one_success_forgets_how_often_it_opened: ONE_PROBE, "trip +5 p sick +10 p ok trip +4 P +1 p =half";
}

#[test]
fn an_error_of_the_tool_is_no_sickness_and_a_limit_says_nothing() {
    let cases = [
        (Outcome::Ok, Some(false)),
        (Outcome::Error, Some(false)),
        (Outcome::Crashed, Some(true)),
        (Outcome::TimedOut, Some(true)),
        (Outcome::Truncated, Some(true)),
        (Outcome::Unframed, Some(true)),
        (Outcome::Limited, None),
        (Outcome::Denied, None),
        (Outcome::ContextFull, None),
        (Outcome::Refused, None),
        (Outcome::Cancelled, None),
        (Outcome::Lost, None),
    ];
    for (outcome, sick) in cases {
        let call = Breaker::new(FIVE).call(outcome, Duration::ZERO);
        assert_eq!(call.map(|call| call.sick), sick, "{outcome}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Ask,
    End(Outcome),
    GiveBack,
    Pass(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let ends = prop_oneof![
        Just(Outcome::Ok),
        Just(Outcome::Crashed),
        Just(Outcome::Cancelled),
        Just(Outcome::Limited)
    ];
    let one = prop_oneof![
        3 => Just(Move::Ask),
        3 => ends.prop_map(Move::End),
        1 => Just(Move::GiveBack),
        2 => (0..90_u64).prop_map(Move::Pass),
    ];
    proptest::collection::vec(one, 0..200)
}

proptest! {
    /// Whatever happens: half-open has no more out than permits, changes follow the arrows, and a time to ask again
    /// lies ahead.
    #[test]
    fn it_keeps_its_promises(moves in moves(), probes in 1..4_u32, failures in 1..4_u32) {
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let mut now = Instant::now();
        let spec = BreakerSpec { failures, probes, ..FIVE };
        let mut breaker = Breaker::new(spec);
        let mut out = 0_u32;
        for step in moves {
            let before = breaker.trust();
            match step {
                Move::Ask => match breaker.permit(now) {
                    Permit::Granted => out += 1,
                    Permit::NotBefore(until) => prop_assert!(until > now && until <= now + spec.open_max),
                    Permit::AllOut => prop_assert_eq!(before, Trust::HalfOpen),
                },
                Move::End(_) | Move::GiveBack if out == 0 => {}
                Move::End(outcome) => {
                    out -= 1;
                    breaker.judge(outcome, Duration::ZERO, now);
                }
                Move::GiveBack => {
                    out -= 1;
                    breaker.release();
                }
                Move::Pass(seconds) => now += Duration::from_secs(seconds),
            }
            if before != Trust::HalfOpen && breaker.trust() == Trust::HalfOpen {
                out = 1;
            }
            if breaker.trust() == Trust::HalfOpen {
                prop_assert!(out <= probes, "{} out of {}", out, probes);
            }
            let change = breaker.poll_change();
            prop_assert_eq!(change.is_some(), before != breaker.trust());
            if let Some(Change { from, to, .. }) = change {
                prop_assert_eq!((from, to), (before, breaker.trust()));
                prop_assert!((from, to) != (Trust::Closed, Trust::HalfOpen));
                prop_assert!((from, to) != (Trust::Open, Trust::Closed));
            }
        }
    }
}
