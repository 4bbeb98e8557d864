//! Tasks at a service.

use super::{Talk, end, words};
use crate::machine::dialect::relay::remote::RemoteDialect;
use crate::machine::dialect::relay::wire::{End, Request};
use crate::machine::dialect::{Dialect, Found};
use crate::message::{CompletedBy, Outcome};
use crate::spec::{Cancel, OutcomeRule, PromptBy, RemoteSpec, RemoteState, ToolSpec, TurnRule, TurnSpec};
use regex::Regex;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn how() -> RemoteSpec {
    let words = |words: &str| words.split(' ').map(str::to_owned).collect();
    let state = |state, word: &str| (state, format!(r"^ *{{id}} .* {word}$"));
    RemoteSpec {
        prompt: PromptBy::Stdin,
        submit: words("new --repo ."),
        poll: words("list"),
        pull: words("pull --session {id}"),
        cancel: None,
        id: Regex::new(r"ID: (?P<id>\S+)").expect("a pattern"),
        states: vec![
            state(RemoteState::Working, "(Planning|In Progress)"),
            state(RemoteState::Waiting, "Awaiting.*"),
            state(RemoteState::Done, "Completed"),
            state(RemoteState::Failed, "Failed"),
        ],
        every: 10 * SECOND,
        every_max: 30 * SECOND,
    }
}

fn talk(how: &RemoteSpec) -> Talk<RemoteDialect> {
    let mut turn = TurnSpec::new(TurnRule::Remote(Box::new(how.clone())));
    let pattern = Regex::new("quota").expect("a pattern");
    turn.outcomes = vec![OutcomeRule { outcome: Outcome::Limited, pattern }];
    let mut spec = ToolSpec::new("t", vec!["jules".into()], turn);
    spec.cancel = Cancel::Message;
    spec.validate().expect("a specification");
    Talk::begun(RemoteDialect::new(Arc::new(spec), how, 1))
}

fn list(state: &str) -> String {
    format!(
        "   ID   Description  Repo  Status\n  122  other  o/r  Completed\n  123  mine  o/r  {state}\n  1234 x y Failed\n"
    )
}

/// A task that has been submitted, with nothing asked for.
fn submitted(how: &RemoteSpec) -> Talk<RemoteDialect> {
    let mut talk = talk(how);
    talk.says("fix it");
    assert!(talk.prints("Session is created.\nID: 123\n").is_empty());
    talk.asked.clear();
    talk
}

/// The pause until the next look, which then prints `text`.
fn looks(talk: &mut Talk<RemoteDialect>, text: &str) -> (u64, Vec<Found>) {
    let pause = talk.dialect.deadline().expect("a pause") - talk.now;
    assert!(talk.waits(pause - SECOND / 10).is_empty() && talk.asked.is_empty(), "not before its time");
    assert!(talk.waits(SECOND / 10).is_empty());
    assert_eq!(words(&talk.run()), "jules list");
    (pause.as_secs(), talk.prints(text))
}

#[test]
fn a_task_is_submitted_asked_after_and_fetched() {
    let mut talk = talk(&how());
    talk.says("fix it");
    let run = talk.run();
    assert_eq!((words(&run).as_str(), run.input.as_str()), ("jules new --repo .", "fix it"));
    assert_eq!(talk.dialect.task(), None);
    assert!(talk.prints("Session is created.\nID: 123\nURL: x\n").is_empty());
    assert_eq!(talk.dialect.task().map(|id| &**id), Some("123"), "known at once");
    assert_eq!(looks(&mut talk, &list("Planning")), (10, vec![]));
    assert_eq!(looks(&mut talk, &list("In Progress")), (10, vec![]));
    assert!(looks(&mut talk, &list("Completed")).1.is_empty());
    assert_eq!(words(&talk.run()), "jules pull --session 123");
    let end = end(talk.prints("diff --git a b\n+1\n"));
    assert_eq!((end.text.as_str(), end.outcome), ("diff --git a b\n+1", Outcome::Ok));
    assert_eq!(
        (end.completed_by, end.evidence.as_str()),
        (CompletedBy::Protocol, "task 123: 123  mine  o/r  Completed")
    );
    assert_eq!((talk.dialect.task(), talk.dialect.deadline()), (None, None));
}

