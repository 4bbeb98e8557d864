//! The Agent Client Protocol: how turns end, what they are worth, and what sessions come to.

mod asking;
mod usage;

use super::super::json::{Value, json};
use super::{Talk, agent, rule};
use crate::machine::dialect::{Dialect, Found};
use crate::message::{Outcome, Step};
use crate::spec::{AgentSpec, Allow, Protocol};
use regex::Regex;

fn spec(allow: Allow, settings: &[(&str, Value)]) -> AgentSpec {
    let mut spec = agent(Protocol::Acp, allow);
    spec.settings.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    spec
}

/// The answer to a request of ours.
fn granted(request: &Value, result: Value) -> Value {
    let mut message = json!({"jsonrpc": "2.0", "id": request["id"]});
    message["result"] = result;
    message
}

fn refused(request: &Value, error: Value) -> Value {
    let mut message = json!({"jsonrpc": "2.0", "id": request["id"]});
    message["error"] = error;
    message
}

fn greeting(capabilities: Value) -> Value {
    let mut result = json!({"protocolVersion": 1, "agentInfo": {"name": "a", "version": "7.0"}});
    result["agentCapabilities"] = capabilities;
    json!({"jsonrpc": "2.0", "id": 1, "result": result})
}

/// A talk in the session `s1`, with what was sent so far taken.
fn in_session(mut talk: Talk, capabilities: Value) -> Talk {
    assert_eq!(talk.hears(&[greeting(capabilities)]), []);
    let request = talk.sent().pop().expect("a request");
    assert_eq!(request["method"], "session/new");
    assert_eq!(talk.hears(&[granted(&request, json!({"sessionId": "s1"}))]), [Found::Ready]);
    talk
}

fn ready(allow: Allow) -> Talk {
    in_session(Talk::begun(spec(allow, &[]), None, Vec::new()), json!({}))
}

fn update_of(session: &str, update: Value) -> Value {
    let mut message = json!({"method": "session/update", "params": {"sessionId": session}});
    message["params"]["update"] = update;
    message
}

fn update(update: Value) -> Value {
    update_of("s1", update)
}

fn chunk(text: &str) -> Value {
    update(json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}))
}

fn ended(request: &Value, reason: &str) -> Value {
    granted(request, json!({"stopReason": reason}))
}

#[test]
fn only_the_answer_to_our_own_prompt_is_the_end() {
    let mut talk = ready(Allow::Read);
    let prompt = talk.say("hello");
    let same_number = json!({"id": prompt["id"], "method": "fs/read_text_file", "params": {}});
    let noise = [
        same_number,
        json!({"id": 1, "result": {"stopReason": "end_turn"}}),
        json!({"id": "3", "result": {"stopReason": "end_turn"}}),
        json!({"id": null, "result": {"stopReason": "end_turn"}}),
        json!({"id": 99, "error": {"code": 1, "message": "of somebody else"}}),
        json!({"method": "session/end_turn", "params": {"sessionId": "s1"}}),
        update(json!({"sessionUpdate": "session_info_update", "title": "end_turn"})),
        chunk("still at it"),
    ];
    assert_eq!(talk.hears(&noise), []);
    let end = talk.ends(&[ended(&prompt, "end_turn")]);
    assert_eq!((end.text.as_str(), end.outcome), ("still at it", Outcome::Ok));
    assert_eq!(talk.hears(&[ended(&prompt, "end_turn")]), [], "once");
}

#[test]
fn what_a_reply_does_not_consist_of() {
    let mut talk = ready(Allow::Read);
    talk.hears(&[chunk("before any prompt")]);
    let prompt = talk.say("hello");
    let noise = [
        update_of(
            "s0",
            json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "other"}}),
        ),
        update(json!({"sessionUpdate": "agent_thought_chunk", "content": {"type": "text", "text": "hm"}})),
        update(json!({"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": "hello"}})),
        update(json!({"sessionUpdate": "agent_message_chunk", "content": {"type": "image", "data": "x"}})),
        update(json!({"sessionUpdate": "a_new_kind", "content": {"type": "text", "text": "new"}})),
        update(json!({"sessionUpdate": "agent_message_chunk", "content": "of another shape"})),
    ];
    talk.hears(&noise);
    assert_eq!(talk.ends(&[chunk("hi"), ended(&prompt, "end_turn")]).text, "hi");
}

