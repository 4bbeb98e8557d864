//! Colours, where they are wanted: `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and the terminal decide.

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use owo_colors::{OwoColorize, Style};

/// Paints, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paint(bool);

impl Paint {
    /// As wanted on this stream.
    pub(crate) fn of(stream: &impl RawStream) -> Self {
        Self(AutoStream::choice(stream) != ColorChoice::Never)
    }

    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self(false)
    }

    /// What went wrong.
    pub(crate) fn bad(self, text: &str) -> String {
        self.paint(text, Style::new().red().bold())
    }

    /// What to do.
    pub(crate) fn good(self, text: &str) -> String {
        self.paint(text, Style::new().green().bold())
    }

    /// What is less important.
    pub(crate) fn dim(self, text: &str) -> String {
        self.paint(text, Style::new().dimmed())
    }

    fn paint(self, text: &str, style: Style) -> String {
        if self.0 { text.style(style).to_string() } else { text.to_owned() }
    }
}

/// Whether colours are wanted on standard output.
#[cfg(feature = "top")]
pub(crate) fn colours() -> bool {
    Paint::of(&std::io::stdout()).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is black on white, white on black, or anything between stays readable: red and green are dark and bright enough
    /// for both, dim is a shade of the terminal's own colour. Yellow, white and black are not.
    #[test]
    fn no_colour_is_for_one_background_only() {
        let paint = Paint(true);
        let shown = [paint.bad("x"), paint.good("x"), paint.dim("x")];
        assert_eq!(shown, ["\x1b[31;1mx\x1b[0m", "\x1b[32;1mx\x1b[0m", "\x1b[2mx\x1b[0m"]);
        assert_eq!([Paint(false).bad("x"), Paint(false).good("x"), Paint(false).dim("x")], ["x"; 3]);
    }
}
