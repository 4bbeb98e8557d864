//! Google's Gemini API.

use serde_json::{Value, json};

use super::{Answer, Api, Asked, CACHED, Frame, INPUT, OUTPUT, Refusal, Says, Talk, list};
use crate::{mode::Failure, tools::Tool};

/// `POST /v1beta/models/MODEL:generateContent`, `:streamGenerateContent` and `:countTokens`.
pub(crate) struct Gemini;

impl Api for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn read(&self, path: &str, body: &Value) -> Asked {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (model, verb) = name.split_once(':').unwrap_or((name, ""));
        let config = &body["generationConfig"];
        let form = either(config, "responseJsonSchema", "responseSchema");
        Asked {
            stream: verb == "streamGenerateContent",
            model: model.to_owned(),
            talk: talk(list(&body["contents"])),
            tools: tools(list(&body["tools"])),
            form: (config["responseMimeType"] == "application/json").then(|| form.clone()),
        }
    }

    fn whole(&self, answer: &Answer) -> Value {
        let part = match &answer.says {
            Says::Text(text) | Says::Cut(text) => json!({ "text": text }),
            Says::Call(call) => json!({ "functionCall": { "name": call.name, "args": call.arguments } }),
        };
        let mut chunk = chunk(answer, &part);
        finish(&mut chunk, &answer.says);
        chunk
    }

    /// The last piece says how it ended.
    fn frames(&self, answer: &Answer, pieces: &[String]) -> Vec<Frame> {
        let mut chunks: Vec<Value> =
            pieces.iter().map(|piece| chunk(answer, &json!({ "text": piece }))).collect();
        match chunks.last_mut() {
            Some(last) => finish(last, &answer.says),
            None => chunks.push(self.whole(answer)),
        }
        chunks.into_iter().map(|data| Frame { name: None, data, piece: true }).collect()
    }

    /// It says in the body, not in a header, when to try again.
    fn refuse(&self, _asked: &Asked, failure: Failure, after: Option<&str>) -> Refusal {
        let (status, kind, message) = words(failure);
        let mut error = json!({ "code": status, "message": message, "status": kind });
        let detail = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
        if failure == Failure::Quota {
            let id = "GenerateRequestsPerDayPerProjectPerModel-FreeTier";
            error["details"] =
                json!([{ "@type": detail("QuotaFailure"), "violations": [{ "quotaId": id }] }]);
        } else if let Some(after) = after.filter(|_| failure.passes()) {
            error["details"] = json!([{ "@type": detail("RetryInfo"), "retryDelay": format!("{after}s") }]);
        }
        Refusal::Http { status, headers: String::new(), body: json!({ "error": error }) }
    }

    fn count(&self) -> Value {
        json!({ "totalTokens": INPUT })
    }
}

fn talk(contents: &[Value]) -> Talk {
    let mut talk = Talk::default();
    for content in contents.iter().filter(|content| content["role"] == "user") {
        for part in list(&content["parts"]) {
            if let Some(result) = part.get("functionResponse") {
                let response = &result["response"];
                let output = either(response, "output", "error").as_str();
                talk.result(output.map_or_else(|| response.to_string(), str::to_owned));
            }
        }
        talk.user(&content["parts"]);
    }
    talk
}

fn tools(groups: &[Value]) -> Vec<Tool> {
    let all = groups.iter().flat_map(|group| list(&group["functionDeclarations"]));
    all.filter_map(|tool| Tool::of(&tool["name"], either(tool, "parametersJsonSchema", "parameters")))
        .collect()
}

fn either<'a>(value: &'a Value, first: &str, second: &str) -> &'a Value {
    value.get(first).unwrap_or_else(|| &value[second])
}

fn chunk(answer: &Answer, part: &Value) -> Value {
    let content = json!({ "role": "model", "parts": [part] });
    json!({
        "candidates": [{ "index": 0, "content": content }], "modelVersion": answer.model,
        "responseId": format!("response-{}", answer.id),
    })
}