#[test]
fn looks_come_less_often_up_to_a_bound_and_anew_with_a_new_state() {
    let mut talk = submitted(&how());
    let pauses: Vec<u64> = (0..6).map(|_| looks(&mut talk, &list("Planning")).0).collect();
    assert_eq!(pauses, [10, 10, 15, 22, 30, 30]);
    assert_eq!(
        looks(&mut talk, &list("Awaiting User F")).1,
        [Found::Question("123  mine  o/r  Awaiting User F".into())]
    );
    assert!(talk.dialect.still_holds());
    assert_eq!(looks(&mut talk, &list("In Progress")), (10, vec![]));
    assert!(!talk.dialect.still_holds());
    assert_eq!(looks(&mut talk, &list("In Progress")).0, 10);
}

#[test]
fn a_known_task_is_asked_after_and_not_submitted_again() {
    let mut talk = talk(&how());
    talk.dialect.take_up_task("123".into());
    talk.says("fix it");
    assert_eq!(words(&talk.run()), "jules list");
    assert_eq!(talk.dialect.task().map(|id| &**id), Some("123"));
    talk.prints(&list("Completed"));
    talk.run();
    assert_eq!(end(talk.prints("done")).text, "done");
    talk.says("another");
    assert_eq!(words(&talk.run()), "jules new --repo .", "that was about one task");
}

#[test]
fn what_could_be_an_option_is_not_taken_up() {
    let mut talk = talk(&how());
    talk.dialect.take_up_task("--all".into());
    talk.says("fix it");
    assert_eq!(words(&talk.run()), "jules new --repo .");
}

#[test]
fn failures_have_names() {
    type Play = fn(&mut Talk<RemoteDialect>) -> Vec<Found>;
    let table: [(Play, Outcome, &str); 6] = [
        (|talk| talk.prints("hello\n"), Outcome::Error, "nothing that was printed is its id"),
        (
            |talk| talk.ends("", "Error: No --repo flag\n", End::Code(1)),
            Outcome::Error,
            "Error: No --repo flag (exit code 1)",
        ),
        (|talk| talk.ends("", "quota exceeded\n", End::Code(1)), Outcome::Limited, "quota exceeded"),
        (|talk| talk.prints("ID: --all\n"), Outcome::Error, "nothing that was printed is its id"),
        (
            |talk| {
                talk.prints("ID: 123\n");
                talk.asked.clear();
                looks(talk, &list("Failed")).1
            },
            Outcome::Error,
            "123  mine  o/r  Failed",
        ),
        (
            |talk| {
                talk.prints("ID: 123\n");
                talk.asked.clear();
                looks(talk, &list("Completed"));
                talk.ends("", "HTTP 400: expired\n", End::Code(1))
            },
            Outcome::Error,
            "HTTP 400: expired (exit code 1)",
        ),
    ];
    for (play, outcome, detail) in table {
        let mut talk = talk(&how());
        talk.says("fix it");
        talk.asked.clear();
        let end = end(play(&mut talk));
        assert_eq!(end.outcome, outcome);
        assert!(end.detail.as_ref().is_some_and(|it| it.contains(detail)), "{end:?}");
    }
}

#[test]
fn a_look_that_fails_is_taken_again_a_few_times() {
    let mut talk = submitted(&how());
    let failing = |talk: &mut Talk<RemoteDialect>| {
        let pause = talk.dialect.deadline().expect("a pause") - talk.now;
        talk.waits(pause);
        talk.asked.clear();
        talk.ends("", "no network\n", End::Code(1))
    };
    for round in 0..2 {
        for _ in 1..RemoteSpec::TRIES {
            assert_eq!(failing(&mut talk), [Found::Throttled("no network (exit code 1)".into())]);
            assert!(talk.dialect.still_holds());
        }
        if round == 0 {
            assert!(
                looks(&mut talk, &list("Planning")).1.is_empty(),
                "seen in between: the count begins anew"
            );
        }
    }
    let end = end(failing(&mut talk));
    assert_eq!((end.outcome, end.detail.as_deref()), (Outcome::Error, Some("no network (exit code 1)")));
}

