//! The messages of codex's app server.

use super::super::json::{Value, json};
use super::{Talk, agent};
use crate::machine::dialect::{Dialect, Found};
use crate::message::{Outcome, Reset, Step, Usage};
use crate::spec::{Allow, Protocol};

fn ready(allow: Allow) -> Talk {
    let mut spec = agent(Protocol::AppServer, allow);
    spec.settings.insert("sandbox".into(), "read-only".into());
    let mut talk = Talk::begun(spec, None, Vec::new());
    let greeting = json!({"id": 1, "result": {"userAgent": "cluster/0.169.0 (Debian)"}});
    assert_eq!(talk.hears(&[greeting]), []);
    assert_eq!(talk.sent()[2]["params"], json!({"sandbox": "read-only"}));
    assert_eq!(talk.hears(&[json!({"id": 2, "result": {"thread": {"id": "th"}}})]), [Found::Ready]);
    assert_eq!(talk.dialect.version().as_deref(), Some("0.169.0"));
    talk
}

/// The answer to the request for a turn: it is not its end.
fn accepted(request: &Value, turn: &str) -> Value {
    json!({"id": request["id"], "result": {"turn": {"id": turn, "status": "inProgress"}}})
}

fn completed(turn: &str, status: &str, error: Value) -> Value {
    let mut message = json!({"method": "turn/completed", "params": {"threadId": "th", "turn": {"id": turn, "status": status}}});
    message["params"]["turn"]["error"] = error;
    message
}

fn said(text: &str) -> Value {
    json!({"method": "item/completed", "params": {"threadId": "th", "item": {"type": "agentMessage", "text": text}}})
}

fn used(total: [u64; 2], last: [u64; 2]) -> Value {
    let count = |[input, output]: [u64; 2]| json!({"inputTokens": input, "outputTokens": output});
    json!({"method": "thread/tokenUsage/updated",
        "params": {"threadId": "th", "tokenUsage": {"total": count(total), "last": count(last)}}})
}

#[test]
fn only_the_end_of_our_own_turn_is_the_end() {
    let mut talk = ready(Allow::Read);
    let request = talk.say("hello");
    assert_eq!(talk.hears(&[accepted(&request, "t1")]), []);
    assert_eq!(talk.hears(&[completed("t0", "completed", Value::Null)]), [], "somebody else's");
    let piece = |text| json!({"method": "item/agentMessage/delta", "params": {"delta": text}});
    talk.hears(&[piece("Hi "), piece("there")]);
    assert_eq!(talk.dialect.preview(&mut 0), "Hi there");
    let end = talk.ends(&[said("Hi there"), said("Bye"), completed("t1", "completed", Value::Null)]);
    assert_eq!((end.text.as_str(), end.outcome), ("Hi there\n\nBye", Outcome::Ok));
}

#[test]
fn tokens_are_told_for_the_thread() {
    let mut talk = ready(Allow::Read);
    let turns = [
        // A turn that asks the model twice.
        (vec![used([100, 20], [100, 20]), used([250, 50], [150, 30])], [250, 50]),
        (vec![used([350, 70], [100, 20])], [100, 20]),
        (vec![], [0, 0]),
    ];
    for (number, (told, [input, output])) in turns.into_iter().enumerate() {
        let request = talk.say("x");
        let turn = format!("t{number}");
        talk.hears(&[accepted(&request, &turn)]);
        let is_told = !told.is_empty();
        talk.hears(&told);
        let end = talk.ends(&[said("y"), completed(&turn, "completed", Value::Null)]);
        let usage = Usage { input: Some(input), output: Some(output), cost_usd: None };
        assert_eq!(end.usage, is_told.then_some(usage));
    }
}

#[test]
fn a_thread_that_is_taken_up_has_taken_tokens_before() {
    let mut talk = Talk::begun(agent(Protocol::AppServer, Allow::Read), Some("th"), Vec::new());
    talk.hears(&[json!({"id": 1, "result": {}})]);
    assert_eq!(talk.sent()[2]["method"], "thread/resume");
    assert_eq!(talk.hears(&[json!({"id": 2, "result": {"thread": {"id": "th"}}})]), [Found::Ready]);
    assert!(talk.dialect.has_taken_up());
    let request = talk.say("x");
    talk.hears(&[accepted(&request, "t1"), used([1100, 220], [100, 20])]);
    let end = talk.ends(&[said("y"), completed("t1", "completed", Value::Null)]);
    assert_eq!(end.usage.map(|usage| (usage.input, usage.output)), Some((Some(100), Some(20))));
}

#[test]
fn a_thread_that_is_not_there_any_more_is_replaced() {
    let mut talk = Talk::begun(agent(Protocol::AppServer, Allow::Read), Some("old"), Vec::new());
    talk.hears(&[json!({"id": 1, "result": {}})]);
    talk.sent();
    assert_eq!(talk.hears(&[json!({"id": 2, "error": {"code": -32600, "message": "thread not found"}})]), []);
    assert_eq!(talk.sent()[0]["method"], "thread/start");
    assert_eq!(talk.hears(&[json!({"id": 3, "result": {"thread": {"id": "new"}}})]), [Found::Ready]);
    assert!(!talk.dialect.has_taken_up());
}

