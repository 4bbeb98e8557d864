//! `codex app-server`: JSON-RPC with threads, and turns in them.
//!
//! Measured with codex 0.169.0. The answer to `turn/start` is not the end of the turn: `turn/completed` with its id is. A turn
//! that is begun while another runs would join that one. Tokens are told for the whole thread. What fails is told apart by
//! `codexErrorInfo`.

use super::asked::{self, Asked};
use super::json::{Fields, Value, json};
use super::permit::{self, Verdict, Wish};
use super::post::{Ended, Heard, Post};
use super::rpc::{self, Incoming, Refusal, Rpc};
use super::{CannotCarry, Speaks};
use crate::message::{Outcome, Reset, Step, Usage};
use crate::spec::{AgentSpec, Allow};
use std::path::PathBuf;
use std::sync::Arc;

/// The line that begins a new thread.
const NEW: &str = "/new";

/// The state of a conversation.
#[derive(Debug)]
pub(super) struct AppServer {
    rpc: Rpc,
    allow: Allow,
    /// What a thread is started with.
    thread: Value,
    /// The thread to go on with.
    take_up: Option<Arc<str>>,
    /// The thread's id, once it is there.
    id: Option<String>,
    expected: Awaited,
    asked: Asked<Request>,
    /// The change of files that it began last: its id, and which files.
    change: Option<(String, String)>,
    /// What the thread had taken when the turn began.
    before: Option<[u64; 2]>,
    /// What it has taken by now.
    total: Option<[u64; 2]>,
    /// When the limit that is used up is over, in seconds since 1970.
    reset: Option<u64>,
}

/// What the other side owes us.
#[derive(Debug)]
enum Awaited {
    Nothing,
    /// The answer to the greeting, of this number.
    Greeting(u64),
    /// The answer to `thread/start`; at the start, or as a turn.
    Thread {
        request: u64,
        is_turn: bool,
    },
    /// The answer to `thread/resume`.
    OldThread(u64),
    /// The end of the turn; its id, once that is known.
    Turn {
        request: u64,
        turn: Option<String>,
        interrupted: bool,
    },
}

/// What it wants leave for.
#[derive(Debug)]
struct Request {
    id: Value,
    /// The words for yes and no.
    words: [&'static str; 2],
    what: String,
}

impl asked::Request for Request {
    const VERB: &'static str = "do this:";

    fn what(&self) -> &str {
        &self.what
    }

    fn answer(self, yes: bool, post: &mut Post) {
        rpc::answer(&self.id, json!({"decision": self.words[usize::from(!yes)]}), post);
    }
}

impl AppServer {
    pub(super) fn new(agent: &AgentSpec, folder: Option<PathBuf>, take_up: Option<Arc<str>>) -> Self {
        let mut thread = Value::Object(agent.settings.clone());
        if let Some(folder) = folder {
            thread["cwd"] = folder.to_string_lossy().into();
        }
        Self {
            rpc: Rpc::default(),
            allow: agent.allow,
            thread,
            take_up,
            id: None,
            expected: Awaited::Nothing,
            asked: Asked::default(),
            change: None,
            before: None,
            total: None,
            reset: None,
        }
    }

    fn start_thread(&mut self, is_turn: bool, post: &mut Post) {
        let request = self.rpc.request("thread/start", self.thread.clone(), post);
        (self.before, self.total) = (None, None);
        self.expected = Awaited::Thread { request, is_turn };
    }

    fn resume_thread(&mut self, thread: &str, post: &mut Post) {
        let mut params = self.thread.clone();
        params["threadId"] = thread.into();
        self.expected = Awaited::OldThread(self.rpc.request("thread/resume", params, post));
    }

    fn in_thread(&mut self, result: &Value, post: &mut Post) {
        self.expected = Awaited::Nothing;
        self.id = result.text(&["thread", "id"]).map(str::to_owned);
        if let Some(id) = &self.id {
            post.tell(Heard::Thread(id.clone()));
        }
    }

