//! What a client may ask for.

use super::answer::{Code, Fault};
use super::inside::{AttachAsk, DetachAsk, LogsAsk, ResizeAsk, ScaleAsk, TypeAsk, WhyAsk};
use super::ticket::TicketId;
use serde::{Deserialize, Serialize};

/// A line of the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Request {
    /// The client's own number for it, which every answer carries. Two requests under way should not share one.
    pub id: u64,
    /// What to do.
    #[serde(flatten)]
    pub ask: Ask,
}

/// What to do. Numbers of instances count from 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Ask {
    /// Everything at this moment.
    Status {},
    /// Every change from now on, as events, until the pool goes or the client does.
    Watch {},
    /// A prompt, or several steps in order on one instance.
    Send(SendAsk),
    /// The result of what was sent.
    Read(ReadAsk),
    /// The answer to a question that a tool asks.
    Answer(Reply),
    /// Take a prompt back, or a job of a batch. Its result still comes.
    Cancel(CancelAsk),
    /// Another life for an instance, after the job at hand.
    Restart(RestartAsk),
    /// Wait until nothing is queued or at work.
    Wait(WaitAsk),
    /// The end of the pool; answered when all tools have gone.
    Down(DownAsk),
    /// Another number of instances: [`ScaleDone`](super::ScaleDone).
    Scale(ScaleAsk),
    /// What instances were told and said, as events.
    Logs(LogsAsk),
    /// What an instance waits for: [`Why`](crate::inside::Why).
    Why(WhyAsk),
    /// The terminal of an instance: its output as events, and [`AttachDone`](super::AttachDone) at the end.
    Attach(AttachAsk),
    /// What is typed at such a terminal.
    Type(TypeAsk),
    /// Such a terminal is as large.
    Resize(ResizeAsk),
    /// Such a terminal is given back.
    Detach(DetachAsk),
}

/// A prompt, or several steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SendAsk {
    /// In this order, with nothing in between; at least one.
    pub steps: Vec<StepAsk>,
    /// Who is to get it; whoever is free, if nobody is named.
    #[serde(default)]
    pub to: Option<To>,
    /// The longest that one turn may take, in ms, instead of the tool's own limit.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// When the request is answered.
    #[serde(default)]
    pub until: Until,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepAsk {
    /// Text for the tool. It goes out inert: whatever it looks like, it is never a command of the tool.
    Say(String),
    /// A line of the tool's own language, one of the commands that its profile lists.
    Command(String),
    /// What a person has typed: a command if it begins like one of those, else text.
    Typed(String),
}

impl StepAsk {
    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        let (Self::Say(text) | Self::Command(text) | Self::Typed(text)) = self;
        text
    }
}

/// Who is to get a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum To {
    /// The instance of this number. Its conversation is kept.
    Slot(u32),
    /// The conversation of this name, wherever it is.
    Session(String),
    /// Any instance of this tool.
    Tool(String),
}

/// When a `send` is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// It has a ticket, and will be sent; with a record, also after a crash of the controller.
    Accepted,
    /// Its first byte has been handed to a tool.
    Delivered,
    /// Its result is here.
    #[default]
    Completed,
}

/// Which result is wanted. One of `ticket` and `any`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReadAsk {
    /// The result of this ticket; it may be read again.
    #[serde(default)]
    pub ticket: Option<TicketId>,
    /// The oldest that nobody has read; each is given out once.
    #[serde(default)]
    pub any: bool,
    /// The longest to wait for it, in ms; without end if absent.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reply {
    /// Whose question.
    pub ticket: TicketId,
    /// The answer; the line end is ours to add.
    pub text: String,
}

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CancelAsk {
    /// A ticket, or a job of a batch: its id in the list, or its number from 1.
    pub job: String,
}

/// Which instance gets another life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RestartAsk {
    /// Its number.
    pub index: u32,
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WaitAsk {
    /// In ms; without end if absent.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// How a pool is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DownAsk {
    /// Everything that was sent is done first. Else what runs is interrupted, and what waits is left.
    #[serde(default)]
    pub drain: bool,
}

/// Reads a line of a client.
///
/// # Errors
/// A [`Fault`] with the number of the request, if it has one.
pub fn request(line: &[u8]) -> Result<Request, (Option<u64>, Fault)> {
    /// What is needed to answer it at all.
    #[derive(Deserialize)]
    struct Head {
        id: u64,
    }
    serde_json::from_slice(line).map_err(|error| {
        let head = serde_json::from_slice::<Head>(line).ok();
        (head.map(|head| head.id), Fault::new(Code::Usage, format!("not a request: {error}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_request_and_what_is_not() {
        let send = |steps: Vec<StepAsk>, to, until| Ask::Send(SendAsk { steps, to, timeout_ms: None, until });
        let say = || vec![StepAsk::Say("x".into())];
        let table = [
            (r#"{"id":1,"do":"status"}"#, Ask::Status {}),
            (r#"{"do":"status","id":1,"new":[1,{"a":2}]}"#, Ask::Status {}),
            (
                r#"{"id":1,"do":"send","steps":[{"say":"x"}],"later":true}"#,
                send(say(), None, Until::Completed),
            ),
            (
                r#"{"id":1,"do":"send","steps":[{"say":"x"}],"to":{"slot":2},"until":"accepted"}"#,
                send(say(), Some(To::Slot(2)), Until::Accepted),
            ),
            (
                r#"{"id":1,"do":"read","ticket":"t3","wait_ms":5}"#,
                Ask::Read(ReadAsk { ticket: Some(TicketId(3)), any: false, wait_ms: Some(5) }),
            ),
            (r#"{"id":1,"do":"down"}"#, Ask::Down(DownAsk { drain: false })),
        ];
        for (line, ask) in table {
            assert_eq!(request(line.as_bytes()), Ok(Request { id: 1, ask }), "{line}");
        }
        let wrong = [
            ("", None),
            ("{", None),
            ("[]", None),
            ("{}", None),
            ("\u{0}\u{1}", None),
            (r#"{"do":"status"}"#, None),
            (r#"{"id":-1,"do":"status"}"#, None),
            (r#"{"id":7}"#, Some(7)),
            (r#"{"id":7,"do":"dance"}"#, Some(7)),
            (r#"{"id":7,"do":"send"}"#, Some(7)),
            (r#"{"id":7,"do":"send","steps":[{"shout":"x"}]}"#, Some(7)),
            (r#"{"id":7,"do":"read","ticket":"17"}"#, Some(7)),
        ];
        for (line, id) in wrong {
            let (found, fault) = request(line.as_bytes()).unwrap_err();
            assert_eq!((found, fault.code), (id, Code::Usage), "{line}");
        }
    }
}
