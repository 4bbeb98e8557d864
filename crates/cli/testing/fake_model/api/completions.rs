//! OpenAI's older API, of chats, as agents speak it who declare tools: qwen, opencode, copilot.

use serde_json::{Value, json};

use super::{
    Answer, Api, Asked, CACHED, Frame, INPUT, OUTPUT, REASONING, Refusal, Says, Talk, list, retry_after,
    text_of,
};
use crate::{
    answer::error,
    mode::Failure,
    state::micros,
    tools::{Call, Tool},
};

/// `POST /v1/chat/completions` with tools.
pub(crate) struct Completions;

impl Api for Completions {
    fn name(&self) -> &'static str {
        "chat"
    }

    fn read(&self, _path: &str, body: &Value) -> Asked {
        let tools = list(&body["tools"]).iter().map(|tool| &tool["function"]);
        Asked {
            stream: body["stream"] == true,
            model: body["model"].as_str().unwrap_or("fake").to_owned(),
            talk: talk(list(&body["messages"])),
            tools: tools.filter_map(|tool| Tool::of(&tool["name"], &tool["parameters"])).collect(),
            form: None,
        }
    }

    fn whole(&self, answer: &Answer) -> Value {
        let mut message = json!({ "role": "assistant", "content": answer.says.text() });
        if let Says::Call(call) = &answer.says {
            message["content"] = Value::Null;
            message["tool_calls"] = json!([tool_call(answer.id, call)]);
        }
        let choice = json!({ "index": 0, "finish_reason": reason(&answer.says), "message": message });
        let mut body = object(answer, "chat.completion", &[choice]);
        body["usage"] = usage();
        body
    }

    fn frames(&self, answer: &Answer, pieces: &[String]) -> Vec<Frame> {
        let chunk = |delta: Value, reason: Option<&str>| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
            frame(object(answer, "chat.completion.chunk", &[choice]))
        };
        let mut frames = vec![chunk(json!({ "role": "assistant", "content": "" }), None)];
        if let Says::Call(call) = &answer.says {
            let mut call = tool_call(answer.id, call);
            call["index"] = 0.into();
            frames.push(chunk(json!({ "tool_calls": [call] }), None).piece());
        }
        let text = |piece: &String| chunk(json!({ "content": piece }), None).piece();
        frames.extend(pieces.iter().map(text));
        frames.push(chunk(json!({}), Some(reason(&answer.says))));
        let mut last = object(answer, "chat.completion.chunk", &[]);
        last["usage"] = usage();
        frames.push(frame(last));
        frames.push(frame("[DONE]".into()));
        frames
    }

    fn refuse(&self, _asked: &Asked, failure: Failure, after: Option<&str>) -> Refusal {
        let (status, message, code) = failure.parts();
        let headers = after.filter(|_| failure.passes()).map_or_else(String::new, retry_after);
        Refusal::Http { status, headers, body: error(message, code) }
    }

    fn count(&self) -> Value {
        error("chats are not counted", "not_found")
    }
}

fn talk(messages: &[Value]) -> Talk {
    let mut talk = Talk::default();
    for message in messages {
        match message["role"].as_str() {
            Some("user") => talk.user(&message["content"]),
            Some("tool") => talk.result(text_of(&message["content"])),
            _ => {}
        }
    }
    talk
}

fn frame(data: Value) -> Frame {
    Frame { name: None, data, piece: false }
}

fn object(answer: &Answer, kind: &str, choices: &[Value]) -> Value {
    json!({
        "id": format!("chatcmpl-{}", answer.id), "object": kind, "created": micros() / 1_000_000,
        "model": answer.model, "choices": choices,
    })
}

fn tool_call(id: u64, call: &Call) -> Value {
    let function = json!({ "name": call.name, "arguments": call.arguments.to_string() });
    json!({ "id": format!("call_{id}"), "type": "function", "function": function })
}

fn usage() -> Value {
    json!({
        "prompt_tokens": INPUT, "prompt_tokens_details": { "cached_tokens": CACHED },
        "completion_tokens": OUTPUT, "completion_tokens_details": { "reasoning_tokens": REASONING },
        "total_tokens": INPUT + OUTPUT,
    })
}

fn reason(says: &Says) -> &'static str {
    match says {
        Says::Text(_) => "stop",
        Says::Cut(_) => "length",
        Says::Call(_) => "tool_calls",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, Api, Call, Completions, Says};

    #[test]
    fn a_request() {
        let asked = Completions.read(
            "",
            &json!({
                "model": "m", "stream": true,
                "tools": [{"type": "function", "function": {"name": "bash", "parameters": {}}}],
                "messages": [
                    {"role": "system", "content": "rules"},
                    {"role": "user", "content": "<current_datetime>now</current_datetime>\n\none"},
                    {"role": "assistant", "content": null, "tool_calls": []},
                    {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "r"}]},
                ],
            }),
        );
        assert_eq!((asked.stream, asked.tools.len()), (true, 1));
        assert_eq!((asked.talk.users, asked.talk.results), (vec!["one".to_owned()], vec!["r".to_owned()]));
    }

    #[test]
    fn a_text() {
        let answer = Answer { id: 7, model: "m".to_owned(), says: Says::Cut("ab".to_owned()) };
        let frames = Completions.frames(&answer, &["a".to_owned(), "b".to_owned()]);
        assert_eq!(frames.len(), 6);
        assert_eq!(frames[2].data["choices"][0]["delta"], json!({"content": "b"}));
        assert_eq!(frames[3].data["choices"][0]["finish_reason"], "length");
        assert_eq!(frames[4].data["usage"]["total_tokens"], 120);
        assert_eq!(frames[5].data, json!("[DONE]"));
    }

    #[test]
    fn a_call() {
        let call = Call { name: "bash".to_owned(), arguments: json!({"command": "ls"}) };
        let answer = Answer { id: 7, model: "m".to_owned(), says: Says::Call(call) };
        let whole = Completions.whole(&answer);
        let function = json!({"name": "bash", "arguments": r#"{"command":"ls"}"#});
        let message = &whole["choices"][0]["message"];
        assert_eq!((&message["content"], &message["tool_calls"][0]["function"]), (&json!(null), &function));
        let frames = Completions.frames(&answer, &[]);
        assert_eq!(frames[1].data["choices"][0]["delta"]["tool_calls"][0]["function"], function);
    }
}
