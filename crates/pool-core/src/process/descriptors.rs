//! How many files this process may have open, and how many instances that is enough for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::sync::atomic::{AtomicU64, Ordering};

/// What one instance takes: its input, its output, and what tells its end.
const EACH: u64 = 3;

/// What the program around the pool needs for itself: standard streams, epoll, sockets, logs, files of results.
const RESERVE: u64 = 64;

/// The limit that this process had before [`raise`]; 0 if it was not raised. Tools get it back from their guards: some
/// close every number up to their limit, and some cannot count beyond 1,024.
static BEFORE: AtomicU64 = AtomicU64::new(0);

/// Too many instances for the limit of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{instances} instances need {needed} open files ({EACH} each and {RESERVE} for the program), and the limit is {limit}: \
     take at most {} instances, or raise the limit (`ulimit -n`)",
    (limit.saturating_sub(RESERVE)) / EACH
)]
pub struct TooManyInstances {
    /// How many there would be.
    pub instances: u64,
    /// What they need.
    pub needed: u64,
    /// What there is.
    pub limit: u64,
}

/// Whether this process may have open what `instances` need.
///
/// # Errors
/// It may not; the arithmetic.
pub fn check(instances: usize) -> Result<(), TooManyInstances> {
    fits(instances as u64, getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX))
}

const fn fits(instances: u64, limit: u64) -> Result<(), TooManyInstances> {
    let needed = instances.saturating_mul(EACH).saturating_add(RESERVE);
    if needed <= limit { Ok(()) } else { Err(TooManyInstances { instances, needed, limit }) }
}

/// Raises the soft limit of this process to the hard one. Not for a library to decide: see
/// `ClusterBuilder::raise_descriptor_limit`.
pub fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => BEFORE.store(current.unwrap_or(0), Ordering::Relaxed),
        Err(error) => tracing::debug!(%error, "the limit of open files stays"),
    }
}

/// The soft limit that tools are to have, if not that of this process.
pub(super) fn of_tools() -> Option<u64> {
    Some(BEFORE.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_shows_its_arithmetic() {
        assert_eq!(fits(320, 1024), Ok(()));
        let refusal = fits(321, 1024).unwrap_err().to_string();
        assert!(refusal.starts_with("321 instances need 1027 open files"), "{refusal}");
        assert!(refusal.contains("the limit is 1024: take at most 320 instances"), "{refusal}");
        assert!(fits(u64::MAX, 1024).is_err(), "no overflow");
    }
}
