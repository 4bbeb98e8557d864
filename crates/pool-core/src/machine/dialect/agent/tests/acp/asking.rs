//! What an agent asks for, and how a turn is cancelled: it waits for each answer without end.

use super::{ended, json, ready};
use crate::machine::dialect::Found;
use crate::machine::dialect::agent::json::Value;
use crate::message::Outcome;
use crate::spec::Allow;

/// An option's id and its kind.
type Choice<'a> = (&'a str, &'a str);

/// The options as agents list them: ids and order are everybody's own.
const OPTIONS: [&[(&str, &str)]; 5] = [
    &[("proceed_always", "allow_always"), ("proceed_once", "allow_once"), ("cancel", "reject_once")],
    &[
        ("p", "allow_always"),
        ("u", "allow_always"),
        ("proceed_once", "allow_once"),
        ("cancel", "reject_once"),
    ],
    &[("once", "allow_once"), ("always", "allow_always"), ("reject", "reject_once")],
    &[("allow_once", "allow_once"), ("allow_always", "allow_always"), ("reject_once", "reject_once")],
    &[("n", "reject_once"), ("never", "reject_always"), ("y", "allow_once")],
];

fn asks(id: Value, kind: Option<&str>, options: &[(&str, &str)]) -> Value {
    let options: Vec<Value> =
        options.iter().map(|(id, kind)| json!({"optionId": id, "name": id, "kind": kind})).collect();
    let mut message = json!({"method": "session/request_permission", "params": {"sessionId": "s1",
        "toolCall": {"toolCallId": "c", "title": "touch x", "kind": kind}}});
    message["id"] = id;
    message["params"]["options"] = options.into();
    message
}

fn selected(id: &str) -> Value {
    json!({"outcome": {"outcome": "selected", "optionId": id}})
}

fn cancelled() -> Value {
    json!({"outcome": {"outcome": "cancelled"}})
}

#[test]
fn options_are_chosen_by_their_kind() {
    let chosen = [
        ("proceed_once", "cancel"),
        ("proceed_once", "cancel"),
        ("once", "reject"),
        ("allow_once", "reject_once"),
        ("y", "n"),
    ];
    for (options, (yes, no)) in OPTIONS.into_iter().zip(chosen) {
        for (allow, option) in [(Allow::All, yes), (Allow::Read, no)] {
            let mut talk = ready(allow);
            talk.say("hello");
            talk.sent();
            // The first request of an agent has the number 0.
            talk.hears(&[asks(json!(0), Some("execute"), options)]);
            assert_eq!(talk.sent(), [json!({"jsonrpc": "2.0", "id": 0, "result": selected(option)})]);
        }
    }
}

