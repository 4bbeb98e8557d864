//! Sends the answer that was planned.

use std::{io, time::Duration};

use serde_json::{Value, json};

use crate::{
    chat::{Chat, Plan},
    http::Conn,
    mode::{Failure, Mode},
    state::micros,
};

/// Longer than any client waits.
pub(crate) const EVER: Duration = Duration::from_secs(3600);

/// Answers; an error if the connection is not to be used any more.
pub(crate) fn send(conn: &mut Conn, chat: &Chat, plan: &Plan) -> io::Result<()> {
    conn.pause(plan.delay)?;
    match plan.mode {
        Mode::Http(failure) => fail(conn, failure, plan.retry_after.as_deref()),
        Mode::Reset => conn.reset(),
        Mode::Hang => conn.pause(EVER),
        _ if chat.stream => stream(conn, chat, plan),
        _ => whole(conn, chat, plan),
    }
}

fn fail(conn: &mut Conn, failure: Failure, retry_after: Option<&str>) -> io::Result<()> {
    let (status, message, code) = failure.parts();
    let retry = retry_after.filter(|_| failure == Failure::RateLimit);
    let headers = retry.map_or_else(String::new, |seconds| format!("Retry-After: {seconds}\r\n"));
    conn.json(status, &headers, &error(message, code))
}

/// The body of an error.
pub(crate) fn error(message: &str, code: &str) -> Value {
    json!({ "error": { "message": message, "type": code, "code": code, "param": null } })
}

fn whole(conn: &mut Conn, chat: &Chat, plan: &Plan) -> io::Result<()> {
    if let Some(gap) = plan.gap {
        let characters = u32::try_from(plan.content.chars().count()).unwrap_or(u32::MAX);
        conn.pause(gap.saturating_mul(characters))?;
    }
    let message = json!({ "role": "assistant", "content": plan.content });
    let choice = json!({ "index": 0, "finish_reason": reason(plan.mode), "message": message });
    let mut body = frame(chat, "chat.completion", &choice);
    body["usage"] = usage(chat, plan);
    if plan.mode == Mode::MidReset {
        return conn.half(&body);
    }
    conn.json(200, "", &body)
}

fn stream(conn: &mut Conn, chat: &Chat, plan: &Plan) -> io::Result<()> {
    conn.begin_events()?;
    let delta = |delta: Value, reason: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        frame(chat, "chat.completion.chunk", &choice)
    };
    conn.event(None, &delta(json!({ "role": "assistant", "content": "" }), Value::Null).to_string())?;
    for (number, piece) in pieces(&plan.content, plan.gap.is_some()).enumerate() {
        if plan.mode == Mode::MidReset && number == 1 {
            return conn.reset_later();
        }
        conn.event(None, &delta(json!({ "content": piece }), Value::Null).to_string())?;
        conn.pause(plan.gap.unwrap_or_default())?;
    }
    conn.event(None, &delta(json!({}), reason(plan.mode).into()).to_string())?;
    if chat.usage_wanted {
        let mut last = frame(chat, "chat.completion.chunk", &Value::Null);
        last["choices"] = json!([]);
        last["usage"] = usage(chat, plan);
        conn.event(None, &last.to_string())?;
    }
    conn.event(None, "[DONE]")?;
    conn.end_events()
}

/// Some characters at a time, or one.
pub(crate) fn pieces(content: &str, single: bool) -> impl Iterator<Item = String> {
    let characters: Vec<char> = content.chars().collect();
    let size = if single { 1 } else { 16 };
    let pieces: Vec<String> = characters.chunks(size).map(|piece| piece.iter().collect()).collect();
    pieces.into_iter()
}

fn frame(chat: &Chat, object: &str, choice: &Value) -> Value {
    let created = micros() / 1_000_000;
    json!({
        "id": "chatcmpl-fake", "object": object, "created": created, "model": chat.model,
        "choices": [choice],
    })
}

/// About four bytes a token.
fn usage(chat: &Chat, plan: &Plan) -> Value {
    let (sent, received) = (chat.size / 4 + 1, plan.content.len() / 4 + 1);
    json!({ "prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received })
}

fn reason(mode: Mode) -> &'static str {
    if mode == Mode::Length { "length" } else { "stop" }
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn pieces_are_whole_characters() {
        assert_eq!(pieces("é漢🦀", true).collect::<Vec<_>>(), ["é", "漢", "🦀"]);
        let text = "é".repeat(40);
        assert_eq!(pieces(&text, false).map(|piece| piece.chars().count()).collect::<Vec<_>>(), [16, 16, 8]);
        assert_eq!(pieces("", false).count(), 0);
    }
}
