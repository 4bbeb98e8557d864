//! Choose who gets the next job.

mod bits;
pub mod metrics;
pub mod strategy;
