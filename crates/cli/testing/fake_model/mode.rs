//! The ways to answer.

use std::str::FromStr;

/// How a chat request is answered, see the top of `main.rs`.
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
    Http(Failure),
    Reset,
    MidReset,
    Hang,
    Commit,
    Summary,
}

/// An HTTP error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    RateLimit,
    Server,
    BadRequest,
    Key,
    Context,
}

const NAMES: [(&str, Mode); 22] = [
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
    ("429", Mode::Http(Failure::RateLimit)),
    ("500", Mode::Http(Failure::Server)),
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
            _ => named.map_or("?", |(name, _)| name),
        }
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
    /// Status, message and code, as the real service has them.
    pub(crate) fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::RateLimit => (429, "Rate limit reached for requests", "rate_limit_exceeded"),
            Self::Server => (500, "The server had an error", "server_error"),
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
            assert_eq!(name.parse(), Ok(mode));
            assert_eq!(mode.name(), name);
        }
        assert!("commit".parse::<Mode>().is_err());
    }
}
