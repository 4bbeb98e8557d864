//! Run one interactive command-line tool well, and keep N of it alive.

pub mod error;
pub mod instance;
pub mod machine;
pub mod message;
pub mod pool;
pub mod process;
pub mod spec;
pub mod supervisor;

pub use error::{JobError, SpecError, StartError};
pub use pool::ToolProcessPool;

/// A seed that differs from run to run, for nonces and jitter. Not for secrets.
#[must_use]
pub fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}
