//! How a turn turned out, by how its process ended.

use crate::machine::dialect::relay::verdict::judge;
use crate::machine::dialect::relay::wire::End;
use crate::message::{Outcome, Reset};
use crate::spec::OutcomeRule;
use regex::Regex;
use std::time::Duration;

fn rules() -> Vec<OutcomeRule> {
    [(Outcome::Limited, r"(?m)rate limit(?:, again in (?P<reset_s>\d+)s)?"), (Outcome::Ok, "all is well")]
        .map(|(outcome, pattern)| OutcomeRule { outcome, pattern: Regex::new(pattern).expect("a pattern") })
        .into()
}

#[test]
fn an_end_is_worth_what_it_says() {
    use Outcome::{Crashed, Error, Limited, Ok, TimedOut};
    let table = [
        (End::Code(0), "hello", "", Ok, None),
        (End::Code(0), "hello", "warning: old\n", Ok, None),
        // It tried again, and came through.
        (End::Code(0), "hello", "rate limit\n", Ok, None),
        (End::Code(0), "rate limit", "", Limited, Some("rate limit")),
        (End::Code(1), "", "", Error, Some("exit code 1")),
        (End::Code(2), "half", "usage: x\n  no such flag\n\n", Error, Some("no such flag (exit code 2)")),
        (End::Code(1), "", "rate limit\n", Limited, Some("rate limit")),
        (End::Code(1), "all is well", "", Error, Some("exit code 1")),
        (End::Code(124), "", "", TimedOut, Some("exit code 124")),
        (End::Code(137), "", "Killed\n", Crashed, Some("exit code 137, as by signal 9")),
        (End::Code(139), "", "", Crashed, Some("exit code 139, as by signal 11")),
        // The status of a service, cut to a byte: 400.
        (End::Code(144), "", "400 Bad Request", Error, Some("400 Bad Request (exit code 144)")),
        (End::Code(173), "", "", Error, Some("exit code 173")),
        (End::Signal(11), "half", "", Crashed, Some("ended by signal 11")),
        (End::Signal(9), "", "rate limit", Limited, Some("rate limit")),
        (End::OutOfMemory, "", "", Crashed, Some("killed by the system, which was short of memory")),
    ];
    for (end, text, errors, outcome, detail) in table {
        let verdict = judge(&rules(), text, errors.as_bytes(), None, end, None, None);
        assert_eq!(
            (verdict.outcome, verdict.detail.as_deref()),
            (outcome, detail),
            "{end:?} {text:?} {errors:?}"
        );
    }
}

#[test]
fn what_was_told_counts_before_the_code_and_after_the_signal() {
    let told = |end, told: &str| {
        let verdict = judge(&rules(), "", b"a last line", Some(told.into()), end, None, None);
        (verdict.outcome, verdict.detail.unwrap_or_default())
    };
    assert_eq!(told(End::Code(0), "bad\nrequest"), (Outcome::Error, "bad request".into()));
    assert_eq!(told(End::Code(144), "bad request"), (Outcome::Error, "bad request".into()));
    assert_eq!(told(End::Code(1), "rate limit"), (Outcome::Limited, "rate limit".into()));
    assert_eq!(told(End::Signal(6), "bad request"), (Outcome::Crashed, "ended by signal 6".into()));
}

#[test]
fn what_is_missing_and_what_was_denied_are_told_of_a_good_exit_only() {
    let verdict = |end, missing: Option<&str>, denied: Option<&str>| {
        let missing = missing.map(|what| (Outcome::Truncated, what.to_owned()));
        let verdict = judge(&rules(), "", b"", None, end, missing, denied.map(str::to_owned));
        (verdict.outcome, verdict.detail.unwrap_or_default())
    };
    assert_eq!(verdict(End::Code(0), Some("no end"), Some("Bash")), (Outcome::Truncated, "no end".into()));
    assert_eq!(verdict(End::Code(0), None, Some("Bash")), (Outcome::Denied, "Bash".into()));
    assert_eq!(verdict(End::Code(3), Some("no end"), Some("Bash")), (Outcome::Error, "exit code 3".into()));
}

#[test]
fn a_limit_may_say_when_it_is_over() {
    let verdict = judge(&rules(), "", b"rate limit, again in 20s\n", None, End::Code(1), None, None);
    assert_eq!(verdict.reset, Some(Reset::After(Duration::from_secs(20))));
}
