//! What is between the messages, and how they are cut.

use super::super::json::json;
use super::{Talk, agent};
use crate::machine::dialect::{Dialect, Found};
use crate::spec::{Allow, Protocol};
use proptest::prelude::*;

/// Three turns of claude, with what does not belong there in between.
fn stream(garbage: &[Vec<u8>], sizes: [usize; 3]) -> (Vec<u8>, Vec<String>) {
    let mut garbage = garbage.iter().cycle();
    let mut bytes = Vec::new();
    let mut replies = Vec::new();
    for size in sizes {
        let reply = "é".repeat(size);
        for message in [
            json!({"type": "assistant", "message": {"content": [{"type": "text", "text": reply}]}}),
            json!({"type": "new_kind", "of": ["message"]}),
            json!({"type": "result", "subtype": "success", "result": reply}),
        ] {
            bytes.extend_from_slice(garbage.next().map_or(&b""[..], Vec::as_slice));
            bytes.extend_from_slice(format!("\n{message}\n").as_bytes());
        }
        replies.push(reply);
    }
    (bytes, replies)
}

proptest! {
    #[test]
    fn replies_are_whole_whatever_is_between_and_however_it_is_cut(
        garbage in proptest::collection::vec("[^\n{]{0,80}".prop_map(String::into_bytes), 1..9),
        sizes in [0..50_usize, 1..4000, 0..9],
        at in 1..5000_usize,
    ) {
        let (bytes, replies) = stream(&garbage, sizes);
        let mut talk = Talk::begun(agent(Protocol::StreamJson, Allow::Read), None, Vec::new());
        let greeting = json!({"type": "control_response", "response": {"subtype": "success", "request_id": "initialize"}});
        prop_assert_eq!(talk.hears(&[greeting]), [Found::Ready]);
        let mut seen = Vec::new();
        talk.say("0");
        for piece in bytes.chunks(at) {
            talk.dialect.buffer().extend_from_slice(piece);
            while let Some(found) = talk.dialect.poll(talk.now) {
                let Found::End(end) = found else { panic!("{found:?}") };
                seen.push(end.text);
                talk.say("next");
            }
        }
        prop_assert_eq!(seen, replies);
    }

    #[test]
    fn nothing_that_an_agent_prints_makes_us_fall(
        lines in proptest::collection::vec(any::<Vec<u8>>(), 0..20),
        protocol in prop_oneof![Just(Protocol::StreamJson), Just(Protocol::AppServer), Just(Protocol::Acp)],
    ) {
        let mut talk = Talk::begun(agent(protocol, Allow::All), None, Vec::new());
        for line in lines {
            talk.prints(&line);
            talk.prints(b"\n");
        }
    }
}
