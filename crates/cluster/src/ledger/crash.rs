//! Named points at which a test may kill the program: `CLUSTER_CRASH_AT=NAME` or `NAME:N` for the N-th time it is
//! passed. Only in builds with the feature `crash-points`; elsewhere a point is nothing.

/// Where the program can be made to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The run's folder exists, its record does not.
    RunFolderMade,
    /// The record exists, no job was sent.
    RunMade,
    /// An intent is about to be committed.
    BeforeIntent,
    /// An intent is on disk, nothing was sent.
    AfterIntent,
    /// A reply came, and is about to be committed.
    BeforeReply,
    /// A reply is on disk, nobody was told.
    AfterReply,
    /// All jobs have ended; the run is about to be closed.
    BeforeClose,
    /// The run is closed in the record; its marker is still there.
    AfterClose,
    /// A resumed run has been opened; what its last controller left has been noted.
    AfterRecovery,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::RunFolderMade,
        Self::RunMade,
        Self::BeforeIntent,
        Self::AfterIntent,
        Self::BeforeReply,
        Self::AfterReply,
        Self::BeforeClose,
        Self::AfterClose,
        Self::AfterRecovery,
    ];

    /// Its name in `CLUSTER_CRASH_AT`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RunFolderMade => "run_folder_made",
            Self::RunMade => "run_made",
            Self::BeforeIntent => "before_intent",
            Self::AfterIntent => "after_intent",
            Self::BeforeReply => "before_reply",
            Self::AfterReply => "after_reply",
            Self::BeforeClose => "before_close",
            Self::AfterClose => "after_close",
            Self::AfterRecovery => "after_recovery",
        }
    }
}

/// Dies here by SIGKILL, if a test wants it.
#[cfg(feature = "crash-points")]
pub(super) fn reached(point: Point) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let wanted = std::env::var("CLUSTER_CRASH_AT").ok()?;
        let (name, count) = wanted.split_once(':').unwrap_or((&wanted, "1"));
        Some((name.to_owned(), count.parse().ok()?))
    });
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Some((name, count)) = &*WANTED else { return };
    if name == point.name() && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *count {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing.
#[cfg(not(feature = "crash-points"))]
pub(super) const fn reached(_: Point) {}
