//! A supervised pool of warm command-line tools.

pub mod batch;
pub mod blocking;
mod builder;
mod cluster;
mod error;
mod job;
pub mod outbox;
pub mod profile;
mod session;

pub use builder::{ClusterBuilder, DEFAULT_QUEUE};
pub use cluster::ClusterManager;
pub use error::{LaunchError, ReadError};
pub use job::Job;
pub use outbox::Ticket;
pub use session::Session;

pub use pool_core::message::{JobHandle, Outcome, Reply, SlotId};
pub use pool_core::{JobError, message, spec};