    fn answered(&mut self, id: u64, result: Result<&Value, Refusal>, post: &mut Post) {
        match (&mut self.expected, result) {
            (Awaited::Greeting(request), Ok(result)) if *request == id => {
                post.tell_version(result.text(&["userAgent"]).and_then(version));
                rpc::notify("initialized", json!({}), post);
                match self.take_up.take() {
                    Some(thread) => self.resume_thread(&thread, post),
                    None => self.start_thread(false, post),
                }
            }
            (Awaited::OldThread(request), Ok(result)) if *request == id => {
                self.in_thread(result, post);
                post.tell(Heard::TakenUp);
                post.tell(Heard::Ready);
            }
            // The thread is not there any more: a new one will do, and whoever misses the old one is told.
            (Awaited::OldThread(request), Err(_)) if *request == id => self.start_thread(false, post),
            (Awaited::Thread { request, is_turn }, Ok(result)) if *request == id => {
                let is_turn = *is_turn;
                self.in_thread(result, post);
                match (is_turn, &self.id) {
                    (_, None) => post.tell(Heard::Broken("thread/start: an answer without an id".into())),
                    (true, _) => post.tell(Heard::End(Ended {
                        evidence: "the answer to thread/start".into(),
                        ..Ended::default()
                    })),
                    (false, _) => post.tell(Heard::Ready),
                }
            }
            (Awaited::Turn { request, turn, interrupted }, Ok(result)) if *request == id => {
                *turn = result.text(&["turn", "id"]).map(str::to_owned);
                if *interrupted {
                    self.interrupt_turn(post);
                }
            }
            (Awaited::Turn { request, .. }, Err(refusal)) if *request == id => {
                self.ended("the answer to turn/start", Some((Outcome::Error, refusal.to_string())), post);
            }
            (Awaited::Greeting(request) | Awaited::Thread { request, .. }, Err(refusal))
                if *request == id =>
            {
                post.tell(Heard::Broken(format!("it refused to start: {refusal}")));
            }
            _ => {}
        }
    }

    fn interrupt_turn(&mut self, post: &mut Post) {
        let Awaited::Turn { turn, interrupted, .. } = &mut self.expected else { return };
        *interrupted = true;
        // Before its id is known it cannot be named; the answer that brings the id comes here again.
        if let (Some(turn), Some(thread)) = (turn, &self.id) {
            let params = json!({"threadId": thread, "turnId": turn});
            self.rpc.request("turn/interrupt", params, post);
        }
    }

    fn noticed(&mut self, method: &str, params: &Value, post: &mut Post) {
        match method {
            "item/agentMessage/delta" => {
                post.tell(Heard::Text(params.text(&["delta"]).unwrap_or_default().to_owned()));
            }
            "item/completed" if params.text(&["item", "type"]) == Some("agentMessage") => {
                post.tell(Heard::Block(params.text(&["item", "text"]).unwrap_or_default().to_owned()));
            }
            "item/started" if params.text(&["item", "type"]) == Some("fileChange") => {
                self.change = params.text(&["item", "id"]).map(|id| (id.to_owned(), files(params)));
            }
            "thread/tokenUsage/updated" => self.used(params, post),
            "account/rateLimits/updated" => self.reset = used_up(params),
            "error" if params.at(&["willRetry"]).and_then(Value::as_bool) == Some(true) => {
                let said = params.text(&["error", "message"]).unwrap_or("an error");
                let more = params.text(&["error", "additionalDetails"]);
                post.tell(Heard::Throttled(
                    more.map_or_else(|| said.into(), |more| format!("{said}: {more}")),
                ));
            }
            // Ours, once more, or that of somebody else: the turn's end, above all.
            "serverRequest/resolved" => {
                let id = params.get("requestId");
                self.asked.withdraw(|request| Some(&request.id) == id, post);
            }
            "turn/completed" => self.completed(params, post),
            _ => {}
        }
    }

    /// Tokens are told for the thread; those of the turn are what it has taken since it began. The first word of a thread that
    /// goes on from earlier tells what came before, too.
    fn used(&mut self, params: &Value, post: &mut Post) {
        let read = |which: &str| {
            let count = |kind: &str| params.count(&["tokenUsage", which, kind]);
            Some([count("inputTokens")?, count("outputTokens")?])
        };
        let (Some(total), last) = (read("total"), read("last").unwrap_or_default()) else { return };
        let before = self.total.or(self.before);
        let before = before.unwrap_or([total[0].saturating_sub(last[0]), total[1].saturating_sub(last[1])]);
        let began = *self.before.get_or_insert(before);
        self.total = Some(total);
        post.tell(Heard::Usage(Usage {
            input: Some(total[0].saturating_sub(began[0])),
            output: Some(total[1].saturating_sub(began[1])),
            cost_usd: None,
        }));
    }

    fn completed(&mut self, params: &Value, post: &mut Post) {
        let Awaited::Turn { turn, .. } = &self.expected else { return };
        let (named, ours) = (params.text(&["turn", "id"]), turn.as_deref());
        if ours.is_some_and(|ours| named != Some(ours)) || params.text(&["threadId"]) != self.id.as_deref() {
            return;
        }
        let status = params.text(&["turn", "status"]).unwrap_or("without a status");
        let failure = match status {
            "completed" => None,
            "failed" => Some(failure(params.at(&["turn", "error"]).unwrap_or(&Value::Null))),
            other => Some((Outcome::Error, format!("the turn is {other}"))),
        };
        self.ended(&format!("turn/completed: {status}"), failure, post);
    }

    fn ended(&mut self, evidence: &str, failure: Option<(Outcome, String)>, post: &mut Post) {
        self.expected = Awaited::Nothing;
        self.asked.refuse(post);
        post.tell(Heard::End(Ended {
            evidence: evidence.to_owned(),
            failure,
            reset: self.reset.map(|at| Reset::At(at.to_string())),
            ..Ended::default()
        }));
    }

