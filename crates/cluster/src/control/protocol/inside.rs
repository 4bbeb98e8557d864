//! Looking inside a pool: transcripts, what an instance waits for, its terminal, how many there are.

use serde::{Deserialize, Serialize};

/// Bytes: a text where they are UTF-8, else their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum Bytes {
    /// UTF-8.
    Text(String),
    /// Anything.
    Raw(Vec<u8>),
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|other| Self::Raw(other.into_bytes()), Self::Text)
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        match bytes {
            Bytes::Text(text) => text.into_bytes(),
            Bytes::Raw(bytes) => bytes,
        }
    }
}

/// Which tool gets another number of instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScaleAsk {
    /// Its name; the only one if absent.
    #[serde(default)]
    pub tool: Option<String>,
    /// How many there are to be, from 1.
    pub count: usize,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScaleDone {
    /// The instances that are being started.
    pub added: Vec<u32>,
    /// Those that finish the job at hand, and go for ever.
    pub going: Vec<u32>,
}

/// Whose transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogsAsk {
    /// The number of the instance; all of them if absent.
    #[serde(default)]
    pub index: Option<u32>,
    /// Go on with what comes, until the pool goes or the client does.
    #[serde(default)]
    pub follow: bool,
}

/// A piece of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogPiece {
    /// Of which instance.
    pub slot: u32,
    /// What.
    #[serde(flatten)]
    pub what: Logged,
}

/// What was said, told, or became of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Logged {
    /// The tool said this.
    Said(Bytes),
    /// The tool was told this, what frames a turn included.
    Told(Bytes),
    /// A life began or ended.
    Note(String),
    /// So many bytes have gone before they could be read.
    Missed(u64),
}

/// Which instance is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WhyAsk {
    /// Its number.
    pub index: u32,
}

/// Whose terminal is wanted. What is typed goes by `type`, which names this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AttachAsk {
    /// The number of the instance.
    pub index: u32,
    /// Do not wait for the job at hand.
    #[serde(default)]
    pub now: bool,
}

/// The instance belongs to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AttachedTo {
    /// The tool.
    pub tool: String,
    /// Whether it has a terminal; else it reads lines from a pipe.
    pub terminal: bool,
    /// The end of what it said before.
    pub before: Bytes,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// The client has gone.
    Detached,
    /// The instance has ended.
    Ended,
}

/// The end of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AttachDone {
    /// How.
    pub left: Left,
}

/// What is typed. It is answered when the instance has taken it: whoever waits with more until then loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TypeAsk {
    /// The number of the `attach` request.
    pub to: u64,
    /// What: at most 16 KiB.
    pub bytes: Bytes,
}

/// The client's terminal is as large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResizeAsk {
    /// The number of the `attach` request.
    pub to: u64,
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
}

/// The client gives the instance back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DetachAsk {
    /// The number of the `attach` request.
    pub to: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_where_they_can_be() {
        for (bytes, json) in
            [(&b"\x1b[1m\xc3\xa4"[..], "\"\\u001b[1mä\""), (b"a\xff", "[97,255]"), (b"", "\"\"")]
        {
            let made = Bytes::from(bytes.to_vec());
            assert_eq!(serde_json::to_string(&made).unwrap(), json);
            let back: Bytes = serde_json::from_str(json).unwrap();
            assert_eq!(Vec::from(back), bytes);
        }
    }
}
