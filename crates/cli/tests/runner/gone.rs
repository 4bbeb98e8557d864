//! Waiting for processes to end, by their own word: nothing else tells of one that is not ours.

use crate::events::happens;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::time::{Duration, Instant};

/// Whether this process ends by then, if it is there at all.
pub(crate) fn ends(process: Pid, deadline: Instant) -> bool {
    pidfd_open(process, PidfdFlags::empty()).map_or(true, |process| happens(&process, deadline))
}

/// Waits until nobody is found any more, by a look whenever all who were found have ended.
///
/// # Errors
/// Who is left.
pub(crate) fn all_end(
    within: Duration,
    find: impl Fn() -> Vec<(u32, String)>,
) -> Result<(), Vec<(u32, String)>> {
    let deadline = Instant::now() + within;
    loop {
        let left = find();
        if left.is_empty() {
            return Ok(());
        }
        let mut pids = left.iter().filter_map(|(pid, _)| Pid::from_raw(pid.cast_signed()));
        if !pids.all(|pid| ends(pid, deadline)) {
            let left = find();
            return if left.is_empty() { Ok(()) } else { Err(left) };
        }
    }
}
