//! All three protocols against agents that print anything: nothing makes the dialect fall, no reply is lost or doubled, and no
//! more is kept or moved than there is reason for.

mod partner;

use super::super::json::{Value, json};
use super::{Talk, agent};
use crate::machine::dialect::{Dialect, Found, TAIL};
use crate::spec::{Allow, Protocol};
use partner::Partner;
use proptest::prelude::*;

fn protocols() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::StreamJson), Just(Protocol::AppServer), Just(Protocol::Acp)]
}

const ALL: [Protocol; 3] = [Protocol::StreamJson, Protocol::AppServer, Protocol::Acp];

/// Lines that are no messages: no object, cut off, not text at all.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let cut = "[a-z]{1,9}".prop_map(|text| format!("{{\"id\": 3, \"{text}\": [{{").into_bytes());
    let other =
        prop_oneof![Just("[]"), Just("null"), Just("3"), Just("\"{}\""), Just(""), Just("\r"), Just("{}")];
    let bytes = proptest::collection::vec(any::<u8>().prop_filter("a line", |byte| *byte != b'\n'), 0..200);
    prop_oneof![cut, other.prop_map(|text| text.as_bytes().to_vec()), bytes]
}

/// Any JSON, with the words in it that protocols know.
fn any_json() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 19] = [
        "type",
        "id",
        "method",
        "params",
        "result",
        "update",
        "sessionUpdate",
        "content",
        "text",
        "s1",
        "t",
        "usage",
        "session/update",
        "turn/completed",
        "agent_message_chunk",
        "options",
        "kind",
        "error",
        "message",
    ];
    let word = proptest::sample::select(&WORDS[..]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let object = proptest::collection::vec((word.clone(), inner.clone()), 0..5);
        let object = object.prop_map(|fields| {
            Value::Object(fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect())
        });
        prop_oneof![proptest::collection::vec(inner, 0..5).prop_map(Value::from), object]
    })
}

/// What becomes of a good message.
#[derive(Debug, Clone)]
enum Change {
    Keep,
    Lose,
    Double,
    /// Cuts its line off here.
    Cut(usize),
    /// Puts this in the place of one of its values.
    Put(usize, Value),
    /// Takes one of its fields away.
    Take(usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        Just(Change::Keep),
        Just(Change::Lose),
        Just(Change::Double),
        any::<usize>().prop_map(Change::Cut),
        (any::<usize>(), any_json()).prop_map(|(at, value)| Change::Put(at, value)),
        any::<usize>().prop_map(Change::Take),
    ];
    proptest::collection::vec(change, 1..12)
}

/// Where all the values are that a message is made of, as pointers.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    let mut inside = |name: &str, inner: &Value| {
        let place = format!("{place}/{name}");
        places(inner, &place, found);
        found.push(place);
    };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| inside(&name.replace('/', "~1"), inner));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, inner)| inside(&at.to_string(), inner));
        }
        _ => {}
    }
}

fn changed(mut message: Value, change: &Change) -> Vec<u8> {
    let line = |message: &Value| format!("{message}\n").into_bytes();
    match change {
        Change::Keep => line(&message),
        Change::Lose => Vec::new(),
        Change::Double => line(&message).repeat(2),
        Change::Cut(at) => {
            let mut line = line(&message);
            line.truncate(at % line.len());
            line.push(b'\n');
            line
        }
        Change::Put(at, value) => {
            let place = place(&message, *at);
            if let Some(place) = message.pointer_mut(&place) {
                place.clone_from(value);
            }
            line(&message)
        }
        Change::Take(at) => {
            let place = place(&message, *at);
            let (parent, name) = place.rsplit_once('/').expect("a place");
            if let Some(Value::Object(object)) = message.pointer_mut(parent) {
                object.remove(name);
            }
            line(&message)
        }
    }
}

fn place(message: &Value, at: usize) -> String {
    let mut found = Vec::new();
    places(message, "", &mut found);
    found.swap_remove(at % found.len())
}

fn ends(found: &[Found]) -> Vec<&str> {
    found
        .iter()
        .filter_map(|it| if let Found::End(end) = it { Some(end.text.as_str()) } else { None })
        .collect()
}

