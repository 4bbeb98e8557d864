//! Several open questions of one agent, whichever protocol it speaks.

use super::super::json::{Value, json};
use super::{Talk, agent};
use crate::machine::dialect::Found;
use crate::spec::{Allow, Protocol};
use proptest::prelude::*;

/// An agent in a turn, where somebody may be asked.
fn at_work(protocol: Protocol) -> Talk {
    let mut talk = Talk::begun(agent(protocol, Allow::Ask), None, Vec::new());
    match protocol {
        Protocol::StreamJson => {
            let response = json!({"subtype": "success", "request_id": "initialize", "response": {}});
            talk.hears(&[json!({"type": "control_response", "response": response})]);
        }
        _ => {
            talk.hears(&[json!({"id": 1, "result": {}})]);
            talk.hears(&[json!({"id": 2, "result": {"thread": {"id": "t1"}}})]);
        }
    }
    talk.say("go");
    if protocol == Protocol::AppServer {
        talk.hears(&[json!({"id": 3, "result": {"turn": {"id": "u1"}}})]);
    }
    talk.sent();
    talk
}

/// It asks for this.
fn asks(protocol: Protocol, number: usize) -> Value {
    let command = format!("touch {number}");
    if protocol == Protocol::StreamJson {
        let request = json!({"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": command}});
        return json!({"type": "control_request", "request_id": number.to_string(), "request": request});
    }
    let params = json!({"threadId": "t1", "turnId": "u1", "itemId": "i", "command": command});
    json!({"id": number, "method": "item/commandExecution/requestApproval", "params": params})
}

/// It does not want to know any more.
fn withdraws(protocol: Protocol, number: usize) -> Value {
    if protocol == Protocol::StreamJson {
        return json!({"type": "control_cancel_request", "request_id": number.to_string()});
    }
    json!({"method": "serverRequest/resolved", "params": {"threadId": "t1", "requestId": number}})
}

/// The end of the turn.
fn ends(protocol: Protocol) -> Value {
    if protocol == Protocol::StreamJson {
        return json!({"type": "result", "subtype": "success", "result": "done"});
    }
    json!({"method": "turn/completed", "params": {"threadId": "t1", "turn": {"id": "u1", "status": "completed"}}})
}

/// Which requests these messages answer, and how.
fn answers(sent: &[Value]) -> Vec<(usize, bool)> {
    let answer = |message: &Value| {
        let response = &message["response"];
        match response["request_id"].as_str() {
            Some(id) => Some((id.parse().ok()?, response["response"]["behavior"] == "allow")),
            None => Some((
                usize::try_from(message.get("result").and(message["id"].as_u64())?).ok()?,
                message["result"]["decision"] == "accept",
            )),
        }
    };
    sent.iter().filter_map(answer).collect()
}

/// The commands that are asked about.
fn questions(found: &[Found]) -> Vec<usize> {
    let number = |found: &Found| match found {
        Found::Question(words) => words.trim_matches(|it: char| !it.is_ascii_digit()).parse().ok(),
        _ => None,
    };
    found.iter().filter_map(number).collect()
}

#[test]
fn a_second_question_waits_for_the_answer_to_the_first() {
    for protocol in [Protocol::StreamJson, Protocol::AppServer] {
        let mut talk = at_work(protocol);
        assert_eq!(questions(&talk.hears(&[asks(protocol, 7), asks(protocol, 8), asks(protocol, 9)])), [7]);
        assert_eq!(answers(&talk.sent()), []);
        for (number, is_yes, next) in [(7, true, vec![8]), (8, false, vec![9]), (9, true, vec![])] {
            talk.answers(if is_yes { "y" } else { "n" });
            assert_eq!(answers(&talk.sent()), [(number, is_yes)], "{protocol:?}");
            assert_eq!(questions(&talk.hears(&[])), next);
        }
        talk.answers("y");
        assert_eq!(answers(&talk.sent()), [], "nothing was asked");
    }
}

#[test]
fn what_nobody_answers_any_more_is_refused() {
    for protocol in [Protocol::StreamJson, Protocol::AppServer] {
        for is_interrupted in [true, false] {
            let mut talk = at_work(protocol);
            talk.hears(&[asks(protocol, 7), asks(protocol, 8)]);
            if is_interrupted {
                talk.interrupts();
                assert!(questions(&talk.hears(&[asks(protocol, 9)])).is_empty(), "nobody is there");
            } else {
                talk.hears(&[ends(protocol)]);
                assert!(questions(&talk.hears(&[asks(protocol, 9)])).is_empty(), "nobody is there");
            }
            assert_eq!(answers(&talk.sent()), [(7, false), (8, false), (9, false)], "{protocol:?}");
        }
    }
}

#[test]
fn codex_says_which_files_it_would_change() {
    let mut talk = at_work(Protocol::AppServer);
    let item = json!({"type": "fileChange", "id": "c1", "changes": [{"path": "/w/a"}, {"path": "/w/b"}]});
    talk.hears(&[json!({"method": "item/started", "params": {"item": item}})]);
    let asked = |item: &str| json!({"id": 9, "method": "item/fileChange/requestApproval", "params": {"itemId": item}});
    assert_eq!(talk.hears(&[asked("c1")]), [Found::Question("may it do this: change /w/a, /w/b?".into())]);
    talk.answers("n");
    assert_eq!(talk.hears(&[asked("c2")]), [Found::Question("may it do this: a change of files?".into())]);
}

proptest! {
    /// Whatever comes in whichever order: who asked gets one answer, and whoever took it back none after that.
    #[test]
    fn every_request_is_answered_exactly_once(
        protocol in prop_oneof![Just(Protocol::StreamJson), Just(Protocol::AppServer)],
        events in prop::collection::vec((0..7_u8, any::<prop::sample::Index>()), 0..200),
    ) {
        let mut talk = at_work(protocol);
        // Numbers that our own requests do not have.
        let (mut next, mut withdrawn, mut answered) = (1000, Vec::new(), Vec::new());
        for (kind, pick) in events {
            match kind {
                0..3 => {
                    talk.hears(&[asks(protocol, next)]);
                    next += 1;
                }
                3..5 => talk.answers("yes"),
                5 if next > 1000 => {
                    let number = 1000 + pick.index(next - 1000);
                    talk.hears(&[withdraws(protocol, number)]);
                    withdrawn.push(number);
                }
                _ => { talk.hears(&[]); }
            }
            for (number, _) in answers(&talk.sent()) {
                prop_assert!(!withdrawn.contains(&number) && !answered.contains(&number), "{number}");
                answered.push(number);
            }
        }
        talk.hears(&[ends(protocol)]);
        answered.extend(answers(&talk.sent()).into_iter().map(|(number, _)| number));
        let left: Vec<usize> = (1000..next).filter(|number| !withdrawn.contains(number)).collect();
        answered.sort_unstable();
        answered.retain(|number| left.contains(number));
        prop_assert_eq!(answered, left);
    }
}