fn finish(chunk: &mut Value, says: &Says) {
    let reason = if matches!(says, Says::Cut(_)) { "MAX_TOKENS" } else { "STOP" };
    chunk["candidates"][0]["finishReason"] = reason.into();
    chunk["usageMetadata"] = json!({
        "promptTokenCount": INPUT, "cachedContentTokenCount": CACHED, "candidatesTokenCount": OUTPUT,
        "totalTokenCount": INPUT + OUTPUT,
    });
}

fn words(failure: Failure) -> (u16, &'static str, &'static str) {
    match failure {
        Failure::RateLimit => (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        Failure::Quota => (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota"),
        Failure::Server => (500, "INTERNAL", "An internal error has occurred."),
        Failure::Unavailable | Failure::Overloaded => (503, "UNAVAILABLE", "The model is overloaded."),
        Failure::BadRequest => (400, "INVALID_ARGUMENT", "The request is not valid"),
        Failure::Key => (401, "UNAUTHENTICATED", "API key not valid. Please pass a valid API key."),
        Failure::Context => (
            400,
            "INVALID_ARGUMENT",
            "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Answer, Api, Asked, Failure, Gemini, Refusal, Says};
    use crate::tools::Call;

    #[test]
    fn a_request() {
        let asked = Gemini.read("/v1beta/models/g-1:streamGenerateContent", &json!({
            "tools": [{"functionDeclarations": [{"name": "run_shell_command", "parametersJsonSchema": {}}]}],
            "contents": [
                {"role": "user", "parts": [
                    {"text": "<session_context>\nx</session_context>"}, {"text": "one"}]},
                {"role": "model", "parts": [{"functionCall": {}}]},
                {"role": "user", "parts": [{"functionResponse": {"response": {"output": "r"}}}]},
            ],
        }));
        assert_eq!((asked.stream, asked.model.as_str(), asked.tools.len()), (true, "g-1", 1));
        assert_eq!((asked.talk.users, asked.talk.results), (vec!["one".to_owned()], vec!["r".to_owned()]));
        assert_eq!(asked.form, None);
        let config = json!({"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}});
        let asked = Gemini.read("/v1beta/models/g:generateContent", &json!({"generationConfig": config}));
        assert_eq!((asked.stream, asked.form), (false, Some(json!({"type": "OBJECT"}))));
    }

    #[test]
    fn a_text() {
        let answer = Answer { id: 7, model: "g".to_owned(), says: Says::Text("ab".to_owned()) };
        let frames = Gemini.frames(&answer, &["a".to_owned(), "b".to_owned()]);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[0].data.get("usageMetadata"), None);
        assert_eq!(frames[1].data["candidates"][0]["content"]["parts"], json!([{"text": "b"}]));
        assert_eq!(frames[1].data["candidates"][0]["finishReason"], "STOP");
        assert_eq!(frames[1].data["usageMetadata"], Gemini.whole(&answer)["usageMetadata"]);
    }

    #[test]
    fn a_call() {
        let call = Call { name: "write_file".to_owned(), arguments: json!({"content": ""}) };
        let answer = Answer { id: 7, model: "g".to_owned(), says: Says::Call(call) };
        let frames = Gemini.frames(&answer, &[]);
        assert_eq!((frames.len(), &frames[0].data), (1, &Gemini.whole(&answer)));
        let call = &frames[0].data["candidates"][0]["content"]["parts"][0]["functionCall"];
        assert_eq!(call, &json!({"name": "write_file", "args": {"content": ""}}));
    }

    #[test]
    fn failures() {
        let refuse = |failure| Gemini.refuse(&Asked::default(), failure, Some("2"));
        let Refusal::Http { status, headers, body } = refuse(Failure::RateLimit) else { panic!() };
        assert_eq!((status, headers.as_str()), (429, ""));
        assert_eq!(body["error"]["details"][0]["retryDelay"], "2s");
        let Refusal::Http { status, body, .. } = refuse(Failure::Key) else { panic!() };
        assert_eq!((status, body["error"].get("details")), (401, None));
    }
}
