//! Our pool, through its public handle. **The one file that knows the facade**: when `ClusterManager` is there, its
//! four methods below are filled in, and nothing else of the benchmark changes.
//!
//! ```ignore
//! ClusterManager::builder().tool(spec, n).strategy(..).queue(n).on_this_arbiter().build().await
//!     .submit(Job) -> JobHandle            // a future; `wait()` blocks
//!     .shutdown().await
//! ```

use super::{Setup, Subject};
use crate::Failure;
use crate::args::Args;
use crate::sample::Sample;
use std::future::Future;

/// What every method says until the facade has landed.
const MISSING: &str = "the facade has not landed";

/// The pool on this arbiter.
pub(crate) struct Ours;

impl Subject for Ours {
    /// `actix_rt::System::new().block_on(future)`: its tasks are tokio's local tasks.
    fn run<F: Future>(_future: F) -> Result<F::Output, Failure> {
        Err(MISSING.into())
    }

    /// `builder().tool(spec(setup), setup.tools).queue(setup.tools).on_this_arbiter().build()`.
    async fn start(_setup: Setup) -> Result<Self, Failure> {
        Err(MISSING.into())
    }

    /// `submit(Job::new(vec![Step::Say(prompt)], ..)).await`, and the length of its text.
    async fn ask(&self, _prompt: String) -> Result<usize, Failure> {
        Err(MISSING.into())
    }

    /// `shutdown().await`.
    async fn stop(self) -> Result<(), Failure> {
        Err(MISSING.into())
    }
}

/// Measures our pool: as every subject, and in the ways that only it has.
pub(crate) fn measure(what: &str, args: &Args) -> Result<Sample, Failure> {
    match what {
        "foreign" => foreign(args),
        other => super::measure::<Ours>(other, args),
    }
}

/// Round trips from a thread without a runtime, to the pool on a thread of its own: `submit(..)`, then `wait()`.
fn foreign(_args: &Args) -> Result<Sample, Failure> {
    Err(MISSING.into())
}
