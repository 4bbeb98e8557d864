//! The Agent Client Protocol, version 1 (<https://agentclientprotocol.com>): sessions, and prompts in them.
//!
//! Measured with gemini 0.61.0, qwen 0.15.10, opencode 1.18.33 and copilot 1.0.102. The end of a turn is the answer to our own
//! `session/prompt`; what comes before are updates. We offer no files and no terminal: whoever asks for them is told so.

mod permission;
mod said;
mod session;
mod usage;

use super::asked::{self, Asked};
use super::json::{Fields, Value, json};
use super::permit;
use super::post::{Ended, Heard, Post};
use super::rpc::{self, Incoming, Refusal, Rpc};
use super::{CannotCarry, Speaks};
use crate::message::{Outcome, Step};
use crate::spec::{AgentSpec, Allow, ToolSpec};
use permission::Request;
use regex::Regex;
use said::Said;
use session::{Abilities, refused};
use std::path::PathBuf;
use std::sync::Arc;
use usage::Meter;

/// The line that begins a new session.
const NEW: &str = "/new";

/// What a text of ours begins with if it would be taken for a command otherwise: a zero width space. Agents pass over a
/// blank in front of a command, but this is none.
const INERT: char = '\u{200b}';

/// What commands begin with.
const MARKS: [char; 3] = ['/', '$', '!'];

/// The state of a conversation.
#[derive(Debug)]
pub(super) struct Acp {
    spec: Arc<ToolSpec>,
    rpc: Rpc,
    allow: Allow,
    folder: PathBuf,
    settings: Settings,
    /// The session to go on with.
    take_up: Option<Arc<str>>,
    abilities: Abilities,
    session: Option<String>,
    expected: Awaited,
    asked: Asked<Request>,
    said: Said,
    meter: Meter,
}

/// What a profile says about an agent beyond the protocol.
#[derive(Debug)]
struct Settings {
    /// The mode that each session is put into.
    mode: Option<String>,
    /// A turn that ends well without a token of its model has failed.
    counts_every_turn: bool,
}

/// What the other side owes us: the answer to a request of this number.
#[derive(Debug)]
enum Awaited {
    Nothing,
    Greeting(u64),
    OldSession { request: u64, session: Arc<str> },
    Session { request: u64, is_turn: bool },
    Mode { request: u64, is_turn: bool },
    Prompt { request: u64, of: Prompt },
}

/// The prompt that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prompt {
    Text,
    Command,
    Cancelled,
}

impl Acp {
    pub(super) fn new(spec: &Arc<ToolSpec>, agent: &AgentSpec, take_up: Option<Arc<str>>) -> Self {
        let setting = |name| agent.settings.get(name);
        let notes = setting(AgentSpec::ACP_NOTES).and_then(Value::as_str);
        let notes = notes.and_then(|pattern| Regex::new(pattern).ok());
        Self {
            spec: spec.clone(),
            rpc: Rpc::default(),
            allow: agent.allow,
            // Whoever starts the process has made it absolute.
            folder: spec.cwd.clone().unwrap_or_else(|| PathBuf::from("/")),
            settings: Settings {
                mode: setting(AgentSpec::ACP_MODE).and_then(Value::as_str).map(str::to_owned),
                counts_every_turn: setting(AgentSpec::ACP_COUNTS).and_then(Value::as_bool) == Some(true),
            },
            take_up,
            abilities: Abilities::default(),
            session: None,
            expected: Awaited::Nothing,
            asked: Asked::default(),
            said: Said::new(notes),
            meter: Meter::new(setting(AgentSpec::ACP_USAGE).and_then(Value::as_str)),
        }
    }

    fn answered(&mut self, id: u64, result: Result<&Value, Refusal>, post: &mut Post) {
        match &self.expected {
            Awaited::Greeting(request) if *request == id => self.greeted(result, post),
            Awaited::OldSession { request, session } if *request == id => match result {
                Ok(_) => {
                    let session = session.to_string();
                    post.tell(Heard::TakenUp);
                    self.meter.session(true);
                    self.in_session(session, false, post);
                }
                // It is not there any more: a new one will do, and whoever misses the old one is told.
                Err(_) => self.new_session(false, post),
            },
            Awaited::Session { request, is_turn } if *request == id => {
                let is_turn = *is_turn;
                match result.map(|result| result.text(&["sessionId"])) {
                    Ok(Some(session)) => {
                        self.meter.session(false);
                        self.in_session(session.to_owned(), is_turn, post);
                    }
                    Ok(None) => post.tell(Heard::Broken("session/new: an answer without an id".into())),
                    Err(refusal) => post.tell(Heard::Broken(refused("session/new", &refusal))),
                }
            }
            Awaited::Mode { request, is_turn } if *request == id => match result {
                Ok(_) => self.settled(*is_turn, post),
                Err(refusal) => post.tell(Heard::Broken(refused("session/set_mode", &refusal))),
            },
            Awaited::Prompt { request, of } if *request == id => self.ended(*of, result, post),
            _ => {}
        }
    }

