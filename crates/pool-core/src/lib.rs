//! Run one interactive command-line tool well, and keep N of it alive.

pub mod error;
pub mod machine;
pub mod message;
pub mod process;
pub mod spec;

pub use error::{JobError, SpecError, StartError};
