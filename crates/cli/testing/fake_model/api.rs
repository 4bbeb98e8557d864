//! What the model APIs of coding agents have in common: a conversation and tools go in, a text or a call comes out.

mod completions;
mod gemini;
mod messages;
mod responses;

use serde_json::Value;

use crate::{context, mode::Failure, state::micros, tools::Call, tools::Tool};

/// Tokens of each answer, whatever it says: what a test counts beyond them is another request.
pub(crate) const INPUT: u64 = 100;
/// Those of the input that were known already; Anthropic counts them apart from the input.
pub(crate) const CACHED: u64 = 10;
/// Tokens of the answer.
pub(crate) const OUTPUT: u64 = 20;
/// Those of the output that are not shown.
pub(crate) const REASONING: u64 = 5;

/// One vendor's way to say all this. Requests and answers are values, so that both can be tested as such.
pub(crate) trait Api: Sync {
    /// Its name in the log.
    fn name(&self) -> &'static str;
    /// Reads a request. What it does not know it passes over.
    fn read(&self, path: &str, body: &Value) -> Asked;
    /// The answer in one piece.
    fn whole(&self, answer: &Answer) -> Value;
    /// The answer as events, a text in these pieces.
    fn frames(&self, answer: &Answer, pieces: &[String]) -> Vec<Frame>;
    /// How it says that it does not answer.
    fn refuse(&self, asked: &Asked, failure: Failure, after: Option<&str>) -> Refusal;
    /// The answer to a request that only counts tokens.
    fn count(&self) -> Value;
}

/// What is wanted of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    Answer,
    Count,
}

/// The API at a path that this is posted to. A chat without tools is not for agents.
pub(crate) fn at(path: &str, body: &Value) -> Option<(&'static dyn Api, Want)> {
    match path {
        "/v1/chat/completions" if list(&body["tools"]).is_empty() => None,
        "/v1/chat/completions" => Some((&completions::Completions, Want::Answer)),
        "/v1/messages" => Some((&messages::Messages, Want::Answer)),
        "/v1/messages/count_tokens" => Some((&messages::Messages, Want::Count)),
        "/v1/responses" => Some((&responses::Responses, Want::Answer)),
        _ => match path.strip_prefix("/v1beta/models/")?.split_once(':')?.1 {
            "generateContent" | "streamGenerateContent" => Some((&gemini::Gemini, Want::Answer)),
            "countTokens" => Some((&gemini::Gemini, Want::Count)),
            _ => None,
        },
    }
}

/// A request, as far as it matters.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) stream: bool,
    pub(crate) model: String,
    pub(crate) talk: Talk,
    pub(crate) tools: Vec<Tool>,
    /// The schema of the JSON that it wants instead of a text: the client asks for itself, not for its user.
    pub(crate) form: Option<Value>,
}

/// A conversation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Talk {
    /// What the user said, without what the client added.
    pub(crate) users: Vec<String>,
    /// What the tools said since then.
    pub(crate) results: Vec<String>,
}

impl Talk {
    /// The user says this, a string or a list of parts; nothing if it is only what the client adds.
    pub(crate) fn user(&mut self, content: &Value) {
        let parts = texts(content).map(context::said);
        self.says(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n"));
    }

    fn says(&mut self, said: String) {
        if !said.is_empty() {
            self.users.push(said);
            self.results.clear();
        }
    }

    /// A tool says this.
    pub(crate) fn result(&mut self, text: String) {
        self.results.push(text);
    }

    /// The user's last words.
    pub(crate) fn last(&self) -> &str {
        self.users.last().map_or("", String::as_str)
    }
}

/// An answer on its way.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Different for each answer: clients know messages and calls by it.
    pub(crate) id: u64,
    pub(crate) model: String,
    pub(crate) says: Says,
}

/// What the model says.
#[derive(Debug, PartialEq)]
pub(crate) enum Says {
    Text(String),
    /// A text that the limit of tokens ended.
    Cut(String),
    Call(Call),
}

impl Says {
    /// The text, or nothing where a tool is called.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Cut(text) => text,
            Self::Call(_) => "",
        }
    }
}

/// One server-sent event.
#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) name: Option<&'static str>,
    pub(crate) data: Value,
    /// Whether it carries a piece of the answer; pauses and interruptions come after those.
    pub(crate) piece: bool,
}

impl Frame {
    /// An event that is named as its `type` is.
    pub(crate) fn named(name: &'static str, mut data: Value) -> Self {
        data["type"] = name.into();
        Self { name: Some(name), data, piece: false }
    }

    /// The same as a piece of the answer.
    pub(crate) fn piece(self) -> Self {
        Self { piece: true, ..self }
    }
}

/// A failure in a vendor's words.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// `headers` are whole lines.
    Http {
        status: u16,
        headers: String,
        body: Value,
    },
    Stream(Vec<Frame>),
}

/// The text of a message: a string, or the text parts of a list.
pub(crate) fn text_of(content: &Value) -> String {
    texts(content).collect::<Vec<_>>().join("\n")
}

/// The same one by one.
pub(crate) fn texts(content: &Value) -> impl Iterator<Item = &str> {
    let parts = list(content).iter().filter_map(|part| part["text"].as_str());
    content.as_str().into_iter().chain(parts)
}

/// The header that says when to ask again.
pub(crate) fn retry_after(seconds: &str) -> String {
    format!("Retry-After: {seconds}\r\n")
}

/// The time in so many seconds, in those since 1970.
pub(crate) fn seconds_from_now(seconds: Option<&str>) -> u64 {
    micros() / 1_000_000 + seconds.and_then(|seconds| seconds.parse::<u64>().ok()).unwrap_or_default()
}

/// The entries of a list; none if it is something else.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Talk, Want, at, text_of};

    #[test]
    fn paths() {
        let tools = json!({"tools": [{}]});
        let name = |path| at(path, &tools).map(|(api, want)| (api.name(), want));
        assert_eq!(name("/v1/messages"), Some(("messages", Want::Answer)));
        assert_eq!(name("/v1/messages/count_tokens"), Some(("messages", Want::Count)));
        assert_eq!(name("/v1/responses"), Some(("responses", Want::Answer)));
        assert_eq!(name("/v1beta/models/g-1.5:streamGenerateContent"), Some(("gemini", Want::Answer)));
        assert_eq!(name("/v1beta/models/g:countTokens"), Some(("gemini", Want::Count)));
        assert_eq!(name("/v1/chat/completions"), Some(("chat", Want::Answer)));
        assert!(at("/v1/chat/completions", &json!({})).is_none());
        for none in ["/v1/responses/x", "/v1beta/models/g", "/v1beta/models/g:embedContent", ""] {
            assert_eq!(name(none), None, "{none}");
        }
    }

    #[test]
    fn results_belong_to_the_last_user_message() {
        let mut talk = Talk::default();
        talk.user(&json!("one"));
        talk.result("r1".to_owned());
        talk.user(&json!([{"text": "<system-reminder>not said</system-reminder>"}, {"text": ""}]));
        assert_eq!((talk.last(), talk.results.len()), ("one", 1));
        talk.user(&json!([{"text": "<reminder>no</reminder>"}, {"text": "two"}]));
        assert_eq!((talk.last(), talk.users.len(), talk.results.len()), ("two", 2, 0));
    }

    #[test]
    fn texts_of_parts() {
        assert_eq!(text_of(&json!("a")), "a");
        assert_eq!(text_of(&json!([{"text": "a"}, {"image": 1}, {"text": "b"}])), "a\nb");
        assert_eq!(text_of(&json!(null)), "");
    }
}
