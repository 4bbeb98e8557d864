//! What commands without a run of their own print on standard output, whole.

use super::{Output, redact, sanitize};
use std::io::{IsTerminal, Write, stdout};

/// What becomes of a tool's bytes on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// A terminal shows them, and does not act on them.
    ForPeople,
    /// Whatever they do.
    AsTheyCame,
}

impl Output {
    /// Prints a whole text on standard output.
    pub(crate) fn document(text: &str) -> std::io::Result<()> {
        let mut out = stdout().lock();
        let text = redact::hide(text);
        let safe = if out.is_terminal() { sanitize::text(&text) } else { text.as_ref().into() };
        out.write_all(safe.as_bytes())?;
        out.flush()
    }

    /// Prints what a tool printed on standard output, without secrets.
    pub(crate) fn bytes(bytes: &[u8], form: Bytes) -> std::io::Result<()> {
        let mut out = stdout().lock();
        let bytes = redact::hide_bytes(bytes);
        if form == Bytes::ForPeople && out.is_terminal() {
            out.write_all(sanitize::text(&String::from_utf8_lossy(&bytes)).as_bytes())?;
        } else {
            out.write_all(&bytes)?;
        }
        out.flush()
    }
}