#[test]
fn what_is_said_after_a_tool_and_in_another_message_is_a_new_paragraph() {
    let mut talk = ready(Allow::Read);
    let prompt = talk.say("hello");
    let of = |message: &str, text: &str| {
        update(
            json!({"sessionUpdate": "agent_message_chunk", "messageId": message, "content": {"type": "text", "text": text}}),
        )
    };
    let tool = |kind: &str| update(json!({"sessionUpdate": kind, "toolCallId": "1"}));
    let said = [
        chunk("I "),
        chunk("look."),
        tool("tool_call"),
        chunk("Now"),
        tool("tool_call_update"),
        of("m1", "on"),
        of("m1", "e"),
        of("m2", "two"),
    ];
    talk.hears(&said);
    assert_eq!(talk.ends(&[ended(&prompt, "end_turn")]).text, "I look.\n\nNow\n\none\n\ntwo");
}

#[test]
fn reasons_and_refusals_have_a_meaning() {
    let answers: [(Value, Outcome, &str); 9] = [
        (json!({"result": {"stopReason": "end_turn"}}), Outcome::Ok, ""),
        (json!({"result": {"stopReason": "max_tokens"}}), Outcome::ContextFull, "it stopped: max tokens"),
        (json!({"result": {"stopReason": "refusal"}}), Outcome::Error, "it stopped: refusal"),
        (json!({"result": {"stopReason": "cancelled"}}), Outcome::Error, "it stopped: cancelled"),
        (json!({"result": {}}), Outcome::Error, "it stopped: none"),
        (json!({"error": {"code": 400, "message": "bad"}}), Outcome::Error, "bad (code 400)"),
        (
            json!({"error": {"code": 429, "message": "Rate limit exceeded."}}),
            Outcome::Limited,
            "Rate limit exceeded. (code 429)",
        ),
        (
            json!({"error": {"code": -32603, "message": "Internal error", "data": {"details": "400 fake"}}}),
            Outcome::Error,
            "Internal error: 400 fake (code -32603)",
        ),
        (
            json!({"error": {"code": 400, "message": "{\"error\":{\"message\":\"inner words\"}}"}}),
            Outcome::Error,
            "inner words (code 400)",
        ),
    ];
    for (answer, outcome, detail) in answers {
        let mut talk = ready(Allow::Read);
        let mut message = answer.clone();
        message["id"] = talk.say("hello")["id"].clone();
        let end = talk.ends(&[message]);
        assert_eq!((end.outcome, end.detail.unwrap_or_default().as_str()), (outcome, detail), "{answer}");
    }
}

