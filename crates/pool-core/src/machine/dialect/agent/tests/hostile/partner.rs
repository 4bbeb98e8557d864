//! An agent that does all it should, in each protocol.

use super::{Allow, Found, Protocol, Talk, Value, agent, json};

/// An agent, and the turn that runs.
pub(super) struct Partner {
    pub(super) talk: Talk,
    protocol: Protocol,
    /// The request that began the turn.
    request: Value,
    turns: usize,
}

impl Partner {
    /// One that is ready.
    pub(super) fn new(protocol: Protocol, allow: Allow) -> Self {
        let mut talk = Talk::begun(agent(protocol, allow), None, Vec::new());
        let greeting = match protocol {
            Protocol::StreamJson => {
                vec![
                    json!({"type": "control_response", "response": {"subtype": "success", "request_id": "initialize"}}),
                ]
            }
            Protocol::AppServer => {
                vec![json!({"id": 1, "result": {}}), json!({"id": 2, "result": {"thread": {"id": "s1"}}})]
            }
            Protocol::Acp => {
                vec![
                    json!({"id": 1, "result": {"protocolVersion": 1}}),
                    json!({"id": 2, "result": {"sessionId": "s1"}}),
                ]
            }
        };
        assert_eq!(talk.hears(&greeting), [Found::Ready]);
        Self { talk, protocol, request: Value::Null, turns: 0 }
    }

    fn begin(&mut self) {
        self.request = self.talk.say("hello");
        self.turns += 1;
    }

    /// A new turn: all that is printed in it, with a tool that is asked for.
    pub(super) fn turn(&mut self, reply: &str) -> Vec<Value> {
        self.begin();
        let middle = (0..=reply.len() / 2).rev().find(|at| reply.is_char_boundary(*at)).unwrap_or_default();
        let mut messages = self.accepted();
        messages.push(self.asks());
        messages
            .push(json!({"id": 7, "method": "what/is_that", "type": "new", "params": {"sessionId": "s1"}}));
        messages.push(self.piece(&reply[..middle]));
        messages.push(self.piece(&reply[middle..]));
        messages.extend(self.whole(reply));
        messages.extend(self.end());
        messages
    }

    /// A new turn: its reply in these pieces.
    pub(super) fn stream(&mut self, pieces: impl Iterator<Item = String>) -> Vec<Value> {
        self.begin();
        let mut messages = self.accepted();
        messages.extend(pieces.map(|piece| self.piece(&piece)));
        messages.extend(self.end());
        messages
    }

    /// The end of the turn that runs, whatever it has said about it.
    pub(super) fn end(&self) -> Vec<Value> {
        match self.protocol {
            Protocol::StreamJson => {
                vec![json!({"type": "result", "subtype": "success", "usage": {"input_tokens": 1}})]
            }
            Protocol::Acp => vec![json!({"id": self.request["id"], "result": {"stopReason": "end_turn"}})],
            Protocol::AppServer => {
                let mut messages = self.accepted();
                let turn = json!({"id": self.name(), "status": "completed", "error": null});
                messages
                    .push(json!({"method": "turn/completed", "params": {"threadId": "s1", "turn": turn}}));
                messages
            }
        }
    }

    fn name(&self) -> String {
        format!("t{}", self.turns)
    }

    fn accepted(&self) -> Vec<Value> {
        match self.protocol {
            Protocol::AppServer => {
                vec![json!({"id": self.request["id"], "result": {"turn": {"id": self.name()}}})]
            }
            _ => Vec::new(),
        }
    }

    fn asks(&self) -> Value {
        match self.protocol {
            Protocol::StreamJson => json!({"type": "control_request", "request_id": "r",
                "request": {"subtype": "can_use_tool", "tool_name": "Edit", "input": {"file_path": "f"}}}),
            Protocol::AppServer => json!({"id": 0, "method": "item/fileChange/requestApproval",
                "params": {"threadId": "s1", "turnId": self.name(), "reason": "f"}}),
            Protocol::Acp => {
                json!({"id": 0, "method": "session/request_permission", "params": {"sessionId": "s1",
                "options": [{"optionId": "y", "kind": "allow_once"}, {"optionId": "n", "kind": "reject_once"}],
                "toolCall": {"toolCallId": "c", "title": "f", "kind": "edit"}}})
            }
        }
    }

    fn piece(&self, text: &str) -> Value {
        match self.protocol {
            Protocol::StreamJson => json!({"type": "stream_event", "event": {"type": "content_block_delta",
                "delta": {"type": "text_delta", "text": text}}}),
            Protocol::AppServer => json!({"method": "item/agentMessage/delta",
                "params": {"threadId": "s1", "turnId": self.name(), "delta": text}}),
            Protocol::Acp => json!({"method": "session/update", "params": {"sessionId": "s1",
                "update": {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}}}),
        }
    }

    /// The reply once more, where a protocol tells it so.
    fn whole(&self, reply: &str) -> Option<Value> {
        match self.protocol {
            Protocol::StreamJson => {
                Some(json!({"type": "assistant", "message": {"content": [{"type": "text", "text": reply}]}}))
            }
            Protocol::AppServer => Some(json!({"method": "item/completed",
                "params": {"threadId": "s1", "item": {"type": "agentMessage", "text": reply}}})),
            Protocol::Acp => None,
        }
    }
}
