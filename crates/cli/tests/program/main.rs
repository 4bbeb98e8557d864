//! The program from outside: what users see, standard output, standard error and exit status together.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ask;
mod batch;
mod config;
mod conformance;
mod doctor;
mod endings;
mod errors;
mod files;
mod hooks;
mod learn;
mod log;
#[path = "../common/missing.rs"]
mod missing;
mod paper;
mod planning;
mod routes;
mod running;
mod schemas;
mod trust;
mod usage;
