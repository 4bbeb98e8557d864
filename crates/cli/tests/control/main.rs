//! A pool that stays up, from outside: its commands, its socket, and what becomes of it when somebody is killed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod inside;
mod lab;
mod scenario;