#[test]
fn a_list_without_the_task_is_a_failed_look() {
    let mut talk = submitted(&how());
    let found = looks(&mut talk, "  1234  longer  o/r  Completed\n  0123 x y Completed\n").1;
    assert_eq!(found, [Found::Throttled("its state is not in what `poll` prints".into())]);
}

#[test]
fn a_turn_that_nobody_wants_any_more_is_taken_back_over_there_where_that_can_be() {
    for cancel in [None, Some(vec!["stop".into(), "{id}".into()])] {
        // In a pause.
        let mut talk = submitted(&RemoteSpec { cancel: cancel.clone(), ..how() });
        talk.calls(|dialect, out, now| dialect.interrupted(out, now));
        assert_eq!(talk.dialect.deadline(), Some(talk.now));
        let mut found = talk.polls();
        if cancel.is_some() {
            assert_eq!(words(&talk.run()), "jules stop 123");
            found = talk.prints("stopped");
        }
        assert!(matches!(found[..], [Found::End(_)]), "{found:?}");
        // While a process is at work.
        let mut talk = submitted(&RemoteSpec { cancel: cancel.clone(), ..how() });
        talk.waits(10 * SECOND);
        talk.asked.clear();
        talk.calls(|dialect, out, now| dialect.interrupted(out, now));
        assert_eq!(talk.asked.pop(), Some(Request::Cancel));
        let mut found = talk.ends("", "", End::Signal(9));
        if cancel.is_some() {
            assert_eq!(words(&talk.run()), "jules stop 123");
            found = talk.ends("", "no such task", End::Code(1));
        }
        assert!(matches!(found[..], [Found::End(_)]), "{found:?}");
        talk.says("the next");
        assert_eq!(words(&talk.run()), "jules new --repo .");
    }
}

#[test]
fn nothing_is_taken_back_that_was_never_submitted() {
    let mut talk = talk(&RemoteSpec { cancel: Some(vec!["stop".into(), "{id}".into()]), ..how() });
    talk.says("fix it");
    talk.asked.clear();
    talk.calls(|dialect, out, now| dialect.interrupted(out, now));
    assert_eq!(talk.asked.pop(), Some(Request::Cancel));
    assert!(matches!(talk.ends("", "", End::Signal(9))[..], [Found::End(_)]));
    assert!(talk.asked.is_empty());
}

#[test]
fn after_our_own_stop_the_next_look_is_due_at_once() {
    let mut talk = submitted(&how());
    talk.now += SECOND;
    talk.dialect.resumed(talk.now);
    assert_eq!(talk.dialect.deadline(), Some(talk.now));
}

#[test]
fn specifications_that_make_no_sense_are_refused() {
    let refused = |how: RemoteSpec| {
        let spec = ToolSpec::new("t", vec!["t".into()], TurnSpec::new(TurnRule::Remote(Box::new(how))));
        spec.validate().expect_err("no sense").to_string()
    };
    let table = [
        (RemoteSpec { poll: Vec::new(), ..how() }, "turn.remote.poll: is empty"),
        (
            RemoteSpec { states: vec![(RemoteState::Failed, "x".into())], ..how() },
            "turn.remote.done: is missing",
        ),
        (
            RemoteSpec { states: vec![(RemoteState::Done, "({id}".into())], ..how() },
            "is no regular expression",
        ),
        (RemoteSpec { every: 60 * SECOND, ..how() }, "at most `every_max`"),
        (RemoteSpec { prompt: PromptBy::File, ..how() }, "no argument is {file}"),
    ];
    for (how, expected) in table {
        let said = refused(how);
        assert!(said.contains(expected), "{said}");
    }
}
