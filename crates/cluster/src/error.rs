//! Why a cluster could not be built.

use pool_core::SpecError;

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No such profile, or it makes no sense.
    #[error(transparent)]
    Profile(#[from] crate::profile::ProfileError),
    /// A tool's specification makes no sense.
    #[error("{tool}: {source}")]
    Spec {
        /// Which tool.
        tool: String,
        /// What is wrong with it.
        source: SpecError,
    },
    /// Nothing to run.
    #[error("no instances: name at least one tool and one instance")]
    Empty,
    /// Two tools of one name: jobs and results could not tell them apart.
    #[error("two tools are named '{0}': add it once, with more instances, or rename one")]
    NamedTwice(String),
    /// More instances than this process may have files open for.
    #[error(transparent)]
    TooMany(#[from] pool_core::process::descriptors::TooManyInstances),
    /// The thread for the actors could not be started.
    #[error("the system could not start a thread: {0}")]
    Thread(std::io::Error),
    /// No instance became ready, and none will.
    #[error("no instance could be started: {0}")]
    NotStarted(String),
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No such ticket, or its reply has been read: each is given out once.
    #[error("no reply is waiting under this ticket: it was read before, or never given out")]
    NoSuchTicket,
    /// Nothing is under way and nothing is unread.
    #[error("nothing is under way: send something first")]
    Nothing,
}
