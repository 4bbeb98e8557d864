//! What real tools print, as it was seen, and what is made of it.

use crate::machine::dialect::relay::extract::{Extracted, Extractor, Text};
use crate::message::Usage;
use crate::spec::{Counts, Extract, Form, Join, Limits, Pick, TurnRule, TurnSpec};
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value, json};

pub(super) fn at(at: &str) -> Vec<Pick> {
    vec![Pick { at: at.into(), when: Vec::new() }]
}

pub(super) fn of(at: &str, when: &Value) -> Vec<Pick> {
    let when =
        when.as_object().expect("pointers").iter().map(|(at, value)| (at.clone(), value.clone())).collect();
    vec![Pick { at: at.into(), when }]
}

/// `claude -p --output-format stream-json`.
pub(super) fn claude() -> Extract {
    let result = json!({"/type": "result"});
    Extract {
        form: Form::Jsonl,
        reply: of("/result", &json!({"/type": "result", "/is_error": false})),
        error: of("/result", &json!({"/type": "result", "/is_error": true})),
        denied: at("/permission_denials/0/tool_name"),
        end: of("/type", &result),
        session: at("/session_id"),
        input: [of("/usage/input_tokens", &result), of("/usage/cache_read_input_tokens", &result)].concat(),
        output: of("/usage/output_tokens", &result),
        cost: of("/total_cost_usd", &result),
        cost_counts: Counts::Session,
        ..Extract::default()
    }
}

/// `codex exec --json`.
pub(super) fn codex() -> Extract {
    Extract {
        form: Form::Jsonl,
        reply: of("/item/text", &json!({"/type": "item.completed", "/item/type": "agent_message"})),
        error: of("/error/message", &json!({"/type": "turn.failed"})),
        end: of("/type", &json!({"/type": "turn.completed"})),
        session: of("/thread_id", &json!({"/type": "thread.started"})),
        input: at("/usage/input_tokens"),
        output: at("/usage/output_tokens"),
        tokens_count: Counts::Session,
        ..Extract::default()
    }
}

fn gemini() -> Extract {
    Extract {
        form: Form::Jsonl,
        reply: of("/content", &json!({"/type": "message", "/role": "assistant"})),
        join: Join::Pieces,
        error: of("/error/message", &json!({"/type": "result"})),
        end: of("/status", &json!({"/type": "result"})),
        session: at("/session_id"),
        input: at("/stats/input_tokens"),
        output: at("/stats/output_tokens"),
        ..Extract::default()
    }
}

fn opencode() -> Extract {
    let step = json!({"/type": "step_finish"});
    Extract {
        form: Form::Jsonl,
        reply: of("/part/text", &json!({"/type": "text"})),
        end: of("/part/reason", &json!({"/type": "step_finish", "/part/reason": "stop"})),
        session: at("/sessionID"),
        input: [of("/part/tokens/input", &step), of("/part/tokens/cache/read", &step)].concat(),
        output: of("/part/tokens/output", &step),
        cost: of("/part/cost", &step),
        tokens_count: Counts::Part,
        cost_counts: Counts::Part,
        ..Extract::default()
    }
}

fn copilot() -> Extract {
    Extract {
        form: Form::Jsonl,
        reply: of("/data/content", &json!({"/type": "assistant.message"})),
        join: Join::Last,
        end: of("/exitCode", &json!({"/type": "result", "/exitCode": 0})),
        session: of("/sessionId", &json!({"/type": "result"})),
        ..Extract::default()
    }
}

fn turn() -> TurnSpec {
    TurnSpec::new(TurnRule::Lines)
}

fn read(how: &Extract, output: &str, chunk: usize) -> (Text, Extracted) {
    let mut extractor = Extractor::new(how, &Limits::default(), true);
    for piece in output.as_bytes().chunks(chunk) {
        extractor.hear(piece);
    }
    extractor.finish(&turn())
}

fn usage(input: u64, output: u64, cost_usd: Option<f64>) -> Option<Usage> {
    Some(Usage { input: Some(input), output: Some(output), cost_usd })
}

