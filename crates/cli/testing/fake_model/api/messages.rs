//! Anthropic's Messages API, which claude speaks.

use serde_json::{Value, json};

use super::{
    Answer, Api, Asked, CACHED, Frame, INPUT, OUTPUT, Refusal, Says, Talk, list, retry_after,
    seconds_from_now, text_of, texts,
};
use crate::{
    mode::Failure,
    tools::{Call, Tool},
};

/// `POST /v1/messages`, and `/v1/messages/count_tokens`.
pub(crate) struct Messages;

impl Api for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn read(&self, _path: &str, body: &Value) -> Asked {
        let tools = list(&body["tools"]).iter();
        Asked {
            stream: body["stream"] == true,
            model: body["model"].as_str().unwrap_or("fake").to_owned(),
            talk: talk(list(&body["messages"])),
            tools: tools.filter_map(|tool| Tool::of(&tool["name"], &tool["input_schema"])).collect(),
            form: None,
        }
    }

    fn whole(&self, answer: &Answer) -> Value {
        let block = match &answer.says {
            Says::Text(text) | Says::Cut(text) => json!({ "type": "text", "text": text }),
            Says::Call(call) => tool_use(answer.id, call, &call.arguments),
        };
        let mut message = message(answer);
        message["content"] = json!([block]);
        message["stop_reason"] = reason(&answer.says).into();
        message["usage"]["output_tokens"] = OUTPUT.into();
        message
    }

    fn frames(&self, answer: &Answer, pieces: &[String]) -> Vec<Frame> {
        let delta =
            |delta: Value| Frame::named("content_block_delta", json!({ "index": 0, "delta": delta })).piece();
        let (block, deltas): (Value, Vec<Frame>) = match &answer.says {
            Says::Text(_) | Says::Cut(_) => {
                let text = |piece| delta(json!({ "type": "text_delta", "text": piece }));
                (json!({ "type": "text", "text": "" }), pieces.iter().map(text).collect())
            }
            Says::Call(call) => {
                let text = call.arguments.to_string();
                let deltas = vec![delta(json!({ "type": "input_json_delta", "partial_json": text }))];
                (tool_use(answer.id, call, &json!({})), deltas)
            }
        };
        let end = json!({ "stop_reason": reason(&answer.says), "stop_sequence": null });
        let mut frames = vec![
            Frame::named("message_start", json!({ "message": message(answer) })),
            Frame::named("content_block_start", json!({ "index": 0, "content_block": block })),
        ];
        frames.extend(deltas);
        frames.extend([
            Frame::named("content_block_stop", json!({ "index": 0 })),
            Frame::named("message_delta", json!({ "delta": end, "usage": { "output_tokens": OUTPUT } })),
            Frame::named("message_stop", json!({})),
        ]);
        frames
    }

    fn refuse(&self, _asked: &Asked, failure: Failure, after: Option<&str>) -> Refusal {
        let (status, kind, message) = words(failure);
        let headers = match failure {
            Failure::Quota => quota(after),
            _ => after.filter(|_| failure.passes()).map_or_else(String::new, retry_after),
        };
        let error = json!({ "type": kind, "message": message });
        Refusal::Http { status, headers, body: json!({ "type": "error", "error": error }) }
    }

    fn count(&self) -> Value {
        json!({ "input_tokens": INPUT })
    }
}

/// A message may hold results of tools, texts, or both; the results come first. Claude puts what the user said after
/// a turn that came to nothing into the message of that turn, so each text is a message of its own here.
fn talk(messages: &[Value]) -> Talk {
    let mut talk = Talk::default();
    for message in messages.iter().filter(|message| message["role"] == "user") {
        let results = list(&message["content"]).iter().filter(|part| part["type"] == "tool_result");
        for result in results {
            talk.result(text_of(&result["content"]));
        }
        for text in texts(&message["content"]) {
            talk.user(&json!(text));
        }
    }
    talk
}

/// A message that says nothing yet.
fn message(answer: &Answer) -> Value {
    let usage = json!({
        "input_tokens": INPUT, "cache_creation_input_tokens": 0, "cache_read_input_tokens": CACHED,
        "output_tokens": 1,
    });
    json!({
        "id": format!("msg_{}", answer.id), "type": "message", "role": "assistant", "model": answer.model,
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
    })
}

fn tool_use(id: u64, call: &Call, input: &Value) -> Value {
    json!({ "type": "tool_use", "id": format!("toolu_{id}"), "name": call.name, "input": input })
}

fn reason(says: &Says) -> &'static str {
    match says {
        Says::Text(_) => "end_turn",
        Says::Cut(_) => "max_tokens",
        Says::Call(_) => "tool_use",
    }
}

