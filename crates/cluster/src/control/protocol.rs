//! The messages of the control socket: one JSON object a line, in both directions.
//!
//! ```text
//! pool     {"schema":"cluster.control/1","pool":"main","kind":"pool","run":null,"pid":4711,"program":"0.1.0"}
//! client   {"id":1,"do":"send","steps":[{"say":"print(6*7)"}],"to":{"slot":0}}
//! pool     {"id":1,"event":{"accepted":{"ticket":"t1"}}}
//! pool     {"id":1,"event":{"delivered":{"ticket":"t1","slot":0,"generation":1}}}
//! pool     {"id":1,"ok":{"ticket":"t1","result":{"schema":"cluster.result/1","outcome":"ok","reply":"42"}}}
//! ```
//!
//! A request gets any number of events, and then one `ok` or one `error`. Answers to different requests of one client come
//! in the order in which they are ready. Fields that a program does not know are passed over, and an unknown `do` is an
//! error of that request alone, so that both sides may be newer than the other.

mod answer;
mod ask;
mod inside;
mod ticket;

pub use answer::{
    Answer, Body, Code, Done, Event, Fault, Outcomes, PoolView, ReadDone, Restarted, SendDone, StatusDone,
    TicketChange, TicketCounts, TicketState, ToolView,
};
pub use ask::{
    Ask, CancelAsk, DownAsk, ReadAsk, Reply, Request, RestartAsk, SendAsk, StepAsk, To, Until, WaitAsk,
    request,
};
pub use inside::{
    AttachAsk, AttachDone, AttachedTo, Bytes, DetachAsk, Left, LogPiece, Logged, LogsAsk, ResizeAsk,
    ScaleAsk, ScaleDone, TypeAsk, WhyAsk,
};
pub use ticket::{NotATicket, TicketId};

use serde::{Deserialize, Serialize};

/// What a pool says first, to everybody who connects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Greeting {
    /// The version of the protocol.
    pub schema: Version,
    /// What the pool is called: the name of its socket.
    pub pool: String,
    /// What it is for.
    pub kind: Kind,
    /// The recorded run that it belongs to.
    pub run: Option<String>,
    /// Its controller.
    pub pid: u32,
    /// The version of the program.
    pub program: String,
}

/// The version of the protocol. A program that does not know it should say so, and not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Version {
    /// The first one.
    #[default]
    #[serde(rename = "cluster.control/1")]
    Control1,
}

/// What a pool is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It stays up, and takes whatever it is sent.
    Pool,
    /// It works on a batch, and ends with it.
    Run,
}

/// Every message there is, for the schema: a line is one of these.
#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
#[schemars(title = "cluster.control/1")]
pub enum Message {
    /// The first line of the pool.
    Greeting(Greeting),
    /// A line of the client.
    Request(Request),
    /// Every further line of the pool.
    Answer(Box<Answer>),
}
