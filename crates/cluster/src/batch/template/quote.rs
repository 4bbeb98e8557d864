//! How foreign text is made one harmless word of the tool's language.

use serde::{Deserialize, Serialize};

/// A way to quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// As it is: the tool reads prose.
    #[default]
    None,
    /// One word of a POSIX shell.
    Shell,
    /// Between double quotes, without any escape: for tools that know no other. Text with a double quote in it is
    /// refused.
    Double,
}

/// Why a text has no quoted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotQuote {
    /// A shell word holds no NUL.
    #[error("it has a NUL in it")]
    Nul,
    /// The tool knows no escape for it.
    #[error("it has a double quote in it")]
    DoubleQuote,
}

impl Quote {
    /// Appends the quoted `text` to `out`.
    ///
    /// # Errors
    /// [`CannotQuote`] if the tool's language has no word for it.
    pub(super) fn push(self, text: &str, out: &mut String) -> Result<(), CannotQuote> {
        match self {
            Self::None => out.push_str(text),
            Self::Shell => out.push_str(&shlex::try_quote(text).map_err(|_| CannotQuote::Nul)?),
            Self::Double if text.contains('"') => return Err(CannotQuote::DoubleQuote),
            Self::Double => {
                out.push('"');
                out.push_str(text);
                out.push('"');
            }
        }
        Ok(())
    }
}