    /// The end of a turn: version 2 of the protocol will tell it by an update instead, and end up here, too.
    fn ended(&mut self, of: Prompt, result: Result<&Value, Refusal>, post: &mut Post) {
        self.expected = Awaited::Nothing;
        self.asked.take().for_each(|request| request.cancel(post));
        let usage = self.meter.end(result.as_ref().map_or(&Value::Null, |result| result));
        let (evidence, failure) = match result {
            Ok(result) => {
                let reason = result.text(&["stopReason"]).unwrap_or("none");
                (reason.to_owned(), stopped(reason))
            }
            Err(refusal) => ("an error".to_owned(), Some(failed(&refusal))),
        };
        let counted_none = self.settings.counts_every_turn
            && of == Prompt::Text
            && usage.as_ref().is_some_and(|usage| usage.output == Some(0));
        let (failure, reset) = match (failure, self.said.failure()) {
            (None, Some((failure, reset))) => (Some(failure), reset),
            (None, None) if counted_none => {
                (Some((Outcome::Error, "no answer of its model came to its end".to_owned())), None)
            }
            (failure, _) => (failure, None),
        };
        let evidence = format!("the answer to session/prompt: {evidence}");
        post.tell(Heard::End(Ended { evidence, text: None, failure, reset, usage }));
    }

    fn updated(&mut self, params: &Value, post: &mut Post) {
        if params.text(&["sessionId"]) != self.session.as_deref() {
            return;
        }
        let Some(update) = params.get("update") else { return };
        self.meter.update(update);
        self.said.update(update, &self.spec.turn, post);
    }

    fn requested(&mut self, id: &Value, method: &str, params: &Value, post: &mut Post) {
        if method != "session/request_permission" {
            return rpc::unknown(id, method, post);
        }
        self.said.pause(post);
        let request = Request::read(id, params);
        if matches!(self.expected, Awaited::Prompt { of: Prompt::Cancelled, .. }) {
            return request.cancel(post);
        }
        match permit::decide(self.allow, request.wish) {
            permit::Verdict::Yes => asked::Request::answer(request, true, post),
            permit::Verdict::No => asked::refuse(request, post),
            permit::Verdict::Ask => self.asked.ask(request, post),
        }
    }
}

impl Speaks for Acp {
    fn open(&mut self, post: &mut Post) {
        let request = self.greet(post);
        self.expected = Awaited::Greeting(request);
    }

    fn begin(&mut self, step: Step, post: &mut Post) -> Result<(), CannotCarry> {
        let (text, of) = match step {
            Step::Command(line) if line == NEW => {
                self.new_session(true, post);
                return Ok(());
            }
            Step::Command(line) => (line, Prompt::Command),
            Step::Say(text) if text.trim_start().starts_with(MARKS) => {
                (format!("{INERT}{text}"), Prompt::Text)
            }
            Step::Say(text) => (text, Prompt::Text),
        };
        self.said.begin();
        self.meter.begin();
        let params = json!({"sessionId": self.session, "prompt": [{"type": "text", "text": text}]});
        let request = self.rpc.request("session/prompt", params, post);
        self.expected = Awaited::Prompt { request, of };
        Ok(())
    }

    fn interrupt(&mut self, post: &mut Post) {
        if let Awaited::Prompt { of, .. } = &mut self.expected {
            *of = Prompt::Cancelled;
            // Whoever cancels a turn has to answer all that it asks.
            self.asked.take().for_each(|request| request.cancel(post));
            rpc::notify("session/cancel", json!({"sessionId": self.session}), post);
        }
    }

    fn answer(&mut self, yes: bool, post: &mut Post) {
        self.asked.answer(yes, post);
    }

    fn is_asking(&self) -> bool {
        self.asked.is_open()
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
        match self.expected {
            Awaited::Greeting(_) => "the answer to \"initialize\"",
            Awaited::OldSession { .. } => "the answer to \"session/resume\" or \"session/load\"",
            Awaited::Session { .. } => "the answer to \"session/new\"",
            Awaited::Mode { .. } => "the answer to \"session/set_mode\"",
            Awaited::Prompt { .. } => "the answer to \"session/prompt\"",
            Awaited::Nothing => "nothing",
        }
    }
}

/// What a turn that has been refused is worth.
fn failed(refusal: &Refusal) -> (Outcome, String) {
    let outcome = if refusal.code == 429 { Outcome::Limited } else { Outcome::Error };
    (outcome, super::excerpt(&refusal.to_string()))
}

/// What the reason for a turn's end means; nothing if it is a good one.
fn stopped(reason: &str) -> Option<(Outcome, String)> {
    let outcome = match reason {
        "end_turn" => return None,
        "max_tokens" => Outcome::ContextFull,
        _ => Outcome::Error,
    };
    Some((outcome, format!("it stopped: {}", reason.replace('_', " "))))
}
