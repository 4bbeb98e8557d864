//! Tools that are started for each turn, and services, with real processes: the program from its command line.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod agents;
mod jules;
mod shell;
mod world;
