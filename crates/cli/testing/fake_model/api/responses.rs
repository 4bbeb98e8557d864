//! OpenAI's Responses API, which codex speaks.

use serde_json::{Value, json};

use super::{
    Answer, Api, Asked, CACHED, Frame, INPUT, OUTPUT, REASONING, Refusal, Says, Talk, list, retry_after,
    seconds_from_now, text_of,
};
use crate::{
    answer::error,
    mode::Failure,
    state::micros,
    tools::{Call, Tool},
};

/// `POST /v1/responses`.
pub(crate) struct Responses;

impl Api for Responses {
    fn name(&self) -> &'static str {
        "responses"
    }

    fn read(&self, _path: &str, body: &Value) -> Asked {
        Asked {
            stream: body["stream"] == true,
            model: body["model"].as_str().unwrap_or("fake").to_owned(),
            talk: talk(&body["input"]),
            tools: list(&body["tools"]).iter().flat_map(declared).collect(),
            form: None,
        }
    }

    fn whole(&self, answer: &Answer) -> Value {
        let mut response = response(&format!("resp_{}", answer.id), &answer.model);
        response["output"] = json!([item(answer)]);
        response["status"] = "completed".into();
        if matches!(answer.says, Says::Cut(_)) {
            response["status"] = "incomplete".into();
            response["incomplete_details"] = json!({ "reason": "max_output_tokens" });
        }
        response["usage"] = json!({
            "input_tokens": INPUT, "input_tokens_details": { "cached_tokens": CACHED },
            "output_tokens": OUTPUT, "output_tokens_details": { "reasoning_tokens": REASONING },
            "total_tokens": INPUT + OUTPUT,
        });
        response
    }

    fn frames(&self, answer: &Answer, pieces: &[String]) -> Vec<Frame> {
        let whole = self.whole(answer);
        let begun = response(&format!("resp_{}", answer.id), &answer.model);
        let mut frames = vec![
            Frame::named("response.created", json!({ "response": begun })),
            Frame::named("response.in_progress", json!({ "response": begun })),
        ];
        let item = &whole["output"][0];
        frames.extend(match &answer.says {
            Says::Text(text) | Says::Cut(text) => text_frames(item, text, pieces),
            Says::Call(call) => call_frames(item, call),
        });
        frames.push(Frame::named("response.output_item.done", json!({ "output_index": 0, "item": item })));
        let end = match &answer.says {
            Says::Cut(_) => "response.incomplete",
            Says::Text(_) | Says::Call(_) => "response.completed",
        };
        frames.push(Frame::named(end, json!({ "response": whole })));
        numbered(frames)
    }

    /// A conversation that is too long is found out only when the answer has begun.
    fn refuse(&self, asked: &Asked, failure: Failure, after: Option<&str>) -> Refusal {
        let (status, message, code) = failure.parts();
        if failure == Failure::Context && asked.stream {
            let mut response = response("resp_failed", &asked.model);
            response["status"] = "failed".into();
            response["error"] = json!({ "code": code, "message": message });
            return Refusal::Stream(numbered(vec![Frame::named(
                "response.failed",
                json!({ "response": response }),
            )]));
        }
        let headers = after.filter(|_| failure.passes()).map_or_else(String::new, retry_after);
        let mut body = error(message, code);
        if failure == Failure::Quota {
            body["error"]["plan_type"] = "plus".into();
            body["error"]["resets_at"] = seconds_from_now(after).into();
        }
        Refusal::Http { status, headers, body }
    }

    fn count(&self) -> Value {
        json!({ "object": "response.input_tokens", "input_tokens": INPUT })
    }
}

/// The tools of a declaration; those in a namespace are called `NAMESPACE/NAME` here.
fn declared(tool: &Value) -> Vec<Tool> {
    let of = |name: &Value, tool: &Value| Tool::of(name, &tool["parameters"]);
    match (tool["type"].as_str(), tool["name"].as_str()) {
        (Some("function"), _) => of(&tool["name"], tool).into_iter().collect(),
        (Some("namespace"), Some(space)) => {
            let name = |tool: &Value| json!(format!("{space}/{}", tool["name"].as_str().unwrap_or_default()));
            list(&tool["tools"]).iter().filter_map(|tool| of(&name(tool), tool)).collect()
        }
        _ => Vec::new(),
    }
}

fn talk(input: &Value) -> Talk {
    let mut talk = Talk::default();
    if input.is_string() {
        talk.user(input);
    }
    for item in list(input) {
        match item["type"].as_str() {
            Some("function_call_output" | "custom_tool_call_output") => talk.result(text_of(&item["output"])),
            _ if item["role"] == "user" => talk.user(&item["content"]),
            _ => {}
        }
    }
    talk
}

/// A response that has only begun.
fn response(id: &str, model: &str) -> Value {
    json!({
        "id": id, "object": "response", "created_at": micros() / 1_000_000, "model": model,
        "status": "in_progress", "output": [], "error": null, "incomplete_details": null, "usage": null,
        "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "metadata": {},
    })
}

