//! A pool that stays up, from outside: its commands, its socket, and what becomes of it when somebody is killed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "real tools, real time")]

mod abuse;
mod batch;
mod crash;
mod crowd;
#[path = "../common/events.rs"]
mod events;
mod file;
mod inside;
mod lab;
#[path = "../common/missing.rs"]
mod missing;
mod private;
mod race;
mod scenario;
mod sending;
mod tree;
mod typing;
