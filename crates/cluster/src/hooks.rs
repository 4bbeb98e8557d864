//! Programs that the user wants to be told of what happens: which, and what they are told.
//!
//! ```toml
//! [hooks]                                     # in the user's config.toml
//! on_run_done    = ["notify-send", "cluster"]
//! on_job_failed  = ["/home/me/bin/failed"]
//! on_needs_input = ["/home/me/bin/ask-me"]
//! ```
//!
//! Each is a program and its arguments, started without a shell. What happened is an [`Event`], one line of JSON on its
//! standard input; nothing of it is ever an argument. A project's file may name programs, too, which holds if the user trusts it.

mod event;

pub use event::{Event, Happened, Schema, TEXT};

use serde::{Deserialize, Serialize};

/// A program for each kind of event, as an argument vector; none if empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// When a run has ended, however it did, unless it was killed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_run_done: Vec<String>,
    /// When a job has ended, and neither well nor because somebody took it back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_job_failed: Vec<String>,
    /// When a tool asks a question that nobody answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_needs_input: Vec<String>,
}

impl Hooks {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.on_run_done.is_empty() && self.on_job_failed.is_empty() && self.on_needs_input.is_empty()
    }
}
