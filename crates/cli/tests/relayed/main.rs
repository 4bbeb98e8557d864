//! Tools that are started for each turn, and services, with real processes: the program from its command line.

#![allow(clippy::disallowed_methods, reason = "whoever waits for processes looks at the clock")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod agents;
#[path = "../common/events.rs"]
mod events;
mod jules;
mod shell;
mod world;
