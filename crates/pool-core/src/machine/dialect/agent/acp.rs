//! The Agent Client Protocol, version 1 (<https://agentclientprotocol.com>): sessions, and prompts in them.
//!
//! Measured with gemini 0.61.0, qwen, opencode, copilot and two adapters. The end of a turn is the answer to our own
//! `session/prompt`; what comes before are updates. Options of a permission are chosen by their kind, for every agent has other
//! ids. We offer no files and no terminal: whoever asks for them is told so.

use super::json::{Fields, Value, json};
use super::permit::{self, Verdict, Wish};
use super::post::{Ended, Heard, Post};
use super::rpc::{self, Incoming, Refusal, Rpc};
use super::{CannotCarry, Speaks};
use crate::message::{Outcome, Step, Usage};
use crate::spec::{AgentSpec, Allow};
use std::path::PathBuf;

/// The version that we speak.
const VERSION: u64 = 1;

/// The line that begins a new session.
const NEW: &str = "/new";

/// A space without width, put before text that would be taken for a command.
const INERT: char = '\u{200b}';

/// The setting that names the mode which a session is put into.
const MODE: &str = "modeId";

/// The state of a conversation.
#[derive(Debug)]
pub(super) struct Acp {
    rpc: Rpc,
    allow: Allow,
    folder: PathBuf,
    mode: Option<String>,
    session: Option<String>,
    awaited: Awaited,
    /// The request that was put as a question, and what to choose for yes and for no.
    asked: Option<(Value, [Value; 2])>,
}

/// What the other side owes us: the answer to a request of this number.
#[derive(Debug)]
enum Awaited {
    Nothing,
    Greeting(u64),
    Session { request: u64, is_turn: bool },
    Mode { request: u64, is_turn: bool },
    Prompt(u64),
}

impl Acp {
    pub(super) fn new(agent: &AgentSpec, folder: Option<PathBuf>) -> Self {
        Self {
            rpc: Rpc::default(),
            allow: agent.allow,
            folder: folder.unwrap_or_else(|| PathBuf::from("/")),
            mode: agent.settings.get(MODE).and_then(Value::as_str).map(str::to_owned),
            session: None,
            awaited: Awaited::Nothing,
            asked: None,
        }
    }

    fn new_session(&mut self, is_turn: bool, post: &mut Post) {
        let params = json!({"cwd": self.folder.to_string_lossy(), "mcpServers": []});
        let request = self.rpc.request("session/new", params, post);
        self.awaited = Awaited::Session { request, is_turn };
    }

    fn answered(&mut self, id: u64, result: Result<&Value, Refusal>, post: &mut Post) {
        match self.awaited {
            Awaited::Greeting(request) if request == id => self.greeted(result, post),
            Awaited::Session { request, is_turn } if request == id => match result {
                Ok(result) => self.in_session(result, is_turn, post),
                Err(refusal) => post.tell(Heard::Broken(format!("session/new: {refusal}"))),
            },
            Awaited::Mode { request, is_turn } if request == id => match result {
                Ok(_) => self.settled(is_turn, post),
                Err(refusal) => post.tell(Heard::Broken(format!("session/set_mode: {refusal}"))),
            },
            Awaited::Prompt(request) if request == id => self.ended(result, post),
            _ => {}
        }
    }

    fn greeted(&mut self, result: Result<&Value, Refusal>, post: &mut Post) {
        match result.map(|result| (result.count(&["protocolVersion"]), result)) {
            Ok((Some(VERSION), result)) => {
                post.tell_version(result.text(&["agentInfo", "version"]));
                self.new_session(false, post);
            }
            Ok((other, _)) => {
                let other = other.map_or_else(|| "none".to_owned(), |version| version.to_string());
                post.tell(Heard::Broken(format!("it speaks version {other} of the protocol, not {VERSION}")));
            }
            Err(refusal) => post.tell(Heard::Broken(format!("initialize: {refusal}"))),
        }
    }

    fn in_session(&mut self, result: &Value, is_turn: bool, post: &mut Post) {
        let Some(session) = result.text(&["sessionId"]) else {
            return post.tell(Heard::Broken("session/new: an answer without an id".into()));
        };
        self.session = Some(session.to_owned());
        let Some(mode) = &self.mode else { return self.settled(is_turn, post) };
        let params = json!({"sessionId": session, "modeId": mode});
        let request = self.rpc.request("session/set_mode", params, post);
        self.awaited = Awaited::Mode { request, is_turn };
    }

    fn settled(&mut self, is_turn: bool, post: &mut Post) {
        self.awaited = Awaited::Nothing;
        if is_turn {
            let evidence = "the answer to session/new".to_owned();
            post.tell(Heard::End(Ended { evidence, ..Ended::default() }));
        } else {
            post.tell(Heard::Ready);
        }
    }

    /// The end of a turn: version 2 of the protocol will tell it by an update instead, and end up here, too.
    fn ended(&mut self, result: Result<&Value, Refusal>, post: &mut Post) {
        self.awaited = Awaited::Nothing;
        self.asked = None;
        let ended = match result {
            Ok(result) => {
                let reason = result.text(&["stopReason"]).unwrap_or("none");
                Ended {
                    evidence: format!("the answer to session/prompt: {reason}"),
                    failure: (reason != "end_turn")
                        .then(|| (Outcome::Error, format!("it stopped: {}", reason.replace('_', " ")))),
                    usage: usage(result),
                    ..Ended::default()
                }
            }
            Err(refusal) => Ended {
                evidence: "the answer to session/prompt: an error".into(),
                failure: Some((
                    if refusal.code == 429 { Outcome::Limited } else { Outcome::Error },
                    super::excerpt(&refusal.to_string()),
                )),
                ..Ended::default()
            },
        };
        post.tell(Heard::End(ended));
    }

