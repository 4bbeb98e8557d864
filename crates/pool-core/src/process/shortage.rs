//! Whether the kernel killed a tool because memory was short.
//!
//! Such a tool ends by SIGKILL, like one that we killed, or that somebody killed who has a terminal. What tells them apart
//! is a counter of the kernel: of the kills for want of memory in the tool's own control group, or, where that has no
//! such counter, on the whole machine. If it moved while the tool lived, and nobody here killed it, memory is taken for
//! the reason. That is a guess: a tool that somebody kills by hand is taken for one of those too, if memory was short
//! at any time of its life and another process of its group was killed for that.

use super::hierarchy::Hierarchy;
use std::path::PathBuf;
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
    /// Notes the count, at the beginning of a tool's life: the reading of one file.
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
        let places = [(Hierarchy::Unified, "memory.events"), (Hierarchy::Memory, "memory.oom_control")];
        let mut counters =
            places.iter().filter_map(|(hierarchy, file)| Some(Self(hierarchy.of_this_process()?.join(file))));
        let found = counters.find(|counter| counter.read().is_some());
        found.unwrap_or_else(|| Self("/proc/vmstat".into()))
    }

    fn read(&self) -> Option<u64> {
        count(&std::fs::read_to_string(&self.0).ok()?)
    }
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
    fn f07_the_count_is_found_in_either_file() {
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
