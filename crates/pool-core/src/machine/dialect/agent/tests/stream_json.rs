//! Claude's messages.

use super::super::json::{Value, json};
use super::{Talk, agent, rule};
use crate::machine::dialect::{Dialect, Found};
use crate::message::{Outcome, Reset, Step};
use crate::spec::{Allow, OutcomeRule, Protocol};

fn ready(allow: Allow, outcomes: Vec<OutcomeRule>) -> Talk {
    let mut talk = Talk::begun(agent(Protocol::StreamJson, allow), None, outcomes);
    let greeting = json!({"response": {"subtype": "success", "request_id": "initialize",
        "response": {"claude_code_version": "2.1"}}, "type": "control_response"});
    assert_eq!(talk.hears(&[greeting]), [Found::Ready]);
    assert_eq!(talk.dialect.version().as_deref(), Some("2.1"));
    talk.sent();
    talk
}

fn said(text: &str) -> Value {
    json!({"message": {"content": [{"type": "text", "text": text}]}, "parent_tool_use_id": null, "type": "assistant"})
}

fn result(text: &str, cost: f64) -> Value {
    json!({"is_error": false, "result": text, "total_cost_usd": cost, "permission_denials": [], "subtype": "success",
        "usage": {"input_tokens": 90, "cache_read_input_tokens": 10, "output_tokens": 20}, "type": "result"})
}

fn wants(tool: &str) -> Value {
    json!({"type": "control_request", "request_id": "r1",
        "request": {"subtype": "can_use_tool", "tool_name": tool, "input": {"command": "touch x"}}})
}

#[test]
fn a_turn_is_what_it_says_and_ends_by_its_result() {
    let mut talk = ready(Allow::Read, Vec::new());
    talk.say("hello");
    assert_eq!(talk.hears(&[said("I look."), said("Done.")]), []);
    assert_eq!(talk.dialect.preview(&mut 0), "I look.\n\nDone.");
    let end = talk.ends(&[result("Done.", 0.25)]);
    assert_eq!((end.text.as_str(), end.outcome), ("I look.\n\nDone.", Outcome::Ok));
    let usage = end.usage.expect("it tells");
    assert_eq!((usage.input, usage.output, usage.cost_usd), (Some(100), Some(20), Some(0.25)));
}

#[test]
fn a_count_that_cannot_be_is_no_panic() {
    let mut talk = ready(Allow::Read, Vec::new());
    talk.say("hello");
    let mut result = result("y", 0.5);
    result["usage"]["input_tokens"] = u64::MAX.into();
    assert_eq!(talk.ends(&[result]).usage.and_then(|usage| usage.input), Some(u64::MAX));
}

#[test]
fn what_it_costs_is_told_for_all_turns_together() {
    let mut talk = ready(Allow::Read, Vec::new());
    let costs = [(0.25, 0.25), (0.75, 0.5), (0.125, 0.125)].map(|(total, expected)| {
        talk.say("x");
        let cost = talk.ends(&[said("y"), result("y", total)]).usage.and_then(|usage| usage.cost_usd);
        (cost, expected)
    });
    assert_eq!(costs.map(|(cost, _)| cost), costs.map(|(_, expected)| Some(expected)));
}

#[test]
fn a_result_that_nobody_has_asked_for_ends_nothing() {
    let mut talk = ready(Allow::Read, Vec::new());
    assert_eq!(talk.hears(&[said("by the way"), result("by the way", 0.1)]), []);
    talk.say("hello");
    assert_eq!(talk.ends(&[said("hi"), result("hi", 0.2)]).text, "hi");
}

#[test]
fn a_helpers_words_are_not_the_reply() {
    let mut talk = ready(Allow::Read, Vec::new());
    talk.say("hello");
    let mut helper = said("I am a helper");
    helper["parent_tool_use_id"] = "toolu_1".into();
    assert_eq!(talk.ends(&[helper, said("hi"), result("hi", 0.0)]).text, "hi");
}

#[test]
fn text_is_never_a_command() {
    let mut talk = ready(Allow::Read, Vec::new());
    let content = |message: Value| message["message"]["content"][0]["text"].clone();
    assert_eq!(content(talk.say("/clear")), " /clear");
    talk.hears(&[result("", 0.0)]);
    assert_eq!(content(talk.says(Step::Command("/clear".into()))), "/clear");
}

#[test]
fn every_request_is_answered_as_the_policy_says() {
    let table = [
        (Allow::Read, "Read", "allow", Outcome::Ok),
        (Allow::Read, "Write", "deny", Outcome::Denied),
        (Allow::Edits, "Write", "allow", Outcome::Ok),
        (Allow::Edits, "Bash", "deny", Outcome::Denied),
        (Allow::All, "Bash", "allow", Outcome::Ok),
        (Allow::Edits, "mcp__new__thing", "deny", Outcome::Denied),
    ];
    for (allow, tool, expected, outcome) in table {
        let mut talk = ready(allow, Vec::new());
        talk.say("go");
        talk.sent();
        assert_eq!(talk.hears(&[wants(tool)]), []);
        let answer = talk.sent().pop().expect("an answer");
        assert_eq!(answer["response"]["request_id"], "r1");
        let verdict = &answer["response"]["response"];
        assert_eq!(verdict["behavior"], expected, "{allow:?} {tool}");
        if expected == "allow" {
            assert_eq!(verdict["updatedInput"], json!({"command": "touch x"}), "it is needed");
        }
        // The tool itself calls it a success.
        let end = talk.ends(&[said("done"), result("done", 0.0)]);
        assert_eq!(end.outcome, outcome, "{allow:?} {tool}");
    }
    let mut talk = ready(Allow::All, Vec::new());
    talk.hears(&[
        json!({"type": "control_request", "request_id": "r2", "request": {"subtype": "hook_callback"}}),
    ]);
    assert_eq!(talk.sent()[0]["response"]["subtype"], "error", "else it would wait for ever");
}