/// What a subscription's limit looks like.
fn quota(after: Option<&str>) -> String {
    let reset = seconds_from_now(after);
    format!(
        "anthropic-ratelimit-unified-status: rejected\r\n\
         anthropic-ratelimit-unified-representative-claim: five_hour\r\n\
         anthropic-ratelimit-unified-reset: {reset}\r\n"
    )
}

fn words(failure: Failure) -> (u16, &'static str, &'static str) {
    match failure {
        Failure::RateLimit => {
            (429, "rate_limit_error", "This request would exceed your organization's rate limit")
        }
        Failure::Quota => (429, "rate_limit_error", "This request would exceed your account's rate limit"),
        Failure::Server => (500, "api_error", "Internal server error"),
        Failure::Unavailable => (503, "api_error", "Service unavailable"),
        Failure::Overloaded => (529, "overloaded_error", "Overloaded"),
        Failure::BadRequest => (400, "invalid_request_error", "The request is not valid"),
        Failure::Key => (401, "authentication_error", "invalid x-api-key"),
        Failure::Context => {
            (400, "invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, Api, Asked, Call, Failure, Messages, Refusal, Says};

    #[test]
    fn a_request() {
        let asked = Messages.read("", &json!({
            "model": "m", "stream": true,
            "tools": [{"name": "Bash", "input_schema": {"type": "object"}}],
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "<system-reminder>x</system-reminder>"},
                    {"type": "text", "text": "one"}]},
                {"role": "system", "content": "not the user's"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1"}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "r"}]},
                    {"type": "text", "text": "<system-reminder>y</system-reminder>"}]},
            ],
        }));
        assert_eq!((asked.stream, asked.model.as_str(), asked.tools[0].name.as_str()), (true, "m", "Bash"));
        assert_eq!((asked.talk.users, asked.talk.results), (vec!["one".to_owned()], vec!["r".to_owned()]));
    }

    #[test]
    fn a_turn_that_came_to_nothing_is_in_the_message_of_the_next() {
        let parts =
            ["one", "[Request interrupted by user]", "two"].map(|text| json!({"type": "text", "text": text}));
        let asked = Messages.read("", &json!({"messages": [{"role": "user", "content": parts}]}));
        assert_eq!(asked.talk.users, ["one", "two"]);
    }

    fn answer(says: Says) -> Answer {
        Answer { id: 7, model: "m".to_owned(), says }
    }

    #[test]
    fn a_text() {
        let answer = answer(Says::Text("ab".to_owned()));
        let whole = Messages.whole(&answer);
        assert_eq!(whole["content"], json!([{"type": "text", "text": "ab"}]));
        assert_eq!(
            (&whole["stop_reason"], &whole["usage"]["output_tokens"]),
            (&json!("end_turn"), &json!(20))
        );
        let frames = Messages.frames(&answer, &["a".to_owned(), "b".to_owned()]);
        let names: Vec<_> = frames.iter().filter_map(|frame| frame.name).collect();
        assert_eq!(
            names,
            [
                "message_start",
                "content_block_start",
                "content_block_delta",
                "content_block_delta",
                "content_block_stop",
                "message_delta",
                "message_stop",
            ]
        );
        assert_eq!(frames[3].data["delta"], json!({"type": "text_delta", "text": "b"}));
        assert!(frames.iter().all(|frame| frame.data["type"] == frame.name.unwrap()));
    }

    #[test]
    fn a_call() {
        let arguments = json!({"command": "ls"});
        let answer = answer(Says::Call(Call { name: "Bash".to_owned(), arguments: arguments.clone() }));
        let whole = Messages.whole(&answer);
        let block = json!({"type": "tool_use", "id": "toolu_7", "name": "Bash", "input": arguments});
        assert_eq!((&whole["content"][0], &whole["stop_reason"]), (&block, &json!("tool_use")));
        let frames = Messages.frames(&answer, &[]);
        assert_eq!(frames[1].data["content_block"]["input"], json!({}));
        assert_eq!(frames[2].data["delta"]["partial_json"], arguments.to_string());
    }

    #[test]
    fn failures() {
        let refuse = |failure| Messages.refuse(&Asked::default(), failure, Some("3"));
        let Refusal::Http { status, headers, body } = refuse(Failure::Overloaded) else { panic!() };
        assert_eq!((status, headers.as_str()), (529, "Retry-After: 3\r\n"));
        assert_eq!(body["error"]["type"], "overloaded_error");
        let Refusal::Http { status, headers, .. } = refuse(Failure::Key) else { panic!() };
        assert_eq!((status, headers.as_str()), (401, ""));
    }
}
