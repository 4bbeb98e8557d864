//! What turns took, by four ways of telling it.

use super::{Talk, ended, granted, greeting, in_session, json, spec, update};
use crate::machine::dialect::agent::json::Value;
use crate::message::{Outcome, Step, Usage};
use crate::spec::Allow;

fn talk(counts: &str) -> Talk {
    let settings = spec(Allow::Read, &[("usage", json!(counts))]);
    in_session(Talk::begun(settings, None, Vec::new()), json!({}))
}

fn tokens(input: u64, output: u64) -> Option<Usage> {
    Some(Usage { input: Some(input), output: Some(output), cost_usd: None })
}

fn told(input: u64, output: u64) -> Value {
    json!({"stopReason": "end_turn", "usage": {"inputTokens": input, "outputTokens": output, "totalTokens": 0}})
}

/// A turn that ends with this answer; what it took.
fn turn(talk: &mut Talk, updates: &[Value], result: Value) -> Option<Usage> {
    let prompt = talk.say("x");
    talk.hears(updates);
    talk.ends(&[granted(&prompt, result)]).usage
}

#[test]
fn tokens_of_a_turn() {
    let mut talk = talk("turn");
    let quota = json!({"stopReason": "end_turn", "_meta": {"quota": {"token_count": {"input_tokens": 200, "output_tokens": 40}}}});
    assert_eq!(turn(&mut talk, &[], quota.clone()), tokens(200, 40));
    assert_eq!(turn(&mut talk, &[], quota), tokens(200, 40));
    assert_eq!(turn(&mut talk, &[], told(7, 8)), tokens(7, 8));
    assert_eq!(turn(&mut talk, &[], json!({"stopReason": "end_turn"})), None, "never estimated");
}

#[test]
fn what_was_cached_and_thought_counts_whether_it_is_told_apart_or_not() {
    let mut talk = talk("turn");
    let told = |input, output, total| {
        json!({"stopReason": "end_turn", "usage": {"inputTokens": input, "outputTokens": output, "totalTokens": total,
            "cachedReadTokens": 7, "cachedWriteTokens": 3, "thoughtTokens": 5}})
    };
    assert_eq!(turn(&mut talk, &[], told(90, 15, 120)), tokens(100, 20));
    assert_eq!(turn(&mut talk, &[], told(100, 20, 120)), tokens(100, 20));
    assert_eq!(turn(&mut talk, &[], told(u64::MAX, 20, 120)), tokens(u64::MAX, 20));
}

#[test]
fn tokens_of_a_whole_session_are_shared_out() {
    let mut talk = talk("session");
    assert_eq!(turn(&mut talk, &[], told(100, 20)), tokens(100, 20));
    assert_eq!(turn(&mut talk, &[], told(300, 60)), tokens(200, 40));
    assert_eq!(turn(&mut talk, &[], json!({"stopReason": "end_turn"})), None);
    assert_eq!(turn(&mut talk, &[], told(400, 80)), tokens(100, 20));
    let request = talk.says(Step::Command("/new".into()));
    talk.ends(&[granted(&request, json!({"sessionId": "s1"}))]);
    assert_eq!(turn(&mut talk, &[], told(500, 90)), tokens(500, 90), "counted anew");
    assert_eq!(
        turn(&mut talk, &[], told(10, 9)),
        tokens(10, 9),
        "by a session that has begun anew by itself"
    );
}

#[test]
fn what_was_taken_before_an_old_session_was_taken_up_is_not_known() {
    let mut talk = Talk::begun(spec(Allow::Read, &[("usage", json!("session"))]), Some("s1"), Vec::new());
    talk.hears(&[greeting(json!({"loadSession": true}))]);
    let request = talk.sent().pop().expect("a request");
    talk.hears(&[granted(&request, json!({}))]);
    assert_eq!(turn(&mut talk, &[cost(5.0)], told(900, 90)), None);
    let usage = Usage { cost_usd: Some(0.5), ..tokens(100, 10).expect("tokens") };
    assert_eq!(turn(&mut talk, &[cost(5.5)], told(1000, 100)), Some(usage));
}

#[test]
fn tokens_of_the_last_request_are_those_of_a_turn_without_tools_only() {
    let mut talk = talk("request");
    assert_eq!(turn(&mut talk, &[], told(100, 20)), tokens(100, 20));
    let tool = update(json!({"sessionUpdate": "tool_call", "toolCallId": "1"}));
    assert_eq!(turn(&mut talk, &[tool], told(100, 20)), None);
    assert_eq!(turn(&mut talk, &[], told(100, 20)), tokens(100, 20));
}

#[test]
fn tokens_of_requests_add_up() {
    let mut talk = talk("turn");
    let request =
        update(json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": ""},
        "_meta": {"usage": {"inputTokens": 100, "outputTokens": 20}}}));
    let plain = json!({"stopReason": "end_turn"});
    assert_eq!(turn(&mut talk, &[request.clone(), request.clone()], plain.clone()), tokens(200, 40));
    assert_eq!(turn(&mut talk, &[request], plain), tokens(100, 20));
}

fn cost(amount: f64) -> Value {
    update(
        json!({"sessionUpdate": "usage_update", "used": 1, "size": 2, "cost": {"amount": amount, "currency": "USD"}}),
    )
}

#[test]
fn costs_count_up_over_a_session() {
    let mut talk = talk("turn");
    let plain = || json!({"stopReason": "end_turn"});
    let dollars = |amount| Some(Usage { input: None, output: None, cost_usd: Some(amount) });
    assert_eq!(turn(&mut talk, &[cost(0.25), cost(0.5)], plain()), dollars(0.5));
    assert_eq!(turn(&mut talk, &[cost(0.75)], plain()), dollars(0.25));
    assert_eq!(turn(&mut talk, &[], plain()), None);
    talk.hears(&[cost(1.0)]);
    assert_eq!(
        turn(&mut talk, &[cost(1.5)], plain()),
        dollars(0.5),
        "what was told between turns belongs to none"
    );
    let euro = update(json!({"sessionUpdate": "usage_update", "cost": {"amount": 9.0, "currency": "EUR"}}));
    assert_eq!(turn(&mut talk, &[euro], plain()), None);
}

#[test]
fn a_good_end_without_a_token_is_none_where_an_agent_counts_every_turn() {
    let none = json!({"stopReason": "end_turn", "_meta": {"quota": {"token_count": {"input_tokens": 0, "output_tokens": 0}}}});
    for (counts, outcome) in [(true, Outcome::Error), (false, Outcome::Ok)] {
        let settings = spec(Allow::Read, &[("countsEveryTurn", json!(counts))]);
        let mut talk = in_session(Talk::begun(settings, None, Vec::new()), json!({}));
        let prompt = talk.say("x");
        assert_eq!(
            talk.ends(&[super::chunk("half an ans"), granted(&prompt, none.clone())]).outcome,
            outcome
        );
        // What counts nothing, and its own commands, are no failures.
        let prompt = talk.say("x");
        assert_eq!(talk.ends(&[ended(&prompt, "end_turn")]).outcome, Outcome::Ok);
        let prompt = talk.says(Step::Command("/about".into()));
        assert_eq!(talk.ends(&[granted(&prompt, none.clone())]).outcome, Outcome::Ok);
    }
}
