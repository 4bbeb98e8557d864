//! What names a prompt that was sent: `t17`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A ticket: the letter `t` and a number from 1, in the order of acceptance. A pool gives each number once, also over
/// restarts of its controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TicketId(pub u64);

/// A word that names no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no ticket: tickets are t1, t2 and so on")]
pub struct NotATicket(pub String);

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

impl FromStr for TicketId {
    type Err = NotATicket;

    fn from_str(text: &str) -> Result<Self, NotATicket> {
        let wrong = || NotATicket(text.chars().take(40).collect());
        let digits = text.strip_prefix('t').ok_or_else(wrong)?;
        let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for TicketId {
    type Error = NotATicket;

    fn try_from(text: String) -> Result<Self, NotATicket> {
        text.parse()
    }
}

impl From<TicketId> for String {
    fn from(ticket: TicketId) -> Self {
        ticket.to_string()
    }
}

impl schemars::JsonSchema for TicketId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ticket".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^t[1-9][0-9]*$", "description": "A prompt that was sent."})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_a_letter_and_a_number() {
        assert_eq!("t17".parse(), Ok(TicketId(17)));
        assert_eq!(TicketId(17).to_string(), "t17");
        for wrong in ["", "t", "17", "t0", "t01", "t-1", "t+1", "t1x", "r1", "t99999999999999999999"] {
            assert_eq!(wrong.parse::<TicketId>(), Err(NotATicket(wrong.to_owned())));
        }
    }
}