#[test]
fn a_denial_of_its_own_counts_too() {
    let mut talk = ready(Allow::Read, Vec::new());
    talk.say("go");
    let mut result = result("I could not", 0.0);
    result["permission_denials"] = json!([{"tool_name": "Bash", "tool_input": {"command": "rm x"}}]);
    let end = talk.ends(&[said("I could not"), result]);
    assert_eq!((end.outcome, end.detail.as_deref()), (Outcome::Denied, Some("Bash: rm x")));
}

#[test]
fn somebody_may_be_asked() {
    for (answer, expected) in [("yes", "allow"), ("no", "deny"), ("maybe", "deny")] {
        let mut talk = ready(Allow::Ask, Vec::new());
        talk.say("go");
        talk.sent();
        assert_eq!(talk.hears(&[wants("Bash")]), [Found::Question("may it use Bash: touch x?".into())]);
        assert_eq!(talk.sent(), Vec::<Value>::new());
        talk.answers(answer);
        assert_eq!(talk.sent()[0]["response"]["response"]["behavior"], expected);
        talk.answers("yes");
        assert_eq!(talk.sent(), Vec::<Value>::new(), "once");
    }
}

#[test]
fn failures_are_told_by_their_status_then_by_their_words() {
    let rules = || {
        vec![
            rule(Outcome::Limited, r"usage limit reached\|(?P<reset_at>\d+)"),
            rule(Outcome::ContextFull, "Prompt is too long"),
        ]
    };
    let table = [
        (Some(429), "API Error: Request rejected", Outcome::Limited, None),
        (Some(401), "API Error: 401", Outcome::Error, None),
        (None, "Claude usage limit reached|1795281196", Outcome::Limited, Some("1795281196")),
        (Some(400), "Prompt is too long", Outcome::ContextFull, None),
    ];
    for (status, text, outcome, reset) in table {
        let mut talk = ready(Allow::Read, rules());
        talk.say("go");
        let mut result = result(text, 0.0);
        result["is_error"] = true.into();
        result["api_error_status"] = json!(status);
        let end = talk.ends(&[said(text), result]);
        assert_eq!((end.outcome, end.reset), (outcome, reset.map(|at| Reset::At(at.into()))), "{text}");
    }
    let mut talk = ready(Allow::Read, Vec::new());
    talk.say("go");
    let end = talk.ends(&[json!({"type": "result", "subtype": "error_max_turns", "is_error": false})]);
    assert_eq!((end.outcome, end.detail.as_deref()), (Outcome::Error, Some("error_max_turns")));
}

#[test]
fn a_limit_that_heals_is_shown() {
    let mut talk = ready(Allow::Read, Vec::new());
    talk.say("go");
    let retry = json!({"type": "system", "subtype": "api_retry", "error_status": 429, "error": "rate_limit"});
    assert_eq!(talk.hears(&[retry]), [Found::Throttled("rate_limit 429, it tries again".into())]);
    assert_eq!(talk.ends(&[said("ok"), result("ok", 0.0)]).outcome, Outcome::Ok);
}

#[test]
fn it_is_interrupted_by_a_message() {
    let mut talk = ready(Allow::Read, Vec::new());
    talk.say("go");
    talk.sent();
    talk.interrupts();
    assert_eq!(talk.sent()[0]["request"], json!({"subtype": "interrupt"}));
    let end = talk.ends(&[json!({"type": "result", "subtype": "error_during_execution", "is_error": true})]);
    assert_eq!(end.outcome, Outcome::Error);
    // The process goes on.
    talk.say("more");
    assert_eq!(talk.ends(&[said("ok"), result("ok", 0.0)]).outcome, Outcome::Ok);
}

#[test]
fn a_greeting_that_is_refused_is_no_start() {
    let mut talk = Talk::begun(agent(Protocol::StreamJson, Allow::Read), None, Vec::new());
    let refused = json!({"type": "control_response",
        "response": {"subtype": "error", "request_id": "initialize", "error": "not logged in"}});
    assert_eq!(talk.hears(&[refused]), [Found::Violation("not logged in".into())]);
}

#[test]
fn a_conversation_is_known_by_its_id_and_taken_up() {
    let mut talk = ready(Allow::Read, Vec::new());
    assert_eq!(talk.dialect.thread(), None);
    talk.say("go");
    talk.hears(&[json!({"type": "system", "subtype": "init", "session_id": "s-1"})]);
    assert_eq!(talk.dialect.thread().map(AsRef::as_ref), Some("s-1"));
    assert!(!talk.dialect.has_taken_up());
    let mut talk = Talk::begun(agent(Protocol::StreamJson, Allow::Read), Some("s-1"), Vec::new());
    let greeting =
        json!({"type": "control_response", "response": {"subtype": "success", "request_id": "initialize"}});
    assert_eq!(talk.hears(&[greeting]), [Found::Ready]);
    assert!(talk.dialect.has_taken_up());
}