const CLAUDE: &str = r#"{"cwd":"/w","type":"system","subtype":"init","session_id":"b9bf"}
a line of a log
{"type":"assistant","message":{"content":[{"type":"text","text":"I look."}]},"session_id":"b9bf"}
{"is_error":false,"result":"done\nand well","session_id":"b9bf","total_cost_usd":0.0008,"usage":{"input_tokens":100,"cache_read_input_tokens":10,"output_tokens":20},"permission_denials":[],"type":"result"}
"#;

const CODEX: &str = r#"{"type":"thread.started","thread_id":"01a1"}
{"type":"turn.started"}
{"type":"item.completed","item":{"type":"agent_message","text":"I look."}}
{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"42"}}
{"type":"item.completed","item":{"type":"agent_message","text":"42"}}
{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":10,"output_tokens":20}}
"#;

const CODEX_FAILED: &str = r#"{"type":"thread.started","thread_id":"01a1"}
{"type":"error","message":"Reconnecting... 1/2"}
{"type":"turn.failed","error":{"message":"exceeded retry limit, last status: 429"}}
{"type":"turn.failed","error":{"message":"what follows from it"}}
"#;

const GEMINI: &str = r#"{"type":"init","session_id":"g1"}
{"type":"message","role":"user","content":"hello"}
{"type":"message","role":"assistant","content":"one ","delta":true}
{"type":"message","role":"assistant","content":"two","delta":true}
{"type":"result","status":"success","stats":{"input_tokens":7,"output_tokens":3}}"#;

const OPENCODE: &str = r#"{"type":"step_start","sessionID":"ses_1","part":{}}
{"type":"step_finish","sessionID":"ses_1","part":{"reason":"tool-calls","tokens":{"input":90,"output":5,"cache":{"read":10}},"cost":0.5}}
{"type":"text","sessionID":"ses_1","part":{"text":"done"}}
{"type":"step_finish","sessionID":"ses_1","part":{"reason":"stop","tokens":{"input":100,"output":6,"cache":{"read":0}},"cost":0.25}}
"#;

const COPILOT: &str = r#"{"type":"assistant.message","data":{"content":"I look."}}
{"type":"assistant.message","data":{"content":"done"}}
{"type":"result","sessionId":"c1","exitCode":0,"usage":{"premiumRequests":1}}
"#;

#[test]
fn what_tools_print_becomes_a_reply() {
    let table = [
        (claude(), CLAUDE, "done\nand well", "b9bf", usage(110, 20, Some(0.0008))),
        (codex(), CODEX, "I look.\n\n42", "01a1", usage(100, 20, None)),
        (gemini(), GEMINI, "one two", "g1", usage(7, 3, None)),
        (opencode(), OPENCODE, "done", "ses_1", usage(200, 11, Some(0.75))),
        (copilot(), COPILOT, "done", "c1", None),
    ];
    for (how, output, text, session, usage) in table {
        for chunk in [1, 7, output.len()] {
            let (reply, found) = read(&how, output, chunk);
            assert_eq!((reply.text.as_str(), found.session.as_deref()), (text, Some(session)), "{output}");
            assert_eq!((found.usage, found.error, found.has_ended), (usage, None, true), "{output}");
            assert_eq!(reply.raw.as_deref(), Some(output.as_bytes()), "what came is kept as it is");
        }
    }
}

#[test]
fn a_count_that_cannot_be_is_no_panic() {
    let (_, found) = read(&opencode(), &OPENCODE.replace("\"input\":90", "\"input\":1e30"), 9);
    assert_eq!(found.usage, usage(u64::MAX, 11, Some(0.75)));
}

#[test]
fn failures_and_refusals_are_told() {
    let (reply, found) = read(&codex(), CODEX_FAILED, 9);
    assert_eq!(
        found.error.as_deref(),
        Some("exceeded retry limit, last status: 429"),
        "the first is the cause"
    );
    assert!(!found.has_ended && reply.text.is_empty());
    let failed = CLAUDE.replace("\"is_error\":false", "\"is_error\":true");
    let (reply, found) = read(&claude(), &failed, 9);
    assert_eq!((reply.text.as_str(), found.error.as_deref()), ("", Some("done\nand well")));
    let denied = CLAUDE.replace("denials\":[]", "denials\":[{\"tool_name\":\"Bash\"}]");
    assert_eq!(read(&claude(), &denied, 9).1.denied.as_deref(), Some("Bash"));
    assert_eq!(read(&claude(), CLAUDE, 9).1.noise, b"a line of a log\n");
}

#[test]
fn a_document_is_one_message_or_several() {
    let how = Extract { form: Form::Json, ..claude() };
    let lines: Vec<&str> = CLAUDE.lines().filter(|line| line.starts_with('{')).collect();
    for document in [lines[2].to_owned(), format!("[{}]", lines.join(",\n"))] {
        let (reply, found) = read(&how, &document, 5);
        assert_eq!((reply.text.as_str(), found.has_ended), ("done\nand well", true));
    }
    let (reply, found) = read(&how, "Error: no such model\n", 5);
    assert_eq!((reply.text.as_str(), found.has_ended), ("", false));
    assert_eq!(found.noise, b"Error: no such model\n");
}

#[test]
fn text_is_what_it_is_without_escapes_and_trimmed() {
    let how = Extract::default();
    let output = "\u{1b}[1mgr\u{fc}n\u{1b}[0m\r\n漢\n\n";
    for chunk in 1..6 {
        assert_eq!(read(&how, output, chunk).0.text, "grün\n漢");
    }
    let mut spec = turn();
    spec.trim_start = vec![Regex::new(r"Model: .*\n").expect("a pattern")];
    spec.usage = Some(Regex::new(r"(?P<input>\d+) in").expect("a pattern"));
    let mut extractor = Extractor::new(&how, &Limits::default(), false);
    extractor.hear(b"Model: m\nhello, 12 in\n");
    let mut missed = 0;
    assert_eq!(extractor.preview(&spec, &mut missed), "", "what may be trimmed is not told");
    let (reply, found) = extractor.finish(&spec);
    assert_eq!((reply.text.as_str(), found.usage.and_then(|usage| usage.input)), ("hello, 12 in", Some(12)));
}

#[test]
fn text_is_told_as_it_comes() {
    let (mut extractor, mut missed) = (Extractor::new(&Extract::default(), &Limits::default(), false), 0);
    let mut told = String::new();
    for byte in "grün\nund 漢 mehr".bytes() {
        extractor.hear(&[byte]);
        told.push_str(&extractor.preview(&turn(), &mut missed));
    }
    assert_eq!((told.as_str(), missed), ("grün\nund 漢 mehr", 0));
}

#[test]
fn a_long_reply_is_bounded() {
    let mut limits = Limits { max_reply: 4096, ..Limits::default() };
    limits.max_raw = 4096;
    let mut extractor = Extractor::new(&Extract::default(), &limits, true);
    for _ in 0..1000 {
        extractor.hear(&[b'x'; 1000]);
    }
    let (reply, _) = extractor.finish(&turn());
    assert!(reply.text.len() < 4200 && reply.cut == 1_000_000 - 4096, "{}", reply.text.len());
    assert!(reply.raw.is_some_and(|raw| raw.len() < 4200));
}

proptest! {
    #[test]
    fn whatever_comes_does_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2000), chunk in 1..500_usize) {
        for form in [Form::Text, Form::Json, Form::Jsonl] {
            let mut extractor = Extractor::new(&Extract { form, ..claude() }, &Limits::default(), true);
            for piece in bytes.chunks(chunk) {
                extractor.hear(piece);
            }
            extractor.finish(&turn());
        }
    }

    #[test]
    fn messages_are_found_whatever_stands_between(noise in proptest::collection::vec("[^{\n]{0,80}", 0..20), chunk in 1..90_usize) {
        let text: String = CODEX.lines().zip(noise.iter().map(String::as_str).chain(std::iter::repeat("")))
            .map(|(line, noise)| format!("{noise}\n{line}\n")).collect();
        let (reply, found) = read(&codex(), &text, chunk);
        prop_assert_eq!(reply.text.as_str(), "I look.\n\n42");
        prop_assert!(found.has_ended);
    }
}
