//! What an agent asks leave for. Options are chosen by their kind, for every agent has other ids, in another order.

use crate::machine::dialect::agent::excerpt;
use crate::machine::dialect::agent::json::{Fields, Value, json};
use crate::machine::dialect::agent::permit::Wish;
use crate::machine::dialect::agent::post::{Heard, Post};
use crate::machine::dialect::agent::rpc;
use std::collections::VecDeque;

/// A request, which waits for its answer without end.
#[derive(Debug)]
pub(super) struct Request {
    id: Value,
    pub(super) wish: Wish,
    /// What it is about, for people.
    pub(super) what: String,
    yes: Value,
    no: Value,
}

/// How many may wait at once; more are refused.
const MOST_ASKED: usize = 64;

/// Requests that were put as questions, the oldest first: one is asked at a time.
#[derive(Debug, Default)]
pub(super) struct Asked(VecDeque<Request>);

impl Request {
    pub(super) fn read(id: &Value, params: &Value) -> Self {
        let call = params.get("toolCall").unwrap_or(&Value::Null);
        let title = call.text(&["title"]).or_else(|| call.text(&["toolCallId"]));
        // Some give the purpose as the title, and say only here what is going to run.
        let command = call.text(&["rawInput", "command"]);
        Self {
            id: id.clone(),
            wish: wish(call.text(&["kind"])),
            what: excerpt(command.or(title).unwrap_or("something")),
            yes: choice(params, ["allow_once", "allow_always"]),
            no: choice(params, ["reject_once", "reject_always"]),
        }
    }

    pub(super) fn answer(self, yes: bool, post: &mut Post) {
        rpc::answer(&self.id, json!({"outcome": if yes { self.yes } else { self.no }}), post);
    }

    /// Says no without asking anybody.
    pub(super) fn refuse(self, post: &mut Post) {
        post.tell(Heard::Denied(self.what.clone()));
        self.answer(false, post);
    }

    pub(super) fn cancel(self, post: &mut Post) {
        rpc::answer(&self.id, json!({"outcome": cancelled()}), post);
    }

    fn put(&self, post: &mut Post) {
        post.tell(Heard::Question(format!("may it do this: {}?", self.what)));
    }
}

impl Asked {
    pub(super) fn ask(&mut self, request: Request, post: &mut Post) {
        if self.0.len() >= MOST_ASKED {
            return request.refuse(post);
        }
        if self.0.is_empty() {
            request.put(post);
        }
        self.0.push_back(request);
    }

    /// Answers the oldest one, and puts the next.
    pub(super) fn answer(&mut self, yes: bool, post: &mut Post) {
        if let Some(request) = self.0.pop_front() {
            request.answer(yes, post);
        }
        if let Some(next) = self.0.front() {
            next.put(post);
        }
    }

    pub(super) fn cancel(&mut self, post: &mut Post) {
        self.0.drain(..).for_each(|request| request.cancel(post));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
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

/// The option of the first of these kinds that there is. Where there is none, nothing is chosen.
fn choice(params: &Value, kinds: [&str; 2]) -> Value {
    let option =
        |kind: &str| params.list(&["options"]).iter().find(|option| option.text(&["kind"]) == Some(kind));
    let id = kinds.into_iter().find_map(option).and_then(|option| option.get("optionId"));
    id.map_or_else(cancelled, |id| json!({"outcome": "selected", "optionId": id}))
}

fn cancelled() -> Value {
    json!({"outcome": "cancelled"})
}
