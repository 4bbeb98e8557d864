//! A supervised pool of warm command-line tools.

pub mod batch;
mod job;

pub use job::Job;
