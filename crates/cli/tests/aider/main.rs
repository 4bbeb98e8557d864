//! The program over aider itself, which talks to a scripted model.
//!
//! Wants aider's path in `CLUSTER_TEST_AIDER`; without it every test says that it is skipped, or fails if
//! `CLUSTER_TEST_ALL` is set. `CLUSTER_TEST_AIDER_JOBS` makes the batch of edits longer than 20 jobs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "real programs run by the real clock")]

mod cancel;
mod edits;
#[path = "../common/events.rs"]
mod events;
mod files;
mod hostile;
mod killed;
mod lab;
mod model;
mod replies;
mod resident;
mod start;
mod warm;