#[test]
fn where_the_option_is_missing_the_next_one_is_taken_and_else_none() {
    let table: [(&[Choice<'_>], Allow, Value); 4] = [
        (&[("always", "allow_always"), ("no", "reject_once")], Allow::All, selected("always")),
        (&[("yes", "allow_once"), ("never", "reject_always")], Allow::Read, selected("never")),
        (&[("yes", "allow_once")], Allow::Read, cancelled()),
        (&[("other", "a_new_kind")], Allow::All, cancelled()),
    ];
    for (options, allow, answer) in table {
        let mut talk = ready(allow);
        talk.say("hello");
        talk.hears(&[asks(json!("a-b"), Some("edit"), options)]);
        let sent = talk.sent().pop().expect("an answer");
        assert_eq!((&sent["id"], &sent["result"]), (&json!("a-b"), &answer), "{options:?}");
    }
}

#[test]
fn what_may_be_done_depends_on_the_kind() {
    let table = [
        (Some("read"), [true, true, true]),
        (Some("search"), [true, true, true]),
        (Some("edit"), [false, true, true]),
        (Some("execute"), [false, false, true]),
        (Some("other"), [false, false, true]),
        (Some("a_new_kind"), [false, false, true]),
        (None, [false, false, true]),
    ];
    for (kind, expected) in table {
        for (allow, yes) in [Allow::Read, Allow::Edits, Allow::All].into_iter().zip(expected) {
            let mut talk = ready(allow);
            let prompt = talk.say("hello");
            talk.hears(&[asks(json!(7), kind, OPTIONS[2])]);
            let sent = talk.sent().pop().expect("an answer");
            assert_eq!(sent["result"], selected(if yes { "once" } else { "reject" }), "{allow:?} {kind:?}");
            let end = talk.ends(&[ended(&prompt, "end_turn")]);
            assert_eq!(end.outcome, if yes { Outcome::Ok } else { Outcome::Denied }, "{allow:?} {kind:?}");
            assert_eq!(end.detail, (!yes).then(|| "touch x".to_owned()));
        }
    }
}

#[test]
fn every_other_request_is_answered_too() {
    let mut talk = ready(Allow::All);
    for method in ["fs/read_text_file", "fs/write_text_file", "terminal/create", "a/new_one"] {
        talk.sent();
        assert_eq!(talk.hears(&[json!({"id": "x", "method": method})]), []);
        let sent = talk.sent().pop().expect("an answer");
        assert_eq!((&sent["id"], &sent["error"]["code"]), (&json!("x"), &json!(-32601)), "{method}");
    }
}

#[test]
fn who_is_asked_answers_one_question_after_the_other() {
    let mut talk = ready(Allow::Ask);
    let prompt = talk.say("hello");
    talk.sent();
    let requests: Vec<Value> = (0..3).map(|id| asks(json!(id), Some("edit"), OPTIONS[2])).collect();
    let question = Found::Question("may it do this: touch x?".into());
    assert_eq!(talk.hears(&requests), std::slice::from_ref(&question));
    assert_eq!(talk.sent(), Vec::<Value>::new());
    for (id, answer, option) in [(0, "yes", "once"), (1, "no", "reject"), (2, "y", "once")] {
        talk.answers(answer);
        assert_eq!(talk.sent(), [json!({"jsonrpc": "2.0", "id": id, "result": selected(option)})]);
        let next = if id < 2 { vec![question.clone()] } else { Vec::new() };
        assert_eq!(talk.hears(&[]), next);
    }
    talk.answers("yes");
    assert_eq!(talk.sent(), Vec::<Value>::new(), "nothing was asked");
    assert_eq!(talk.ends(&[ended(&prompt, "end_turn")]).outcome, Outcome::Ok);
}

#[test]
fn a_cancelled_turn_leaves_no_request_unanswered() {
    let mut talk = ready(Allow::Ask);
    let prompt = talk.say("hello");
    talk.hears(&[asks(json!(0), None, OPTIONS[0]), asks(json!(1), None, OPTIONS[0])]);
    talk.sent();
    talk.interrupts();
    let sent = talk.sent();
    assert_eq!(sent[0], json!({"jsonrpc": "2.0", "id": 0, "result": cancelled()}));
    assert_eq!(sent[1], json!({"jsonrpc": "2.0", "id": 1, "result": cancelled()}));
    assert_eq!(sent[2], json!({"jsonrpc": "2.0", "method": "session/cancel", "params": {"sessionId": "s1"}}));
    // One that was on its way.
    assert_eq!(talk.hears(&[asks(json!(2), None, OPTIONS[0])]), []);
    assert_eq!(talk.sent()[0]["result"], cancelled());
    talk.ends(&[ended(&prompt, "cancelled")]);
    // The next turn asks again.
    talk.say("hello");
    assert_eq!(talk.hears(&[asks(json!(3), None, OPTIONS[0])]).len(), 1);
}

#[test]
fn between_turns_there_is_nothing_to_cancel() {
    let mut talk = ready(Allow::Read);
    talk.sent();
    talk.interrupts();
    assert_eq!(talk.sent(), Vec::<Value>::new());
}

#[test]
fn an_agent_that_asks_without_end_is_answered() {
    let mut talk = ready(Allow::Ask);
    let prompt = talk.say("hello");
    talk.sent();
    let requests: Vec<Value> = (0..1000).map(|id| asks(json!(id), None, OPTIONS[0])).collect();
    assert_eq!(talk.hears(&requests).len(), 1);
    let refused = talk.sent().len();
    assert!(refused > 900, "{refused}");
    assert_eq!(talk.ends(&[ended(&prompt, "end_turn")]).outcome, Outcome::Denied);
}
