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
    /// Between double quotes, together with what touches it, without any escape: for tools that know no other. Text
    /// that is blank or has a double quote in it is refused.
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
    /// Between the quotes would be nothing, which the tool takes for the quotes themselves.
    #[error("it is blank")]
    Blank,
}

/// A line that is put together from the template's own text and foreign text.
pub(super) struct Line {
    quote: Quote,
    text: String,
    /// Where the current word begins; looked after for [`Quote::Double`] only, as is the rest.
    word: usize,
    /// Foreign text is in the word.
    foreign: bool,
    /// The template has a quote open by itself.
    open: bool,
}

impl Line {
    pub(super) const fn new(quote: Quote) -> Self {
        Self { quote, text: String::new(), word: 0, foreign: false, open: false }
    }

    /// The template's own text, or text that is to be taken for it.
    pub(super) fn literal(&mut self, text: &str) {
        if self.quote != Quote::Double {
            self.text.push_str(text);
            return;
        }
        for character in text.chars() {
            if character.is_whitespace() && !self.open {
                self.end_word();
                self.word = self.text.len() + character.len_utf8();
            }
            self.open ^= character == '"';
            self.text.push(character);
        }
    }

    /// Foreign text, quoted.
    ///
    /// # Errors
    /// [`CannotQuote`] if the tool's language has no word for it.
    pub(super) fn foreign(&mut self, text: &str) -> Result<(), CannotQuote> {
        match self.quote {
            Quote::None => self.text.push_str(text),
            Quote::Shell => self.text.push_str(&shlex::try_quote(text).map_err(|_| CannotQuote::Nul)?),
            Quote::Double if text.contains('"') => return Err(CannotQuote::DoubleQuote),
            Quote::Double if text.trim().is_empty() => return Err(CannotQuote::Blank),
            Quote::Double => {
                self.foreign |= !self.open;
                self.text.push_str(text);
            }
        }
        Ok(())
    }

    /// Puts quotes around the word, if that is needed.
    fn end_word(&mut self) {
        if std::mem::take(&mut self.foreign) {
            self.text.insert(self.word, '"');
            self.text.push('"');
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.end_word();
        self.text
    }
}
