//! Why an instance does not go on: all that is known of it, as plain data, and what to do about it.

mod next;

use pool_core::process::look::Seen;
use pool_core::supervisor::{InstanceDump, InstanceStatus};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How many lines of the last output there are.
const LINES: usize = 20;

/// How many processes are told of.
const PROCESSES: usize = 30;

/// How long a line of output may be, in characters.
const WIDTH: usize = 400;

/// An instance, and what it waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Why {
    /// From outside.
    pub status: InstanceStatus,
    /// What goes on, in a few words; null if nobody is there, or it does not answer.
    pub doing: Option<String>,
    /// Which step of the job runs, from 1, and of how many.
    pub step: Option<(usize, usize)>,
    /// The rule that ends what goes on: what output is awaited.
    pub awaits: Option<String>,
    /// Bytes that have come since the last prompt.
    pub received: u64,
    /// Bytes that have come in this life.
    pub said: u64,
    /// Since when nothing has come, in ms; null if nothing has come at all.
    pub silent_ms: Option<u64>,
    /// The last lines of its output, with everything unprintable escaped; the last one may be a part of a line.
    pub last_lines: Vec<String>,
    /// What ends by itself, the earliest first.
    pub timers: Vec<Timer>,
    /// Its processes, the tool first, each after its parent; at most 30.
    pub processes: Vec<ProcessView>,
    /// How many more there are.
    pub more_processes: usize,
    /// The control group of the tool; null if that cannot be known.
    pub control_group: Option<String>,
    /// What to do next.
    pub next: String,
}

/// What ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Timer {
    /// What.
    pub name: String,
    /// How long until then, in ms.
    pub left_ms: u64,
}

/// A process of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProcessView {
    /// Its process id.
    pub pid: u32,
    /// That of its parent.
    pub parent: u32,
    /// The name of its program.
    pub name: String,
    /// What the kernel calls its state: `R` runs, `S` sleeps, `D` waits for a device, `T` stopped, `Z` ended.
    pub state: char,
    /// The processor time of it and of its children that have ended, in the kernel's ticks (mostly 10 ms).
    pub ticks: u64,
    /// Its memory in bytes.
    pub memory: u64,
    /// What it waits for, in words; null where that cannot be known.
    pub waits_for: Option<String>,
}

impl Why {
    /// What a dump says of an instance.
    #[must_use]
    pub fn of(dump: InstanceDump) -> Self {
        let InstanceDump { status, inside, heard, last, timers } = dump;
        let (inside, processes) = match inside {
            Some(mut inside) => {
                let processes = std::mem::take(&mut inside.processes);
                (Some(inside), processes)
            }
            None => (None, Vec::new()),
        };
        let inner = inside.iter().flat_map(|inside| inside.timers.iter().copied());
        let mut timers: Vec<_> = timers.into_iter().chain(inner).collect();
        timers.sort_by_key(|(_, left)| *left);
        let mut why = Self {
            control_group: status.pid.and_then(control_group),
            status,
            doing: inside.as_ref().map(|inside| inside.doing.to_owned()),
            step: inside.as_ref().and_then(|inside| inside.step),
            awaits: inside.as_ref().map(|inside| inside.expects.clone()),
            received: inside.as_ref().map_or(0, |inside| inside.received),
            said: heard.said,
            silent_ms: heard.silent.map(millis),
            last_lines: lines(&last),
            timers: timers.into_iter().map(Timer::new).collect(),
            more_processes: processes.len().saturating_sub(PROCESSES),
            processes: processes.into_iter().take(PROCESSES).map(ProcessView::of).collect(),
            next: String::new(),
        };
        why.next = next::next(&why);
        why
    }
}

impl Timer {
    fn new((name, left): (&'static str, Duration)) -> Self {
        Self { name: name.to_owned(), left_ms: millis(left) }
    }
}

impl ProcessView {
    fn of(seen: Seen) -> Self {
        let Seen { pid, parent, state, name, ticks, memory, waits_in, waits_for } = seen;
        let waits_for = match (waits_for, waits_in) {
            (Some(what), Some(place)) => Some(format!("{what}, in {place}")),
            (what, place) => what.or_else(|| place.map(|place| format!("waits in {place}"))),
        };
        let waits_for = waits_for.map(|what| escape(&what));
        Self { pid, parent, name: escape(&name), state, ticks, memory, waits_for }
    }
}

/// The last lines of what a tool has said, in characters that do nothing to whoever shows them.
pub(crate) fn lines(said: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(said);
    let mut lines: Vec<_> = text.split_inclusive('\n').rev().take(LINES).map(escape).collect();
    lines.reverse();
    lines
}

fn escape(text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars().take(WIDTH) {
        if char.is_control() || is_sly(char) {
            escaped.extend(char.escape_default());
        } else {
            escaped.push(char);
        }
    }
    if text.chars().nth(WIDTH).is_some() {
        escaped.push('…');
    }
    escaped
}

/// Characters that cannot be seen, and turn others around.
const fn is_sly(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The control group that a process is in, by the one hierarchy that there is nowadays.
fn control_group(pid: u32) -> Option<String> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    groups.lines().find_map(|line| line.strip_prefix("0::")).map(escape)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
