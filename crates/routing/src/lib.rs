//! Choose who gets the next job.

mod bits;
pub mod dispatcher;
pub mod metrics;
pub mod router;
pub mod strategy;

pub use dispatcher::Dispatcher;
pub use router::{RouterActor, RouterHandle};
