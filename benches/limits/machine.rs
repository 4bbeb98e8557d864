//! The machine and this process on it: processors, load, memory, processor time.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::time::Duration;

/// Keeps this process, and what it starts, on one processor (the last it may use): hand-overs then cost the same
/// each time, instead of depending on where the scheduler puts whom.
pub(crate) fn pin_to_one_processor() -> io::Result<()> {
    let allowed = rustix::thread::sched_getaffinity(None)?;
    let last = (0..rustix::thread::CpuSet::MAX_CPU).rev().find(|processor| allowed.is_set(*processor));
    let mut only = rustix::thread::CpuSet::new();
    only.set(last.ok_or_else(|| io::Error::other("no processor is allowed"))?);
    Ok(rustix::thread::sched_setaffinity(None, &only)?)
}

/// The processor time that all threads of this process have used, its children not included.
pub(crate) fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The processor time of this process and of its children that have ended, in steps of a tick (10 ms).
pub(crate) fn all_processor_time() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may hold anything, utime is the 12th field, then stime, cutime, cstime.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(4);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100))
}

/// The processor time of each thread of these processes, in nanoseconds.
pub(crate) fn times_of(processes: &[u32]) -> io::Result<HashMap<String, u64>> {
    let mut times = HashMap::new();
    for pid in processes {
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            let path = thread?.path();
            let text = fs::read_to_string(path.join("schedstat"))?;
            let time = text.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0);
            times.insert(path.display().to_string(), time);
        }
    }
    Ok(times)
}

/// What has been added since, by threads that are still there.
pub(crate) fn added(before: &HashMap<String, u64>, after: &HashMap<String, u64>) -> Duration {
    let more = |(thread, time): (&String, &u64)| time - before.get(thread).copied().unwrap_or(0);
    Duration::from_nanos(after.iter().map(more).sum())
}

/// What of a process is in memory, in KiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// All of it.
    pub(crate) rss: f64,
    /// All of it, shared pages divided by their users. The tools are the same program file, so this flatters.
    pub(crate) pss: f64,
    /// What nobody else has.
    pub(crate) own: f64,
}

/// Reads the memory of this process.
pub(crate) fn memory() -> io::Result<Memory> {
    memory_of(std::process::id())
}

/// Reads the memory of a process.
pub(crate) fn memory_of(pid: u32) -> io::Result<Memory> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let own = kib(&rollup, "Private_Clean:") + kib(&rollup, "Private_Dirty:");
    Ok(Memory { rss: kib(&rollup, "Rss:"), pss: kib(&rollup, "Pss:"), own })
}

/// The children of this process, and theirs, whose command begins with this word.
pub(crate) fn below_me(word: &str) -> io::Result<Vec<u32>> {
    below(std::process::id(), word)
}

/// The children of that process, and theirs, likewise.
pub(crate) fn below(pid: u32, word: &str) -> io::Result<Vec<u32>> {
    let is_one = |pid: &u32| {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(word.as_bytes()))
    };
    let mut found = vec![pid];
    let mut at = 0;
    while at < found.len() {
        // A child is that of a thread.
        for thread in fs::read_dir(format!("/proc/{}/task", found[at]))? {
            let children = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|pid| pid.parse().ok()).filter(is_one));
        }
        at += 1;
    }
    found.remove(0);
    Ok(found)
}

/// Lets this process, and what it starts, have as many files open as it may.
pub(crate) fn raise_descriptor_limit() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

fn kib(rollup: &str, name: &str) -> f64 {
    let line = rollup.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}

/// How many runnable processes the machine had on average in the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN)
}

/// One line about the machine, for the head of a report.
pub(crate) fn describe() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{processors} x {}, Linux {}, load {:.2}", model.unwrap_or("unknown"), kernel.trim(), load())
}
