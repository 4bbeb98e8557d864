//! `--input-format stream-json`, the language of `claude` and `qwen`: messages of the user in; messages of the assistant, and a
//! `result` at the end of each turn, out. Control requests go both ways, each with an id.
//!
//! Measured with claude 2.1.329. The order of keys is not fixed, nothing is printed before the first message unless asked for,
//! and a line that is not JSON ends the process. A denied tool is told as success, with the denial in a list; costs count up
//! over the life of the process.

use super::asked::{self, Asked};
use super::json::{Fields, Value, json};
use super::permit::{self, Verdict, Wish};
use super::post::{Ended, Heard, Post};
use super::{CannotCarry, Speaks};
use crate::message::{Outcome, Step, Usage};
use crate::spec::{AgentSpec, Allow};

/// The id of the greeting.
const GREETING: &str = "initialize";

/// The state of a conversation.
#[derive(Debug)]
pub(super) struct StreamJson {
    allow: Allow,
    /// It was started with a conversation to go on with.
    takes_up: bool,
    /// How many control requests were sent.
    requests: u64,
    asked: Asked<Request>,
    /// What all turns together have cost, as told last.
    cost: f64,
}

/// A tool that it wants to use.
#[derive(Debug)]
struct Request {
    id: String,
    /// What is sent back with a yes.
    input: Value,
    what: String,
}

impl asked::Request for Request {
    const VERB: &'static str = "use";

    fn what(&self) -> &str {
        &self.what
    }

    fn answer(self, yes: bool, post: &mut Post) {
        let verdict = if yes {
            let mut verdict = json!({"behavior": "allow"});
            verdict["updatedInput"] = self.input;
            verdict
        } else {
            json!({"behavior": "deny", "message": "not allowed here"})
        };
        let mut response = json!({"subtype": "success", "request_id": self.id});
        response["response"] = verdict;
        post.send(&json!({"type": "control_response", "response": response}));
    }
}

impl StreamJson {
    pub(super) fn new(agent: &AgentSpec, takes_up: bool) -> Self {
        Self { allow: agent.allow, takes_up, requests: 0, asked: Asked::default(), cost: 0.0 }
    }

    fn answered(&self, message: &Value, post: &mut Post) {
        if message.text(&["response", "request_id"]) != Some(GREETING) {
            return;
        }
        match message.text(&["response", "subtype"]) {
            Some("success") => {
                let version = message.text(&["response", "response", "claude_code_version"]);
                post.tell_version(version);
                // A conversation that it does not know ends it before that.
                if self.takes_up {
                    post.tell(Heard::TakenUp);
                }
                post.tell(Heard::Ready);
            }
            _ => {
                let reason = message.text(&["response", "error"]).unwrap_or("it refused the greeting");
                post.tell(Heard::Broken(reason.to_owned()));
            }
        }
    }

    /// It wants something of us. Whatever it is gets an answer: it waits for one without end.
    fn requested(&mut self, message: &Value, post: &mut Post) {
        let Some(id) = message.text(&["request_id"]) else { return };
        let subtype = message.text(&["request", "subtype"]).unwrap_or_default();
        if subtype != "can_use_tool" {
            let error = format!("unknown request: {subtype}");
            let response = json!({"subtype": "error", "request_id": id, "error": error});
            return post.send(&json!({"type": "control_response", "response": response}));
        }
        let tool = message.text(&["request", "tool_name"]).unwrap_or("a tool");
        let input = message.at(&["request", "input"]).cloned().unwrap_or_else(|| json!({}));
        let what = describe(tool, &input);
        let request = Request { id: id.to_owned(), input, what };
        match permit::decide(self.allow, wish(tool)) {
            Verdict::Yes => asked::Request::answer(request, true, post),
            Verdict::No => asked::refuse(request, post),
            Verdict::Ask => self.asked.ask(request, post),
        }
    }

    fn spoke(message: &Value, post: &mut Post) {
        // What a helper of the assistant says is not the reply.
        if message.text(&["parent_tool_use_id"]).is_some() {
            return;
        }
        for part in message.list(&["message", "content"]) {
            if let Some(text) = part.text(&["text"]) {
                post.tell(Heard::Block(text.to_owned()));
            }
        }
    }

    fn event(message: &Value, post: &mut Post) {
        if message.text(&["parent_tool_use_id"]).is_none()
            && let Some(text) = message.text(&["event", "delta", "text"])
        {
            post.tell(Heard::Text(text.to_owned()));
        }
    }

    fn system(message: &Value, post: &mut Post) {
        match message.text(&["subtype"]) {
            Some("api_retry") => {
                let error = message.text(&["error"]).unwrap_or("an error of its service");
                let status = message.count(&["error_status"]).map_or_else(String::new, |it| format!(" {it}"));
                post.tell(Heard::Throttled(format!("{error}{status}, it tries again")));
            }
            Some("init") => {
                if let Some(thread) = message.text(&["session_id"]) {
                    post.tell(Heard::Thread(thread.to_owned()));
                }
            }
            Some("permission_denied") => {
                let tool = message.text(&["tool_name"]).unwrap_or("a tool");
                post.tell(Heard::Denied(tool.to_owned()));
            }
            _ => {}
        }
    }

