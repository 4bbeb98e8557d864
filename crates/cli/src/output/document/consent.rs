//! Asks the user, on a terminal.

use crate::output::Output;
use std::io::{BufRead, IsTerminal, Read, Write, stderr, stdin, stdout};

/// A longer answer is none.
const LONGEST: u64 = 1024;

impl Output {
    /// Asks a question that is answered by yes or no, no without a clear answer; nothing if nobody could see what it is
    /// about, or answer.
    pub(crate) fn consent(question: &str) -> std::io::Result<Option<bool>> {
        if !(stdin().is_terminal() && stdout().is_terminal() && stderr().is_terminal()) {
            return Ok(None);
        }
        // What was typed before the question could be read is no answer to it.
        let _ = rustix::termios::tcflush(stdin(), rustix::termios::QueueSelector::IFlush);
        let mut err = stderr();
        err.write_all(question.as_bytes())?;
        err.flush()?;
        let mut answer = Vec::new();
        stdin().lock().take(LONGEST).read_until(b'\n', &mut answer)?;
        let answer = String::from_utf8_lossy(&answer).trim().to_lowercase();
        Ok(Some(matches!(answer.as_str(), "y" | "yes")))
    }
}