#[test]
fn an_error_that_is_told_as_text_of_the_model_is_one() {
    let talk = || {
        let rules = vec![
            rule(Outcome::Limited, r"\AError: [^\n]*\b429\b[\s\S]*\z"),
            rule(Outcome::Error, r"\AError: [\s\S]+\z"),
        ];
        let retries = vec![Regex::new(r"\AInfo: [^\n]*Retrying\.\.\.\z").expect("a pattern")];
        let notes = spec(Allow::Read, &[("notes", json!(r"\AInfo: [^\n]*\z"))]);
        in_session(Talk::with(notes, None, rules, retries), json!({}))
    };
    let table: [(&[&str], Outcome, &str); 8] = [
        (&["Error: 400 fake"], Outcome::Error, "Error: 400 fake"),
        (&["I be", "gin", "Error: 429 too many"], Outcome::Limited, "I begin\n\nError: 429 too many"),
        // Its model says that, not itself.
        (
            &["It printed ", "Error: 400 fake", ", so what."],
            Outcome::Ok,
            "It printed \n\nError: 400 fake\n\n, so what.",
        ),
        (&["It printed \"Error: 400 fake\""], Outcome::Ok, "It printed \"Error: 400 fake\""),
        (&["One\nError: 400 fake"], Outcome::Ok, "One\nError: 400 fake"),
        (&["A", "Info: made.txt", "B"], Outcome::Ok, "A\n\nB"),
        (&["A", " Info: made.txt"], Outcome::Ok, "A Info: made.txt"),
        (&["A", "Info: it broke. Retrying...", "B"], Outcome::Ok, "A\n\nB"),
    ];
    for (pieces, outcome, text) in table {
        let mut talk = talk();
        let prompt = talk.say("hello");
        let found = talk.hears(&pieces.iter().map(|piece| chunk(piece)).collect::<Vec<_>>());
        let is_throttled = pieces.contains(&"Info: it broke. Retrying...");
        assert_eq!(found.len(), usize::from(is_throttled), "{found:?}");
        let end = talk.ends(&[ended(&prompt, "end_turn")]);
        assert_eq!((end.outcome, end.text.as_str()), (outcome, text), "{pieces:?}");
    }
}

#[test]
fn a_prompt_is_never_a_command() {
    let mut talk = ready(Allow::Read);
    for (text, sent) in [
        ("/clear", "\u{200b}/clear"),
        (" \n/clear", "\u{200b} \n/clear"),
        ("$skill", "\u{200b}$skill"),
        ("!ls", "\u{200b}!ls"),
        ("a /clear", "a /clear"),
    ] {
        let prompt = talk.say(text);
        assert_eq!(prompt["params"]["prompt"], json!([{"type": "text", "text": sent}]));
        // Agents take away what counts as white space there.
        assert!(!sent.trim_start().trim_start_matches('\u{feff}').starts_with(['/', '$', '!']));
        talk.ends(&[ended(&prompt, "end_turn")]);
    }
    let prompt = talk.says(Step::Command("/compact".into()));
    assert_eq!(prompt["params"]["prompt"][0]["text"], "/compact");
}

#[test]
fn a_session_is_in_an_absolute_folder_and_in_the_mode_that_is_named() {
    let mut talk = Talk::begun(spec(Allow::Read, &[("modeId", json!("default"))]), None, Vec::new());
    talk.hears(&[greeting(json!({}))]);
    for (session, is_first) in [("s1", true), ("s2", false)] {
        let request = talk.sent().pop().expect("a request");
        assert!(request["params"]["cwd"].as_str().is_some_and(|cwd| cwd.starts_with('/')), "{request}");
        assert_eq!(talk.hears(&[granted(&request, json!({"sessionId": session}))]), []);
        let request = talk.sent().pop().expect("a request");
        assert_eq!(request["method"], "session/set_mode");
        assert_eq!(request["params"], json!({"sessionId": session, "modeId": "default"}));
        let found = talk.hears(&[granted(&request, json!({}))]);
        assert!(
            matches!(found[..], [Found::Ready] | [Found::End(_)]) && (found == [Found::Ready]) == is_first
        );
        talk.says(Step::Command("/new".into()));
    }
}

