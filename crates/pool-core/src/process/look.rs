//! A look at the processes of an instance: how they are, and how much they have worked.

mod wait;

use std::future::Future;
use std::pin::Pin;

/// Of so many processes of an instance is said what they wait for; that takes three more small files each.
const WAITS: usize = 64;

/// How much there is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The tool's own process: one small file.
    Tool,
    /// It and everything below it: a file for each process of the machine, so seldom, and never on an arbiter.
    Tree,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    /// Its process id.
    pub pid: u32,
    /// That of its parent.
    pub parent: u32,
    /// What the kernel calls its state: `R` runs, `S` sleeps, `D` waits for a device, `T` stopped, `Z` ended.
    pub state: char,
    /// The name of its program, at most 15 bytes of it.
    pub name: String,
    /// The processor time of it and of its children that have ended, in the kernel's ticks (mostly 10 ms).
    pub ticks: u64,
    /// Its memory in bytes; what it shares with others is counted for each.
    pub memory: u64,
    /// The place in the kernel where it waits, where that may be known.
    pub waits_in: Option<String>,
    /// What it waits for, in words, where that may be known: `reads from its input (pipe:[4711])`.
    pub waits_for: Option<String>,
}

/// What counts of a look, for the watch over a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vitals {
    /// The tool has been stopped by a signal.
    pub stopped: bool,
    /// Processor time of the tool itself.
    pub tool: u64,
    /// Processor time of all that was seen.
    pub all: u64,
}

/// A look that is under way.
pub type Looking = Pin<Box<dyn Future<Output = Vec<Seen>>>>;

impl Vitals {
    /// Of a look whose first process is the tool; `None` if it saw nothing.
    #[must_use]
    pub fn of(seen: &[Seen]) -> Option<Self> {
        let tool = seen.first()?;
        let all = seen.iter().map(|process| process.ticks).sum();
        Some(Self { stopped: tool.state == 'T', tool: tool.ticks, all })
    }
}

/// Sees nothing.
#[must_use]
pub fn nothing() -> Looking {
    Box::pin(std::future::ready(Vec::new()))
}

/// Looks at the process `pid`. Nothing is seen where there is no `/proc`, or the process has gone.
pub fn look(pid: u32, depth: Depth) -> Looking {
    match depth {
        Depth::Tool => Box::pin(std::future::ready(process(pid).into_iter().collect())),
        Depth::Tree => Box::pin(async move {
            tokio::task::spawn_blocking(move || tree(pid, is_guard, all())).await.unwrap_or_default()
        }),
    }
}

/// Every process of the machine.
fn all() -> Vec<Seen> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| process(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

/// The tool first, then its descendants, each after its parent; then, if its parent is a guard, those that the guard
/// has adopted.
fn tree(tool: u32, is_guard: impl Fn(u32) -> bool, all: Vec<Seen>) -> Vec<Seen> {
    let (mut tree, mut rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|process| process.pid == tool);
    let guard = tree.first().map(|tool| tool.parent).filter(|parent| is_guard(*parent));
    let mut place = 0;
    for parent in tree.first().map(|tool| tool.pid).into_iter().chain(guard) {
        rest = adopt(parent, &mut tree, rest);
        while let Some(parent) = tree.get(place).map(|process| process.pid) {
            rest = adopt(parent, &mut tree, rest);
            place += 1;
        }
    }
    for process in tree.iter_mut().take(WAITS) {
        process.waits_in = waits_in(process.pid);
        process.waits_for = wait::waits_for(process.pid);
    }
    tree
}

/// Moves the children of `parent` into the tree; the others stay.
fn adopt(parent: u32, tree: &mut Vec<Seen>, rest: Vec<Seen>) -> Vec<Seen> {
    let (children, others): (Vec<_>, _) = rest.into_iter().partition(|process| process.parent == parent);
    tree.extend(children);
    others
}

fn is_guard(pid: u32) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command.split(|byte| *byte == 0).nth(1) == Some(super::guard::ARGUMENT.as_bytes())
}

fn process(pid: u32) -> Option<Seen> {
    parse(&String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/stat")).ok()?))
}

fn waits_in(pid: u32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{pid}/wchan"))
        .ok()
        .filter(|place| !matches!(place.as_str(), "" | "0"))
}

/// A line of `/proc/PID/stat`. The name stands in parentheses, and may hold any character, parentheses too.
fn parse(stat: &str) -> Option<Seen> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let times = fields.get(11..15)?.iter().map(|time| time.parse::<u64>().unwrap_or_default());
    let pages = fields.get(21).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default();
    Some(Seen {
        pid: pid.parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        state: fields.first()?.chars().next()?,
        name: name.to_owned(),
        ticks: times.sum(),
        memory: pages * rustix::param::page_size() as u64,
        waits_in: None,
        waits_for: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_name() {
        let table = [
            ("7 (cat) S 3 7 7 0 -1 4194304 1 2 3 4 10 20 30 40 20 0", Some((7, 3, 'S', "cat", 100))),
            ("8 (a) R (b) T 1 8 8 0 -1 0 0 0 0 0 1 0 0 0 20 0", Some((8, 1, 'T', "a) R (b", 1))),
            ("9 (cut) S 1 9", None),
            ("", None),
        ];
        for (line, expected) in table {
            let seen = parse(line);
            let seen = seen.as_ref().map(|it| (it.pid, it.parent, it.state, it.name.as_str(), it.ticks));
            assert_eq!(seen, expected, "{line:?}");
        }
    }

    #[test]
    fn a_tree_is_the_tool_and_what_is_below_it() {
        let process = |pid, parent| Seen {
            pid,
            parent,
            state: 'S',
            name: String::new(),
            ticks: u64::from(pid),
            memory: 0,
            waits_in: None,
            waits_for: None,
        };
        let all = || {
            [(1, 0), (900_005, 900_003), (900_003, 900_002), (900_002, 1), (900_004, 1)]
                .map(|(pid, parent)| process(pid, parent))
                .to_vec()
        };
        let none = |_| false;
        let pids = |tool, guard| {
            let tree = tree(tool, |parent| parent == guard, all());
            tree.into_iter().map(|seen| seen.pid).collect::<Vec<_>>()
        };
        assert_eq!(pids(900_002, 0), [900_002, 900_003, 900_005]);
        assert_eq!(pids(900_009, 0), [0; 0]);
        assert_eq!(pids(900_003, 900_002), [900_003, 900_005], "the guard itself is none of it");
        assert_eq!(pids(900_002, 1), [900_002, 900_003, 900_005, 900_004], "adopted by the guard");
        let vitals = Vitals::of(&tree(900_003, none, all())).expect("two processes");
        assert_eq!((vitals.tool, vitals.all), (900_003, 1_800_008));
    }

    #[tokio::test]
    async fn our_own_process_is_there_and_has_worked() {
        let me = std::process::id();
        for depth in [Depth::Tool, Depth::Tree] {
            let seen = look(me, depth).await;
            assert_eq!(seen.first().map(|process| process.pid), Some(me));
            let memory = seen.first().map_or(0, |process| process.memory);
            assert!((1 << 20..1 << 34).contains(&memory), "{memory} bytes of memory");
        }
        assert_eq!(look(u32::MAX, Depth::Tree).await, []);
    }
}
