//! Everything below the guard, wherever it has moved.

use super::group::Group;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, kill_process, pidfd_open, pidfd_send_signal,
};
use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How long one round of killing waits for somebody to end.
const ROUND: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// How many rounds there are before what is left is given up: it hangs in the kernel. At least two seconds if nobody
/// ends, longer while somebody does.
const ROUNDS: u32 = 100;

/// The processes below this one.
pub(super) struct Tree {
    /// Readable when a child has ended.
    ends: OwnedFd,
}

impl AsFd for Tree {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ends.as_fd()
    }
}

impl Tree {
    pub(super) const fn new(ends: OwnedFd) -> Self {
        Self { ends }
    }

    /// Takes note that somebody has ended, so that the next end can be waited for.
    pub(super) fn note_ends(&self) {
        let mut information = [0; 1024];
        while rustix::io::read(&self.ends, &mut information).is_ok_and(|read| read == information.len()) {}
    }

    /// Reaps all children that have ended. A descendant whose parent ended has become a child.
    pub(super) fn reap(&self) -> Vec<(Pid, WaitStatus)> {
        std::iter::from_fn(|| rustix::process::wait(WaitOptions::NOHANG).ok().flatten()).collect()
    }

    /// The same, and lets those go on that somebody has stopped.
    pub(super) fn reap_and_wake(&self) -> Vec<(Pid, WaitStatus)> {
        let options = WaitOptions::NOHANG | WaitOptions::UNTRACED;
        let news = std::iter::from_fn(|| rustix::process::wait(options).ok().flatten());
        news.filter(|(pid, status)| !(status.stopped() && kill_process(*pid, Signal::CONT).is_ok())).collect()
    }

    /// Reaps a child that has been killed. If it does not go at once, everything below goes first: a process that is
    /// traced cannot be reaped before its tracer has gone, and the tracer may be its own child. `None` if it cannot be
    /// reaped at all.
    pub(super) fn reap_killed(&self, pid: Pid) -> Option<WaitStatus> {
        for round in 0..ROUNDS {
            match rustix::process::waitpid(Some(pid), WaitOptions::NOHANG) {
                Ok(Some((_, status))) => return Some(status),
                Ok(None) => {}
                Err(_) => return None,
            }
            if round > 0 {
                kill_descendants(&HashSet::new());
            }
            let _ = poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&ROUND));
            self.note_ends();
        }
        None
    }

    /// Kills and reaps all that is left: those in the group at once, then whoever is found elsewhere. It costs one
    /// system call if there are no children at all.
    pub(super) fn clear(&self, group: Option<&mut Group>) {
        let mut ended = Vec::new();
        if !reap_all(&mut ended) {
            return;
        }
        if let Some(group) = group {
            group.kill();
        }
        self.clear_by_sight(&HashSet::new(), &mut ended);
    }

    /// The same without a group, except for `spare` and what is below those. Who has ended meanwhile, and how.
    pub(super) fn clear_except(&self, spare: &HashSet<Pid>) -> Vec<(Pid, WaitStatus)> {
        let mut ended = Vec::new();
        if reap_all(&mut ended) {
            self.clear_by_sight(spare, &mut ended);
        }
        ended
    }

    fn clear_by_sight(&self, spare: &HashSet<Pid>, ended: &mut Vec<(Pid, WaitStatus)>) {
        let (mut quiet, mut before) = (0, 0);
        while quiet < ROUNDS {
            let reaped = ended.len() > before;
            before = ended.len();
            // With nobody to spare there *is* a child: if none was found, it moved while the table was read.
            if kill_descendants(spare) == 0 && !spare.is_empty() {
                return;
            }
            quiet = if reaped { 0 } else { quiet + 1 };
            let _ = poll(&mut [PollFd::new(self, PollFlags::IN)], Some(&ROUND));
            self.note_ends();
            if !reap_all(ended) {
                return;
            }
        }
    }
}

/// Reaps all children that have ended; whether any is left.
fn reap_all(ended: &mut Vec<(Pid, WaitStatus)>) -> bool {
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some(child)) => ended.push(child),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// What /proc says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    parent: i32,
    /// In ticks since boot: tells it from another one that got its number.
    started: u64,
}

