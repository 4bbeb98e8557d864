//! Whether the kernel killed a tool because memory was short.
//!
//! Such a tool ends by SIGKILL, like one that we killed, or that somebody killed who has a terminal. What tells them apart
//! is a counter of the kernel: of the kills for want of memory in the tool's own control group, or, where that has no
//! such counter, on the whole machine. If it moved while the tool lived, and nobody here killed it, memory was why.
//! Two that are killed at a time, one for want of memory and one by hand, are taken for two of the first kind.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The signal by which the kernel does it.
const KILL: i32 = 9;

/// The count of such kills when a life began.
#[derive(Debug, Clone)]
pub(super) struct Shortage {
    counter: Counter,
    before: Option<u64>,
}

impl Shortage {
    /// Notes the count, at the beginning of a tool's life. Some 50 µs.
    pub(super) fn watch(counter: Counter) -> Self {
        Self { before: counter.read(), counter }
    }

    /// Whether it is to blame for an end by `signal`; `ours` if somebody here had sent SIGKILL by then.
    pub(super) fn is_to_blame(&self, signal: i32, ours: bool) -> bool {
        // The count is read only where it matters.
        suspects(signal, ours) && has_moved(self.before, self.counter.read())
    }
}

/// Whether the kernel may have done it.
const fn suspects(signal: i32, ours: bool) -> bool {
    signal == KILL && !ours
}

/// A count that was not there before, or is not there now, says nothing.
const fn has_moved(before: Option<u64>, now: Option<u64>) -> bool {
    matches!((before, now), (Some(before), Some(now)) if now > before)
}

/// A file of the kernel with a line `oom_kill COUNT`.
#[derive(Debug, Clone)]
pub(super) struct Counter(PathBuf);

impl Counter {
    /// That of this process, whose control group its children inherit.
    pub(super) fn of_this_process() -> Self {
        static FOUND: OnceLock<Counter> = OnceLock::new();
        FOUND.get_or_init(Self::find).clone()
    }

    fn find() -> Self {
        let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let found = candidates(&groups).into_iter().map(Self).find(|counter| counter.read().is_some());
        found.unwrap_or_else(|| Self("/proc/vmstat".into()))
    }

    fn read(&self) -> Option<u64> {
        count(&std::fs::read_to_string(&self.0).ok()?)
    }
}

/// Where the counter of a process may be that is in these groups, best first. One line a hierarchy: number, controllers,
/// path; the unified one has number 0 and no controllers.
fn candidates(groups: &str) -> Vec<PathBuf> {
    let root = Path::new("/sys/fs/cgroup");
    let file = |line: &str| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let path = path.trim_start_matches('/');
        match controllers {
            "" => Some(root.join(path).join("memory.events")),
            "memory" => Some(root.join("memory").join(path).join("memory.oom_control")),
            _ => None,
        }
    };
    groups.lines().filter_map(file).collect()
}

fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f07_only_a_kill_that_is_not_ours_and_was_counted_is_one_for_want_of_memory() {
        let table = [
            (9, false, Some(3), Some(4), true),
            (9, false, Some(3), Some(3), false),
            (9, true, Some(3), Some(4), false),
            (15, false, Some(3), Some(4), false),
            (9, false, None, Some(1), false),
            (9, false, Some(1), None, false),
        ];
        for (signal, ours, before, now, expected) in table {
            let found = suspects(signal, ours) && has_moved(before, now);
            assert_eq!(found, expected, "signal {signal}, ours: {ours}, {before:?} to {now:?}");
        }
    }

    #[test]
    fn f07_the_counter_is_that_of_the_tools_own_group() {
        let table = [
            ("0::/user.slice/a b\n", vec!["/sys/fs/cgroup/user.slice/a b/memory.events"]),
            ("5:devices:/x\n4:memory:/jobs/7\n", vec!["/sys/fs/cgroup/memory/jobs/7/memory.oom_control"]),
            ("1:cpu:/\n", vec![]),
            ("nonsense", vec![]),
        ];
        for (groups, expected) in table {
            assert_eq!(candidates(groups), expected.iter().map(PathBuf::from).collect::<Vec<_>>());
        }
        for text in ["low 0\noom 2\noom_kill 5\noom_group_kill 1\n", "oom_kill_disable 0\noom_kill 5\n"] {
            assert_eq!(count(text), Some(5), "{text}");
        }
        assert_eq!(count("oom_killer 5\noom_kill x\n"), None);
    }

    #[test]
    fn f07_the_count_is_read_anew_at_the_end() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let set =
            |count: u32| std::fs::write(file.path(), format!("oom 1\noom_kill {count}\n")).expect("written");
        set(7);
        let shortage = Shortage::watch(Counter(file.path().into()));
        assert!(!shortage.is_to_blame(KILL, false), "nothing has happened");
        set(8);
        assert!(shortage.is_to_blame(KILL, false) && !shortage.is_to_blame(KILL, true));
    }

    #[test]
    fn f07_this_machine_counts() {
        assert!(Counter::of_this_process().read().is_some(), "every kernel since 4.13 does");
    }
}