proptest! {
    #[test]
    fn each_turn_has_its_reply_once_whatever_is_between_and_however_it_is_cut(
        protocol in protocols(),
        replies in proptest::collection::vec("[a-zé\n\"{}]{0,400}[a-z]", 1..5),
        garbage in proptest::collection::vec(garbage(), 1..9),
        at in prop_oneof![1..80_usize, 80..5000_usize],
    ) {
        let mut partner = Partner::new(protocol, Allow::Edits);
        let mut garbage = garbage.iter().cycle();
        for reply in &replies {
            let mut bytes = Vec::new();
            for message in partner.turn(reply) {
                bytes.extend_from_slice(garbage.next().map_or(&b""[..], Vec::as_slice));
                bytes.extend_from_slice(format!("\n{message}\n").as_bytes());
            }
            let mut found = Vec::new();
            for piece in bytes.chunks(at) {
                found.extend(partner.talk.prints(piece));
                prop_assert!(partner.talk.dialect.buffer().len() <= 3 * TAIL + 2 * bytes.len());
            }
            prop_assert_eq!(ends(&found), [reply.as_str()]);
        }
    }

    #[test]
    fn after_any_nonsense_the_next_turn_is_as_good_as_any(
        protocol in protocols(),
        allow in prop_oneof![Just(Allow::Read), Just(Allow::All), Just(Allow::Ask)],
        changes in changes(),
        more in proptest::collection::vec(any_json(), 0..6),
        interrupts in any::<bool>(),
    ) {
        let mut partner = Partner::new(protocol, allow);
        let messages = partner.turn("what nobody reads");
        let mut found = Vec::new();
        for (message, change) in messages.into_iter().zip(changes.iter().cycle()) {
            found.extend(partner.talk.prints(&changed(message, change)));
        }
        found.extend(partner.talk.hears(&more));
        partner.talk.answers("yes");
        if interrupts {
            partner.talk.interrupts();
        }
        if ends(&found).is_empty() {
            found.extend(partner.talk.hears(&partner.end()));
        }
        prop_assert_eq!(ends(&found).len(), 1, "{:?}", found);
        prop_assert!(!found.iter().any(|it| matches!(it, Found::Violation(_))));
        let messages = partner.turn("the reply");
        let found = partner.talk.hears(&messages);
        prop_assert_eq!(ends(&found), ["the reply"]);
    }

    #[test]
    fn no_start_makes_it_fall(
        protocol in protocols(),
        thread in proptest::option::of("[a-z]{1,9}"),
        messages in proptest::collection::vec((1..4_u64, any_json()), 0..8),
    ) {
        let mut talk = Talk::begun(agent(protocol, Allow::Ask), thread.as_deref(), Vec::new());
        for (id, result) in messages {
            let mut message = json!({"id": id, "type": "control_response"});
            message["result"] = result.clone();
            message["response"] = result;
            let found = talk.hears(&[message]);
            if found.contains(&Found::Ready) {
                talk.say("hello");
                return Ok(());
            }
            if matches!(found[..], [Found::Violation(_), ..]) {
                return Ok(());
            }
        }
    }
}

#[test]
fn a_message_of_a_mebibyte_is_a_message() {
    let reply = "\"é\\\n".repeat((1 << 20) / 5) + "end";
    for protocol in ALL {
        for at in [7919, 65_536] {
            let mut partner = Partner::new(protocol, Allow::Read);
            let lines: String = partner.turn(&reply).iter().map(|message| format!("{message}\n")).collect();
            let found: Vec<Found> =
                lines.as_bytes().chunks(at).flat_map(|piece| partner.talk.prints(piece)).collect();
            assert!(ends(&found) == [reply.as_str()], "{protocol:?} by {at}");
            assert!(partner.talk.dialect.buffer().capacity() <= 2 << 20, "{protocol:?} keeps it");
        }
    }
}

#[test]
fn ten_thousand_messages_are_moved_once() {
    const MESSAGES: usize = 10_000;
    for protocol in ALL {
        for at in [512, 65_536, usize::MAX] {
            let mut partner = Partner::new(protocol, Allow::Read);
            let messages = partner.stream((0..MESSAGES).map(|number| format!("{number} ")));
            let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
            let (mut moved, mut told, mut found) = (0, 0, Vec::new());
            for piece in lines.as_bytes().chunks(at) {
                partner.talk.dialect.buffer().extend_from_slice(piece);
                loop {
                    let before = partner.talk.dialect.buffer().len();
                    let next = partner.talk.dialect.poll(partner.talk.now);
                    let kept = partner.talk.dialect.buffer().len();
                    moved += if kept < before { kept } else { 0 };
                    match next {
                        Some(next) => found.push(next),
                        None => break,
                    }
                }
                told += partner.talk.dialect.preview(&mut 0).len();
            }
            let reply = (0..MESSAGES).map(|number| format!("{number} ")).collect::<String>();
            assert!(ends(&found) == [reply.as_str()], "{protocol:?} by {at}");
            assert!(moved <= 2 * lines.len(), "{protocol:?} by {at}: {moved} of {}", lines.len());
            // The last look takes the end of the turn, and what came with it.
            assert!(told <= reply.len(), "{protocol:?} by {at}: {told}");
        }
    }
}
