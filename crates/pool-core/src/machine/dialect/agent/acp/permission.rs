//! What an agent asks leave for. Options are chosen by their kind, for every agent has other ids, in another order.

use crate::machine::dialect::agent::asked;
use crate::machine::dialect::agent::json::{Fields, Value, json};
use crate::machine::dialect::agent::permit::{self, Wish};
use crate::machine::dialect::agent::post::Post;
use crate::machine::dialect::agent::rpc;

/// A request, which waits for its answer without end.
#[derive(Debug)]
pub(super) struct Request {
    id: Value,
    pub(super) wish: Wish,
    /// What it is about, for people.
    what: String,
    yes: Value,
    no: Value,
}

impl Request {
    pub(super) fn read(id: &Value, params: &Value) -> Self {
        let call = params.get("toolCall").unwrap_or(&Value::Null);
        let title = call.text(&["title"]).or_else(|| call.text(&["toolCallId"]));
        // Some give the purpose as the title, and say only here what is going to run.
        let command = call.text(&["rawInput", "command"]);
        Self {
            id: id.clone(),
            wish: wish(call.text(&["kind"])),
            what: permit::words(command.or(title).unwrap_or("something")),
            yes: choice(params, ["allow_once", "allow_always"]),
            no: choice(params, ["reject_once", "reject_always"]),
        }
    }

    pub(super) fn cancel(self, post: &mut Post) {
        rpc::answer(&self.id, json!({"outcome": cancelled()}), post);
    }
}

impl asked::Request for Request {
    const VERB: &'static str = "do this:";

    fn what(&self) -> &str {
        &self.what
    }

    fn answer(self, yes: bool, post: &mut Post) {
        rpc::answer(&self.id, json!({"outcome": if yes { self.yes } else { self.no }}), post);
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