    fn result(&mut self, message: &Value, post: &mut Post) {
        self.asked.refuse(post);
        if let [.., denied] = message.list(&["permission_denials"]) {
            let tool = denied.text(&["tool_name"]).unwrap_or("a tool");
            let input = denied.at(&["tool_input"]).cloned().unwrap_or_default();
            post.tell(Heard::Denied(describe(tool, &input)));
        }
        let subtype = message.text(&["subtype"]).unwrap_or("result");
        post.tell(Heard::End(Ended {
            evidence: format!("result: {subtype}"),
            text: message.text(&["result"]).map(str::to_owned),
            failure: failure(message, subtype),
            reset: None,
            usage: self.usage(message),
        }));
    }

    /// What the turn took. Tokens are told for each turn, money for all turns of the conversation together.
    fn usage(&mut self, message: &Value) -> Option<Usage> {
        let usage = message.at(&["usage"])?;
        let kinds = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
        let input = kinds.iter().filter_map(|kind| usage.count(&[kind])).reduce(u64::saturating_add);
        let cost_usd = message.at(&["total_cost_usd"]).and_then(Value::as_f64).map(|total| {
            let before = std::mem::replace(&mut self.cost, total);
            // A conversation that has begun anew counts from nothing.
            if total < before { total } else { total - before }
        });
        Some(Usage { input, output: usage.count(&["output_tokens"]), cost_usd })
    }
}

impl Speaks for StreamJson {
    fn open(&mut self, post: &mut Post) {
        let request = json!({"subtype": "initialize"});
        post.send(&json!({"type": "control_request", "request_id": GREETING, "request": request}));
    }

    fn begin(&mut self, step: Step, post: &mut Post) -> Result<(), CannotCarry> {
        let text = match step {
            Step::Command(line) => line,
            // Only what begins with it is a command.
            Step::Say(text) if text.starts_with('/') => format!(" {text}"),
            Step::Say(text) => text,
        };
        let content = json!([{"type": "text", "text": text}]);
        post.send(&json!({"type": "user", "message": {"role": "user", "content": content}}));
        Ok(())
    }

    fn interrupt(&mut self, post: &mut Post) {
        self.asked.refuse(post);
        self.requests += 1;
        let id = format!("interrupt-{}", self.requests);
        let request = json!({"subtype": "interrupt"});
        post.send(&json!({"type": "control_request", "request_id": id, "request": request}));
    }

    fn answer(&mut self, yes: bool, post: &mut Post) {
        self.asked.answer(yes, post);
    }

    fn is_asking(&self) -> bool {
        self.asked.is_open()
    }

    fn hear(&mut self, message: Value, post: &mut Post) {
        match message.text(&["type"]) {
            Some("control_response") => self.answered(&message, post),
            Some("control_request") => self.requested(&message, post),
            Some("control_cancel_request") => {
                let id = message.text(&["request_id"]);
                self.asked.withdraw(|request| Some(request.id.as_str()) == id, post);
            }
            Some("assistant") => Self::spoke(&message, post),
            Some("stream_event") => Self::event(&message, post),
            Some("system") => Self::system(&message, post),
            Some("result") => self.result(&message, post),
            _ => {}
        }
    }

    fn expects(&self) -> &'static str {
        "a message of the type \"result\", or at the start the answer to \"initialize\""
    }
}

/// What using a tool means.
fn wish(tool: &str) -> Wish {
    match tool {
        "Read"
        | "Glob"
        | "Grep"
        | "LS"
        | "NotebookRead"
        | "TodoWrite"
        | "TodoRead"
        | "WebFetch"
        | "WebSearch"
        | "ToolSearch"
        | "read_file"
        | "read_many_files"
        | "list_directory"
        | "glob"
        | "search_file_content"
        | "grep_search" => Wish::Read,
        "Edit" | "MultiEdit" | "Write" | "NotebookEdit" | "edit" | "write_file" | "replace" => Wish::Edit,
        _ => Wish::Act,
    }
}

/// A tool and what it is to be used on, in a line.
fn describe(tool: &str, input: &Value) -> String {
    let object = ["command", "file_path", "path", "url"].iter().find_map(|name| input.text(&[name]));
    let object = match object {
        Some(object) => object.to_owned(),
        None if input.as_object().is_none_or(serde_json::Map::is_empty) => return tool.to_owned(),
        None => input.to_string(),
    };
    format!("{tool}: {}", permit::words(&object))
}

/// What the result itself says about failure: the status of the service first, then its own word.
fn failure(message: &Value, subtype: &str) -> Option<(Outcome, String)> {
    if message.at(&["is_error"]).and_then(Value::as_bool) != Some(true) && subtype == "success" {
        return None;
    }
    let errors = message.list(&["errors"]).iter().filter_map(Value::as_str).next();
    let detail = message.text(&["result"]).or(errors).unwrap_or(subtype);
    let outcome = match message.count(&["api_error_status"]) {
        Some(429) => Outcome::Limited,
        _ => Outcome::Error,
    };
    Some((outcome, super::excerpt(detail)))
}
