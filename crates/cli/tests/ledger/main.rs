//! Runs that outlive their controller: the program killed at any moment, resumed, and held to its promises.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time: every wait here has a deadline by the wall clock"
)]

mod checker;
mod detached;
mod disk;
#[path = "../common/events.rs"]
mod events;
mod formats;
mod lab;
mod logs;
#[path = "../common/missing.rs"]
mod missing;
mod night;
mod power;
mod secrets;
mod sweep;
mod torture;
mod verbs;
