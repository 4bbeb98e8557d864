//! The ways to answer.

use std::str::FromStr;

/// How a request is answered, see the top of `main.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Plain,
    Edit,
    Ensure,
    New,
    Bad,
    BadOnce,
    Docstring,
    Lookalike,
    Question,
    Unicode,
    Long,
    Length,
    Empty,
    Drip,
    Shell,
    Write,
    Call,
    Say,
    Words,
    Recall,
    Http(Failure),
    Reset,
    MidReset,
    Hang,
    Commit,
    Summary,
    Form,
    Told,
}

/// An HTTP error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    RateLimit,
    /// What the account may use is used up.
    Quota,
    Server,
    Unavailable,
    Overloaded,
    BadRequest,
    Key,
    Context,
}

const NAMES: &[(&str, Mode)] = &[
    ("plain", Mode::Plain),
    ("edit", Mode::Edit),
    ("ensure", Mode::Ensure),
    ("new", Mode::New),
    ("bad", Mode::Bad),
    ("badonce", Mode::BadOnce),
    ("docstring", Mode::Docstring),
    ("lookalike", Mode::Lookalike),
    ("question", Mode::Question),
    ("unicode", Mode::Unicode),
    ("long", Mode::Long),
    ("length", Mode::Length),
    ("empty", Mode::Empty),
    ("drip", Mode::Drip),
    ("shell", Mode::Shell),
    ("write", Mode::Write),
    ("call", Mode::Call),
    ("say", Mode::Say),
    ("words", Mode::Words),
    ("recall", Mode::Recall),
    ("429", Mode::Http(Failure::RateLimit)),
    ("quota", Mode::Http(Failure::Quota)),
    ("500", Mode::Http(Failure::Server)),
    ("503", Mode::Http(Failure::Unavailable)),
    ("529", Mode::Http(Failure::Overloaded)),
    ("400", Mode::Http(Failure::BadRequest)),
    ("401", Mode::Http(Failure::Key)),
    ("ctx", Mode::Http(Failure::Context)),
    ("reset", Mode::Reset),
    ("midreset", Mode::MidReset),
    ("hang", Mode::Hang),
];

impl Mode {
    /// The name in directives, statistics and the log.
    pub(crate) fn name(self) -> &'static str {
        let named = NAMES.iter().find(|(_, mode)| *mode == self);
        match self {
            Self::Commit => "commit",
            Self::Summary => "summary",
            Self::Form => "form",
            Self::Told => "told",
            _ => named.map_or("?", |(name, _)| name),
        }
    }

    /// Whether it takes tools, which the clients of chats do not declare.
    pub(crate) fn is_for_agents(self) -> bool {
        matches!(self, Self::Shell | Self::Write | Self::Call | Self::Say | Self::Words | Self::Recall)
    }

    /// Whether `n=` says how often it happens.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Http(_) | Self::Reset | Self::MidReset | Self::Hang)
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = NAMES.iter().find(|(known, _)| *known == name);
        named.map(|(_, mode)| *mode).ok_or_else(|| format!("unknown mode: {name}"))
    }
}

impl Failure {
    /// Whether it goes away by itself, so that the services say when to ask again.
    pub(crate) fn passes(self) -> bool {
        matches!(self, Self::RateLimit | Self::Unavailable | Self::Overloaded)
    }

    /// Status, message and code, as OpenAI's service has them.
    pub(crate) fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::RateLimit => (429, "Rate limit reached for requests", "rate_limit_exceeded"),
            Self::Quota => (429, "The usage limit has been reached", "usage_limit_reached"),
            Self::Server => (500, "The server had an error", "server_error"),
            Self::Unavailable | Self::Overloaded => (503, "The server is overloaded", "server_is_overloaded"),
            Self::BadRequest => (400, "The request is not valid", "invalid_request_error"),
            Self::Key => (401, "Incorrect API key provided", "invalid_api_key"),
            Self::Context => {
                (400, "This model's maximum context length is 10 tokens", "context_length_exceeded")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, NAMES};

    #[test]
    fn every_name_is_its_own_inverse() {
        for (name, mode) in NAMES {
            assert_eq!(name.parse(), Ok(*mode));
            assert_eq!(mode.name(), *name);
        }
        for chore in ["commit", "summary", "form", "told"] {
            assert!(chore.parse::<Mode>().is_err(), "{chore}");
        }
    }
}