#[test]
fn a_new_session_forgets_the_old_one_and_closes_it() {
    let talk = Talk::begun(spec(Allow::Read, &[]), None, Vec::new());
    let mut talk = in_session(talk, json!({"sessionCapabilities": {"close": {}}}));
    let request = talk.says(Step::Command("/new".into()));
    let end = talk.ends(&[granted(&request, json!({"sessionId": "s2"}))]);
    assert_eq!(end.outcome, Outcome::Ok);
    let closing = talk.sent().pop().expect("a request");
    assert_eq!(
        (&closing["method"], &closing["params"]),
        (&json!("session/close"), &json!({"sessionId": "s1"}))
    );
    let prompt = talk.say("hello");
    assert_eq!(prompt["params"]["sessionId"], "s2");
    // An agent that knows no closing is none the worse.
    talk.hears(&[
        refused(&closing, json!({"code": -32601, "message": "what?"})),
        chunk("late words of the old one"),
    ]);
    assert_eq!(talk.ends(&[ended(&prompt, "end_turn")]).text, "");
    assert_eq!(talk.dialect.thread().map(|it| &**it), Some("s2"));
}

#[test]
fn an_old_session_is_taken_up_where_that_can_be() {
    let resume = json!({"loadSession": true, "sessionCapabilities": {"resume": {}}});
    let table = [(json!({"loadSession": true}), "session/load"), (resume, "session/resume")];
    for (capabilities, method) in table {
        let mut talk = Talk::begun(spec(Allow::Read, &[]), Some("s1"), Vec::new());
        talk.hears(&[greeting(capabilities)]);
        let request = talk.sent().pop().expect("a request");
        assert_eq!((&request["method"], &request["params"]["sessionId"]), (&json!(method), &json!("s1")));
        // All that was said is told again.
        assert_eq!(talk.hears(&[chunk("old words"), granted(&request, json!({}))]), [Found::Ready]);
        assert!(talk.dialect.has_taken_up());
        let prompt = talk.say("hello");
        assert_eq!(talk.ends(&[chunk("new"), ended(&prompt, "end_turn")]).text, "new");
    }
}

#[test]
fn where_an_old_session_is_gone_a_new_one_begins() {
    for (capabilities, can) in
        [(json!({"loadSession": true}), true), (json!({"loadSession": false}), false), (json!(null), false)]
    {
        let mut talk = Talk::begun(spec(Allow::Read, &[]), Some("s0"), Vec::new());
        talk.hears(&[greeting(capabilities)]);
        if can {
            let request = talk.sent().pop().expect("a request");
            talk.hears(&[refused(
                &request,
                json!({"code": -32603, "message": "Invalid session identifier"}),
            )]);
        }
        let request = talk.sent().pop().expect("a request");
        assert_eq!(request["method"], "session/new");
        assert_eq!(talk.hears(&[granted(&request, json!({"sessionId": "s1"}))]), [Found::Ready]);
        assert!(!talk.dialect.has_taken_up());
    }
}

#[test]
fn a_start_that_fails_says_why() {
    let broken = |answers: &[fn(&Value) -> Value]| {
        let mut talk = Talk::begun(spec(Allow::Read, &[("modeId", json!("x"))]), None, Vec::new());
        let mut found = Vec::new();
        for answer in answers {
            let request = talk.sent().pop().expect("a request");
            found = talk.hears(&[answer(&request)]);
        }
        match &found[..] {
            [Found::Violation(reason)] => reason.clone(),
            _ => panic!("{found:?}"),
        }
    };
    let greet: fn(&Value) -> Value = |_| greeting(json!({}));
    let session: fn(&Value) -> Value = |request| granted(request, json!({"sessionId": "s1"}));
    let old = broken(&[|request| granted(request, json!({"protocolVersion": 2}))]);
    assert_eq!(old, "it speaks version 2 of the protocol, not 1");
    let login = broken(&[greet, |request| {
        refused(request, json!({"code": -32000, "message": "Authentication required"}))
    }]);
    assert_eq!(
        login,
        "session/new: Authentication required (code -32000); log in with it once, or pass its key: --env NAME"
    );
    assert_eq!(
        broken(&[greet, |request| granted(request, json!({}))]),
        "session/new: an answer without an id"
    );
    let mode = broken(&[greet, session, |request| {
        refused(request, json!({"code": -32602, "message": "no such mode"}))
    }]);
    assert_eq!(mode, "session/set_mode: no such mode (code -32602)");
}
