//! JSON-RPC, as far as agents speak it: requests with our own numbers, notices, answers. Some leave the `jsonrpc` field out.

use super::json::{self, Fields, Value, json};
use super::post::Post;

/// The code for a request that we do not know, from the specification of JSON-RPC 2.0.
const UNKNOWN_METHOD: i64 = -32601;

/// Our side of a connection.
#[derive(Debug, Default)]
pub(super) struct Rpc {
    last: u64,
}

/// A message of the other side.
pub(super) enum Incoming<'a> {
    /// It waits for an answer.
    Request { id: &'a Value, method: &'a str, params: &'a Value },
    /// It does not.
    Notice { method: &'a str, params: &'a Value },
    /// The answer to our request of this number.
    Answer { id: u64, result: Result<&'a Value, Refusal> },
    /// None of these.
    Other,
}

/// A request of ours that was not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) message: String,
}

impl Rpc {
    /// Sends a request; its number.
    pub(super) fn request(&mut self, method: &str, params: Value, post: &mut Post) -> u64 {
        self.last += 1;
        let mut message = json!({"jsonrpc": "2.0", "id": self.last, "method": method});
        message["params"] = params;
        post.send(&message);
        self.last
    }
}

/// Sends what needs no answer.
pub(super) fn notify(method: &str, params: Value, post: &mut Post) {
    let mut message = json!({"jsonrpc": "2.0", "method": method});
    message["params"] = params;
    post.send(&message);
}

/// Answers a request.
pub(super) fn answer(id: &Value, result: Value, post: &mut Post) {
    let mut message = json!({"jsonrpc": "2.0", "id": id});
    message["result"] = result;
    post.send(&message);
}

/// Says that a request is not known here.
pub(super) fn unknown(id: &Value, method: &str, post: &mut Post) {
    let error = json!({"code": UNKNOWN_METHOD, "message": format!("method not found: {method}")});
    post.send(&json!({"jsonrpc": "2.0", "id": id, "error": error}));
}

/// What a message is.
pub(super) fn read(message: &Value) -> Incoming<'_> {
    let params = message.get("params").unwrap_or(&Value::Null);
    match (message.get("id"), message.text(&["method"])) {
        (Some(id), Some(method)) => Incoming::Request { id, method, params },
        (None, Some(method)) => Incoming::Notice { method, params },
        (Some(id), None) => {
            let Some(id) = id.as_u64() else { return Incoming::Other };
            let result = match message.get("error").filter(|error| !error.is_null()) {
                Some(error) => Err(refusal(error)),
                None => Ok(message.get("result").unwrap_or(&Value::Null)),
            };
            Incoming::Answer { id, result }
        }
        (None, None) => Incoming::Other,
    }
}

fn refusal(error: &Value) -> Refusal {
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    let said = error.text(&["message"]).unwrap_or("an error without words");
    // Some hand on what their service has sent, as it came.
    let inner = json::object(said.as_bytes());
    let said = inner.as_ref().and_then(|inner| inner.text(&["error", "message"])).unwrap_or(said);
    // The reason proper often stands in `data` only.
    let more = error.text(&["data"]).or_else(|| error.text(&["data", "details"]));
    let more = more.or_else(|| error.text(&["data", "message"])).filter(|more| *more != said);
    let message = more.map_or_else(|| said.to_owned(), |more| format!("{said}: {more}"));
    Refusal { code, message }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (code {})", self.message, self.code)
    }
}