    fn requested(&mut self, id: &Value, method: &str, params: &Value, post: &mut Post) {
        let (wish, words) = match method {
            "item/commandExecution/requestApproval" => (Wish::Act, ["accept", "decline"]),
            "item/fileChange/requestApproval" => (Wish::Edit, ["accept", "decline"]),
            "execCommandApproval" => (Wish::Act, ["approved", "denied"]),
            "applyPatchApproval" => (Wish::Edit, ["approved", "denied"]),
            "mcpServer/elicitation/request" => {
                return rpc::answer(id, json!({"action": "decline"}), post);
            }
            _ => return rpc::unknown(id, method, post),
        };
        let files = self.change.as_ref().filter(|(item, _)| params.text(&["itemId"]) == Some(item));
        let files = files.map(|(_, files)| files.as_str());
        let what = params.text(&["command"]).or(files).or_else(|| params.text(&["reason"]));
        let what = what.unwrap_or("a change of files");
        let request = Request { id: id.clone(), words, what: permit::words(what) };
        match permit::decide(self.allow, wish) {
            Verdict::Yes => asked::Request::answer(request, true, post),
            Verdict::No => asked::refuse(request, post),
            Verdict::Ask => self.asked.ask(request, post),
        }
    }
}

impl Speaks for AppServer {
    fn open(&mut self, post: &mut Post) {
        let client = json!({"name": "cluster", "title": "cluster", "version": env!("CARGO_PKG_VERSION")});
        let request = self.rpc.request("initialize", json!({"clientInfo": client}), post);
        self.expected = Awaited::Greeting(request);
    }

    fn begin(&mut self, step: Step, post: &mut Post) -> Result<(), CannotCarry> {
        let text = match step {
            Step::Command(line) if line == NEW => {
                self.start_thread(true, post);
                return Ok(());
            }
            Step::Command(line) => {
                return Err(CannotCarry(format!("{line:?} is no command here: there is {NEW:?} only")));
            }
            Step::Say(text) => text,
        };
        self.before = self.total;
        let params = json!({"threadId": self.id, "input": [{"type": "text", "text": text}]});
        let request = self.rpc.request("turn/start", params, post);
        self.expected = Awaited::Turn { request, turn: None, interrupted: false };
        Ok(())
    }

    fn interrupt(&mut self, post: &mut Post) {
        self.asked.refuse(post);
        self.interrupt_turn(post);
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
            Incoming::Notice { method, params } => self.noticed(method, params, post),
            Incoming::Request { id, method, params } => self.requested(id, method, params, post),
            Incoming::Other => {}
        }
    }

    fn expects(&self) -> &'static str {
        match self.expected {
            Awaited::Greeting(_) => "the answer to \"initialize\"",
            Awaited::OldThread(_) => "the answer to \"thread/resume\"",
            Awaited::Thread { .. } => "the answer to \"thread/start\"",
            Awaited::Turn { .. } => "\"turn/completed\"",
            Awaited::Nothing => "nothing",
        }
    }
}

/// Which files a change is about.
fn files(params: &Value) -> String {
    let paths = params.list(&["item", "changes"]).iter().filter_map(|change| change.text(&["path"]));
    format!("change {}", paths.collect::<Vec<_>>().join(", "))
}

/// The version in a user agent: `cluster/0.169.0 (Debian …)`.
fn version(agent: &str) -> Option<&str> {
    agent.split_once('/')?.1.split(' ').next()
}

/// What a failed turn failed of. `codexErrorInfo` is a word, or an object of one word and more about it.
fn failure(error: &Value) -> (Outcome, String) {
    let said = super::excerpt(error.text(&["message"]).unwrap_or("the turn failed"));
    let info = error.get("codexErrorInfo").unwrap_or(&Value::Null);
    let (word, more) = match info {
        Value::String(word) => (word.as_str(), &Value::Null),
        Value::Object(object) => {
            object.iter().next().map_or(("", info), |(word, more)| (word.as_str(), more))
        }
        _ => ("", info),
    };
    let outcome = match (word, more.count(&["httpStatusCode"])) {
        ("usageLimitExceeded" | "rateLimitExceeded", _) | (_, Some(429)) => Outcome::Limited,
        ("contextWindowExceeded", _) => Outcome::ContextFull,
        _ => Outcome::Error,
    };
    (outcome, said)
}

/// When the limit that is used up is over, in seconds since 1970: the later one if both are.
fn used_up(params: &Value) -> Option<u64> {
    let over = |which: &str| {
        let limit = params.at(&["rateLimits", which])?;
        let used = limit.at(&["usedPercent"]).and_then(Value::as_f64)?;
        limit.count(&["resetsAt"]).filter(|_| used >= 100.0)
    };
    over("primary").max(over("secondary"))
}
