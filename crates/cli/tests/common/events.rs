//! How these tests wait for what others do: by the system's events, each with a deadline. Nothing here looks again before
//! something has happened.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::fmt::Display;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// What may make a difference to who looks at a folder.
const CHANGES: WatchFlags =
    WatchFlags::CREATE.union(WatchFlags::DELETE).union(WatchFlags::MODIFY).union(WatchFlags::MOVED_TO);

/// Waits until it is so, by a look after each change in this folder or one of its files. A test in which it never is has
/// failed, and `otherwise` says what is instead.
pub(crate) fn await_files<D: Display>(
    folder: &Path,
    within: Duration,
    is_so: impl Fn() -> bool,
    otherwise: impl FnOnce() -> D,
) {
    let deadline = Instant::now() + within;
    let changes = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&changes, folder, CHANGES).unwrap();
    while !is_so() {
        assert!(happens(&changes, deadline), "after {within:?}: {}", otherwise());
        while rustix::io::read(&changes, &mut [0; 4096]).is_ok() {}
    }
}

/// Whether there is something to read by then.
pub(crate) fn happens(descriptor: &impl AsFd, deadline: Instant) -> bool {
    let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).unwrap();
    poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&left)).unwrap() > 0
}
