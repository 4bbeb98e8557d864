//! What is said to a client: text for models that read text, and the same as data.

use super::rights::Refusal;
use cluster::control::protocol::Fault;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};

/// An answer.
#[derive(Debug)]
pub(super) enum Said {
    /// It is done.
    Done {
        /// For models.
        text: String,
        /// The same, for programs.
        data: Value,
    },
    /// It is not done; why, and what to do about it.
    Refused(String),
}

impl Said {
    /// This is done; the data are the text too.
    pub(super) fn data(data: Value) -> Self {
        Self::Done { text: data.to_string(), data }
    }

    /// It is not done.
    pub(super) fn refused(why: &str, help: Option<&str>) -> Self {
        Self::Refused(help.map_or_else(|| why.to_owned(), |help| format!("{why}: {help}")))
    }
}

impl From<Refusal> for Said {
    fn from(Refusal { why, help }: Refusal) -> Self {
        Self::refused(&why, Some(&help))
    }
}

impl From<Fault> for Said {
    fn from(Fault { message, help, .. }: Fault) -> Self {
        Self::refused(&message, help.as_deref())
    }
}

impl From<Said> for CallToolResult {
    fn from(said: Said) -> Self {
        match said {
            Said::Done { text, data } => {
                let mut result = Self::structured(data);
                result.content = vec![ContentBlock::text(text)];
                result
            }
            Said::Refused(why) => {
                let mut result = Self::structured_error(json!({ "error": why }));
                result.content = vec![ContentBlock::text(why)];
                result
            }
        }
    }
}
