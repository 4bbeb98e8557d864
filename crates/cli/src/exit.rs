//! What the program's exit codes mean.

use std::process::ExitCode;

/// An exit code. Numbers never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// All jobs succeeded.
    Ok = 0,
    /// Some job failed, or its end is unknown.
    Failed = 1,
    /// Wrong usage or bad input; nothing was started.
    Usage = 2,
    /// The pool could not start, or gave up.
    Pool = 3,
    /// Stopped on purpose before the end.
    Stopped = 4,
    /// Another controller has the run.
    Held = 75,
    /// Whoever waited ran out of time.
    TimedOut = 124,
    /// Ended by SIGHUP: its terminal has gone.
    HungUp = 129,
    /// Ended by SIGINT.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The exit code with this number.
    pub(crate) fn of(code: u8) -> Option<Self> {
        use Exit::{Failed, Held, HungUp, Interrupted, Ok, Pool, Stopped, Terminated, TimedOut, Usage};
        [Ok, Failed, Usage, Pool, Stopped, Held, TimedOut, HungUp, Interrupted, Terminated]
            .into_iter()
            .find(|exit| *exit as u8 == code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