    fn updated(&self, params: &Value, post: &mut Post) {
        if params.text(&["sessionId"]) != self.session.as_deref() {
            return;
        }
        match params.text(&["update", "sessionUpdate"]) {
            Some("agent_message_chunk") => {
                if let Some(text) = params.text(&["update", "content", "text"]) {
                    post.tell(Heard::Text(text.to_owned()));
                }
            }
            // What it says after a tool was used is a new paragraph.
            Some("tool_call") => post.tell(Heard::Block(String::new())),
            _ => {}
        }
    }

    fn requested(&mut self, id: &Value, method: &str, params: &Value, post: &mut Post) {
        if method != "session/request_permission" {
            return rpc::unknown(id, method, post);
        }
        let choose = |kinds: [&str; 2]| {
            let option = |kind: &&str| {
                params.list(&["options"]).iter().find(|option| option.text(&["kind"]) == Some(*kind))
            };
            let chosen = kinds.iter().find_map(option).and_then(|option| option.get("optionId"));
            chosen.map_or_else(
                || json!({"outcome": "cancelled"}),
                |id| json!({"outcome": "selected", "optionId": id}),
            )
        };
        let yes = choose(["allow_once", "allow_always"]);
        let no = choose(["reject_once", "reject_always"]);
        let what = params.text(&["toolCall", "title"]).or_else(|| params.text(&["toolCall", "toolCallId"]));
        let what = super::excerpt(what.unwrap_or("something"));
        match permit::decide(self.allow, wish(params.text(&["toolCall", "kind"]))) {
            Verdict::Yes => rpc::answer(id, json!({"outcome": yes}), post),
            Verdict::No => {
                post.tell(Heard::Denied(what));
                rpc::answer(id, json!({"outcome": no}), post);
            }
            Verdict::Ask => {
                post.tell(Heard::Question(format!("may it do this: {what}?")));
                self.asked = Some((id.clone(), [yes, no]));
            }
        }
    }
}

impl Speaks for Acp {
    fn open(&mut self, post: &mut Post) {
        let files = json!({"readTextFile": false, "writeTextFile": false});
        let params = json!({
            "protocolVersion": VERSION,
            "clientCapabilities": {"fs": files, "terminal": false},
            "clientInfo": {"name": "cluster", "version": env!("CARGO_PKG_VERSION")},
        });
        let request = self.rpc.request("initialize", params, post);
        self.awaited = Awaited::Greeting(request);
    }

    fn begin(&mut self, step: Step, post: &mut Post) -> Result<(), CannotCarry> {
        let text = match step {
            Step::Command(line) if line == NEW => {
                self.new_session(true, post);
                return Ok(());
            }
            Step::Command(line) => line,
            // Only what begins with it is a command; spaces in front do not count, and are taken off by gemini.
            Step::Say(text) if text.trim_start().starts_with('/') => format!("{INERT}{text}"),
            Step::Say(text) => text,
        };
        let params = json!({"sessionId": self.session, "prompt": [{"type": "text", "text": text}]});
        let request = self.rpc.request("session/prompt", params, post);
        self.awaited = Awaited::Prompt(request);
        Ok(())
    }

    fn interrupt(&mut self, post: &mut Post) {
        if let Some((id, _)) = self.asked.take() {
            rpc::answer(&id, json!({"outcome": {"outcome": "cancelled"}}), post);
        }
        rpc::notify("session/cancel", json!({"sessionId": self.session}), post);
    }

    fn answer(&mut self, yes: bool, post: &mut Post) {
        if let Some((id, [allow, reject])) = self.asked.take() {
            rpc::answer(&id, json!({"outcome": if yes { allow } else { reject }}), post);
        }
    }

    fn hear(&mut self, message: Value, post: &mut Post) {
        match rpc::read(&message) {
            Incoming::Answer { id, result } => self.answered(id, result, post),
            Incoming::Notice { method: "session/update", params } => self.updated(params, post),
            Incoming::Request { id, method, params } => self.requested(id, method, params, post),
            Incoming::Notice { .. } | Incoming::Other => {}
        }
    }

    fn expects(&self) -> &'static str {
        match self.awaited {
            Awaited::Greeting(_) => "the answer to \"initialize\"",
            Awaited::Session { .. } => "the answer to \"session/new\"",
            Awaited::Mode { .. } => "the answer to \"session/set_mode\"",
            Awaited::Prompt(_) => "the answer to \"session/prompt\"",
            Awaited::Nothing => "nothing",
        }
    }
}

/// What a tool call means, by the kind that the agent gives it.
fn wish(kind: Option<&str>) -> Wish {
    match kind {
        Some("read" | "search" | "think" | "fetch") => Wish::Read,
        Some("edit" | "delete" | "move") => Wish::Edit,
        _ => Wish::Act,
    }
}

/// What the turn took, in one of the two places where agents tell it.
fn usage(result: &Value) -> Option<Usage> {
    let counts = |value: &Value, names: [&str; 2]| {
        let [input, output] = names.map(|name| value.count(&[name]));
        (input.is_some() || output.is_some()).then_some(Usage { input, output, cost_usd: None })
    };
    let standard = result.get("usage").and_then(|usage| counts(usage, ["inputTokens", "outputTokens"]));
    let quota = || counts(result.at(&["_meta", "quota", "token_count"])?, ["input_tokens", "output_tokens"]);
    standard.or_else(quota)
}