#[test]
fn failures_are_told_apart() {
    let table = [
        (json!("usageLimitExceeded"), Outcome::Limited),
        (json!({"responseTooManyFailedAttempts": {"httpStatusCode": 429}}), Outcome::Limited),
        (json!({"responseTooManyFailedAttempts": {"httpStatusCode": 500}}), Outcome::Error),
        (json!("contextWindowExceeded"), Outcome::ContextFull),
        (json!("unauthorized"), Outcome::Error),
        (json!("somethingNew"), Outcome::Error),
        (Value::Null, Outcome::Error),
    ];
    for (info, outcome) in table {
        let mut talk = ready(Allow::Read);
        let request = talk.say("x");
        talk.hears(&[accepted(&request, "t1")]);
        let error = json!({"message": "no luck", "codexErrorInfo": info});
        let end = talk.ends(&[completed("t1", "failed", error)]);
        assert_eq!((end.outcome, end.detail.as_deref()), (outcome, Some("no luck")), "{info}");
    }
}

#[test]
fn a_limit_says_when_it_is_over() {
    let mut talk = ready(Allow::Read);
    let request = talk.say("x");
    let limits = json!({"primary": {"usedPercent": 100.0, "resetsAt": 1_795_281_196}, "secondary": {"usedPercent": 20.0, "resetsAt": 1_799_999_999}});
    talk.hears(&[
        accepted(&request, "t1"),
        json!({"method": "account/rateLimits/updated", "params": {"rateLimits": limits}}),
    ]);
    let end = talk.ends(&[completed("t1", "failed", json!({"codexErrorInfo": "usageLimitExceeded"}))]);
    assert_eq!(end.reset, Some(Reset::At("1795281196".into())));
}

#[test]
fn every_request_is_answered_as_the_policy_says() {
    let command = "item/commandExecution/requestApproval";
    let change = "item/fileChange/requestApproval";
    let table = [
        (Allow::Read, command, json!({"decision": "decline"})),
        (Allow::Read, change, json!({"decision": "decline"})),
        (Allow::Edits, change, json!({"decision": "accept"})),
        (Allow::Edits, command, json!({"decision": "decline"})),
        (Allow::All, command, json!({"decision": "accept"})),
        (Allow::All, "execCommandApproval", json!({"decision": "approved"})),
        (Allow::Read, "applyPatchApproval", json!({"decision": "denied"})),
        (Allow::All, "mcpServer/elicitation/request", json!({"action": "decline"})),
    ];
    for (allow, method, expected) in table {
        let mut talk = ready(allow);
        let request = talk.say("go");
        talk.sent();
        // Its own numbers begin with 0, and are not ours.
        talk.hears(&[
            accepted(&request, "t1"),
            json!({"method": method, "id": 0, "params": {"command": "touch x"}}),
        ]);
        let answer = talk.sent().pop().expect("an answer");
        assert_eq!((&answer["id"], &answer["result"]), (&json!(0), &expected), "{allow:?} {method}");
        let is_denied = ["decline", "denied"].iter().any(|word| answer["result"]["decision"] == *word);
        let end = talk.ends(&[completed("t1", "completed", Value::Null)]);
        assert_eq!(end.outcome == Outcome::Denied, is_denied, "{allow:?} {method}");
    }
    let mut talk = ready(Allow::All);
    talk.hears(&[json!({"method": "item/tool/requestUserInput", "id": 7, "params": {}})]);
    assert_eq!(talk.sent().pop().expect("an answer")["error"]["code"], -32601);
}

#[test]
fn an_interrupt_waits_for_the_name_of_the_turn() {
    let mut talk = ready(Allow::Read);
    let request = talk.say("x");
    talk.sent();
    talk.interrupts();
    assert_eq!(talk.sent(), Vec::<Value>::new(), "the turn has no name yet");
    talk.hears(&[accepted(&request, "t1")]);
    let sent = talk.sent();
    assert_eq!(sent[0]["params"], json!({"threadId": "th", "turnId": "t1"}));
    talk.ends(&[completed("t1", "interrupted", Value::Null)]);
}

#[test]
fn a_limit_that_heals_is_shown_and_a_new_thread_is_a_turn() {
    let mut talk = ready(Allow::Read);
    let request = talk.say("x");
    let error = |again| json!({"method": "error", "params": {"error": {"message": "Reconnecting", "additionalDetails": "429"}, "willRetry": again}});
    let found = talk.hears(&[accepted(&request, "t1"), error(true), error(false)]);
    assert_eq!(found, [Found::Throttled("Reconnecting: 429".into())]);
    talk.ends(&[said("y"), completed("t1", "completed", Value::Null)]);
    let request = talk.says(Step::Command("/new".into()));
    let end = talk.ends(&[json!({"id": request["id"], "result": {"thread": {"id": "th2"}}})]);
    assert_eq!((end.text.as_str(), end.outcome), ("", Outcome::Ok));
    assert_eq!(talk.dialect.thread().map(AsRef::as_ref), Some("th2"));
    let other = Step::Command("/model x".into());
    assert!(talk.dialect.begin(other, false, &mut Vec::new(), talk.now).is_err());
}