fn item(answer: &Answer) -> Value {
    match &answer.says {
        Says::Text(text) | Says::Cut(text) => json!({
            "id": format!("msg_{}", answer.id), "type": "message", "status": "completed",
            "role": "assistant", "content": [part(text)],
        }),
        Says::Call(call) => {
            let (space, name) = call.name.split_once('/').unzip();
            let mut item = json!({
                "id": format!("fc_{}", answer.id), "type": "function_call", "status": "completed",
                "call_id": format!("call_{}", answer.id), "name": name.unwrap_or(&call.name),
                "arguments": call.arguments.to_string(),
            });
            if let Some(space) = space {
                item["namespace"] = space.into();
            }
            item
        }
    }
}

fn part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [] })
}

fn text_frames(item: &Value, text: &str, pieces: &[String]) -> Vec<Frame> {
    let place = |name, mut data: Value| {
        data["item_id"] = item["id"].clone();
        data["output_index"] = 0.into();
        data["content_index"] = 0.into();
        Frame::named(name, data)
    };
    let mut frames = vec![
        added(item, "content", json!([])),
        place("response.content_part.added", json!({ "part": part("") })),
    ];
    let delta = |piece| place("response.output_text.delta", json!({ "delta": piece })).piece();
    frames.extend(pieces.iter().map(delta));
    frames.push(place("response.output_text.done", json!({ "text": text })));
    frames.push(place("response.content_part.done", json!({ "part": part(text) })));
    frames
}

fn call_frames(item: &Value, call: &Call) -> Vec<Frame> {
    let place =
        |key: &str| json!({ "item_id": item["id"], "output_index": 0, key: call.arguments.to_string() });
    vec![
        added(item, "arguments", json!("")),
        Frame::named("response.function_call_arguments.delta", place("delta")).piece(),
        Frame::named("response.function_call_arguments.done", place("arguments")),
    ]
}

/// The item as it begins, with nothing in this field.
fn added(item: &Value, field: &str, nothing: Value) -> Frame {
    let mut item = item.clone();
    item["status"] = "in_progress".into();
    item[field] = nothing;
    Frame::named("response.output_item.added", json!({ "output_index": 0, "item": item }))
}

fn numbered(mut frames: Vec<Frame>) -> Vec<Frame> {
    for (number, frame) in frames.iter_mut().enumerate() {
        frame.data["sequence_number"] = number.into();
    }
    frames
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, Api, Asked, Call, Failure, Refusal, Responses, Says};

    #[test]
    fn a_request() {
        let text = |role: &str, text: &str| json!({"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]});
        let asked = Responses.read("", &json!({
            "model": "m", "stream": true,
            "tools": [{"type": "function", "name": "exec_command", "parameters": {}}, {"type": "web_search"}],
            "input": [
                text("developer", "rules"),
                text("user", "<environment_context>\n</environment_context>"),
                text("user", "one"),
                {"type": "function_call", "call_id": "call_1"},
                {"type": "function_call_output", "call_id": "call_1", "output": "r"},
            ],
        }));
        assert_eq!((asked.stream, asked.tools.len()), (true, 1));
        assert_eq!((asked.talk.users, asked.talk.results), (vec!["one".to_owned()], vec!["r".to_owned()]));
        assert_eq!(Responses.read("", &json!({"input": "hi"})).talk.last(), "hi");
    }

    fn names(says: Says, pieces: &[String]) -> Vec<&'static str> {
        let frames = Responses.frames(&Answer { id: 7, model: "m".to_owned(), says }, pieces);
        assert!(frames.iter().enumerate().all(|(at, frame)| frame.data["sequence_number"] == at));
        frames.iter().filter_map(|frame| frame.name?.strip_prefix("response.")).collect()
    }

    #[test]
    fn a_text() {
        assert_eq!(
            names(Says::Text("a".to_owned()), &["a".to_owned()]),
            [
                "created",
                "in_progress",
                "output_item.added",
                "content_part.added",
                "output_text.delta",
                "output_text.done",
                "content_part.done",
                "output_item.done",
                "completed",
            ]
        );
        assert_eq!(names(Says::Cut("a".to_owned()), &[]).last(), Some(&"incomplete"));
        let whole =
            Responses.whole(&Answer { id: 7, model: "m".to_owned(), says: Says::Text("a".to_owned()) });
        assert_eq!(whole["output"][0]["content"][0]["text"], "a");
        assert_eq!(whole["usage"]["total_tokens"], 120);
    }

    #[test]
    fn a_call() {
        let call = Call { name: "exec_command".to_owned(), arguments: json!({"cmd": "ls"}) };
        assert_eq!(
            names(Says::Call(call), &[]),
            [
                "created",
                "in_progress",
                "output_item.added",
                "function_call_arguments.delta",
                "function_call_arguments.done",
                "output_item.done",
                "completed",
            ]
        );
    }

    #[test]
    fn failures() {
        let refuse =
            |stream, failure| Responses.refuse(&Asked { stream, ..Asked::default() }, failure, Some("0"));
        let Refusal::Http { status, headers, body } = refuse(true, Failure::RateLimit) else { panic!() };
        assert_eq!((status, headers.as_str()), (429, "Retry-After: 0\r\n"));
        assert_eq!(body["error"]["code"], "rate_limit_exceeded");
        let Refusal::Stream(frames) = refuse(true, Failure::Context) else { panic!() };
        assert_eq!(frames[0].data["response"]["error"]["code"], "context_length_exceeded");
        assert!(matches!(refuse(false, Failure::Context), Refusal::Http { status: 400, .. }));
    }
}
