//! A pool as tools of an agent: the protocol as raw lines, what a client may not do, and clients of other people.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod agents;
mod client;
mod deep;
mod ends;
mod joined;
mod lab;
mod limits;
mod own;
mod python;
