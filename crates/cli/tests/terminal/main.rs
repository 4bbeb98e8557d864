//! The program on a real terminal: tmux draws what it prints, and types keys.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time: every wait here has a deadline by the wall clock"
)]

mod asking;
mod attach;
mod keys;
#[path = "../common/missing.rs"]
mod missing;
mod rows;
mod tmux;
mod top;
mod transcript;
mod trust;
