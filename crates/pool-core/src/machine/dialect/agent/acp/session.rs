//! How a conversation begins: the greeting, and sessions, old ones and new ones.

use super::{Acp, Awaited};
use crate::machine::dialect::agent::excerpt;
use crate::machine::dialect::agent::json::{Fields, Value, json};
use crate::machine::dialect::agent::post::{Ended, Heard, Post};
use crate::machine::dialect::agent::rpc::Refusal;

/// The version that we speak.
const VERSION: u64 = 1;

/// The code of a refusal that wants a login first, from the protocol's specification.
const LOGIN_WANTED: i64 = -32000;

/// What an agent can do besides, as its greeting tells.
#[derive(Debug, Default)]
pub(super) struct Abilities {
    /// The method that takes up an old session.
    pub(super) take_up: Option<&'static str>,
    pub(super) close: bool,
}

impl Acp {
    pub(super) fn greet(&mut self, post: &mut Post) -> u64 {
        let files = json!({"readTextFile": false, "writeTextFile": false});
        let params = json!({
            "protocolVersion": VERSION,
            "clientCapabilities": {"fs": files, "terminal": false},
            "clientInfo": {"name": "cluster", "version": env!("CARGO_PKG_VERSION")},
        });
        self.rpc.request("initialize", params, post)
    }

    pub(super) fn greeted(&mut self, result: Result<&Value, Refusal>, post: &mut Post) {
        let result = match result {
            Ok(result) => result,
            Err(refusal) => return post.tell(Heard::Broken(refused("initialize", &refusal))),
        };
        let version = result.count(&["protocolVersion"]);
        if version != Some(VERSION) {
            let version = version.map_or_else(|| "none".to_owned(), |version| version.to_string());
            return post
                .tell(Heard::Broken(format!("it speaks version {version} of the protocol, not {VERSION}")));
        }
        post.tell_version(result.text(&["agentInfo", "version"]));
        self.abilities = abilities(result);
        match (self.take_up.take(), self.abilities.take_up) {
            (Some(session), Some(method)) => {
                let params = self.session_params(Some(&session));
                let request = self.rpc.request(method, params, post);
                self.expected = Awaited::OldSession { request, session };
            }
            _ => self.new_session(false, post),
        }
    }

    pub(super) fn new_session(&mut self, is_turn: bool, post: &mut Post) {
        let request = self.rpc.request("session/new", self.session_params(None), post);
        self.expected = Awaited::Session { request, is_turn };
    }

    fn session_params(&self, session: Option<&str>) -> Value {
        let mut params = json!({"cwd": self.folder.to_string_lossy(), "mcpServers": []});
        if let Some(session) = session {
            params["sessionId"] = session.into();
        }
        params
    }

    pub(super) fn in_session(&mut self, session: String, is_turn: bool, post: &mut Post) {
        post.tell(Heard::Thread(session.clone()));
        let mode = self.settings.mode.as_ref().map(|mode| json!({"sessionId": session, "modeId": mode}));
        // Otherwise it would keep them all until its end.
        if let Some(old) = self.session.replace(session).filter(|_| self.abilities.close) {
            self.rpc.request("session/close", json!({"sessionId": old}), post);
        }
        match mode {
            Some(params) => {
                let request = self.rpc.request("session/set_mode", params, post);
                self.expected = Awaited::Mode { request, is_turn };
            }
            None => self.settled(is_turn, post),
        }
    }

    pub(super) fn settled(&mut self, is_turn: bool, post: &mut Post) {
        self.expected = Awaited::Nothing;
        if is_turn {
            let evidence = "the answer to session/new".to_owned();
            post.tell(Heard::End(Ended { evidence, ..Ended::default() }));
        } else {
            post.tell(Heard::Ready);
        }
    }
}

/// What a greeting tells. Taking a session up without hearing all of it again is better.
fn abilities(greeting: &Value) -> Abilities {
    let can = |path: &[&str]| {
        let told = greeting.get("agentCapabilities").and_then(|told| told.at(path));
        told.is_some_and(|told| !told.is_null() && told != &Value::Bool(false))
    };
    Abilities {
        take_up: if can(&["sessionCapabilities", "resume"]) {
            Some("session/resume")
        } else {
            can(&["loadSession"]).then_some("session/load")
        },
        close: can(&["sessionCapabilities", "close"]),
    }
}

/// Why it does not go on, for people.
pub(super) fn refused(method: &str, refusal: &Refusal) -> String {
    let hint = match refusal.code {
        LOGIN_WANTED => "; log in with it once, or pass its key: --env NAME",
        _ => "",
    };
    format!("{method}: {}{hint}", excerpt(&refusal.to_string()))
}