/// Kills every descendant that is there at this moment; how many there were. One that is born meanwhile is for the
/// next round.
fn kill_descendants(spare: &HashSet<Pid>) -> usize {
    let all: HashMap<i32, Entry> = processes().filter_map(|pid| Some((pid, look(pid)?))).collect();
    let me = getpid().as_raw_pid();
    let spare: HashSet<i32> = spare.iter().map(|pid| pid.as_raw_pid()).collect();
    let victims = all.iter().filter(|(pid, _)| is_below(**pid, me, &spare, &all));
    victims.map(|(pid, entry)| kill(*pid, *entry)).count()
}

/// Whether `pid` descends from `me`, and not through one to spare. A chain that changes while it is read may be a
/// circle: it is cut.
fn is_below(pid: i32, me: i32, spare: &HashSet<i32>, all: &HashMap<i32, Entry>) -> bool {
    let mut at = pid;
    for _ in 0..all.len() {
        match all.get(&at) {
            _ if spare.contains(&at) => return false,
            Some(entry) if entry.parent == me => return true,
            Some(entry) => at = entry.parent,
            None => return false,
        }
    }
    false
}

/// Kills this very process, not one that has its number meanwhile.
fn kill(pid: i32, entry: Entry) {
    let Some(process) = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else {
        return;
    };
    if look(pid).is_some_and(|now| now.started == entry.started) {
        let _ = pidfd_send_signal(process, Signal::KILL);
    }
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn look(pid: i32) -> Option<Entry> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    entry(&stat)
}

/// Behind the name, which may hold anything, come the state, the parent, and as the 20th field the time of start.
fn entry(stat: &str) -> Option<Entry> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Entry { parent, started })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    /// The table was read, the process ended, and another one got its number: it differs by when it began.
    #[test]
    fn f67_a_number_that_is_a_strangers_by_now_is_not_signalled() {
        let mut cat =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
        let pid = cat.id().cast_signed();
        let entry = look(pid).expect("it is there");
        for started in [entry.started - 1, entry.started + 1] {
            kill(pid, Entry { started, ..entry });
        }
        // One with SIGKILL on its way answers nothing.
        cat.stdin.as_mut().expect("a pipe").write_all(b"there\n").expect("it reads");
        let mut answer = String::new();
        BufReader::new(cat.stdout.take().expect("a pipe")).read_line(&mut answer).expect("it answers");
        assert_eq!(answer, "there\n");
        kill(pid, entry);
        assert_eq!(cat.wait().expect("its end").signal(), Some(9));
        // Its number is nobody's now.
        kill(pid, entry);
    }

    #[test]
    fn a_name_may_hold_anything() {
        let fields = "S 7 3 3 0 -1 4194304 0 0 0 0 1 2 0 0 20 0 1 0 4711 5";
        for name in ["sh", "a) S 9 (b", "x y"] {
            assert_eq!(entry(&format!("42 ({name}) {fields}")), Some(Entry { parent: 7, started: 4711 }));
        }
        assert_eq!(entry("42 (sh) S"), None);
    }

    #[test]
    fn descent_is_a_chain_of_parents() {
        let chain = |pairs: &[(i32, i32)]| {
            let entry = |&(pid, parent): &(i32, i32)| (pid, Entry { parent, started: 0 });
            pairs.iter().map(entry).collect::<HashMap<_, _>>()
        };
        let all = chain(&[(10, 1), (11, 10), (12, 11), (13, 10), (20, 1), (30, 31), (31, 30)]);
        let below = |spare: &[i32]| -> Vec<i32> {
            let spare = spare.iter().copied().collect();
            let all_pids = [10, 11, 12, 13, 20, 30, 31, 99];
            all_pids.into_iter().filter(|pid| is_below(*pid, 10, &spare, &all)).collect()
        };
        assert_eq!(below(&[]), [11, 12, 13]);
        assert_eq!(below(&[11]), [13], "neither the spared one nor what is below it");
    }
}
