//! A control group for what a guard starts, where the system lets us have one.
//!
//! The walk through the table of processes finds everybody, but it takes time, and who forks and ends faster than that
//! gets away from each round. `cgroup.kill` ends a whole group at once. So a guard makes a folder of its own in the
//! hierarchy (version 2) and goes into it, because what it starts is then born there at no cost; before it kills, it
//! steps out. Nothing depends on it: who may not write there, or sets [`OFF`], has the walk alone.
//!
//! Source: `Documentation/admin-guide/cgroup-v2.rst` of Linux; `cgroup.kill` came with 5.14.

use crate::process::hierarchy::Hierarchy;
use rustix::process::{Pid, getpid};
use std::fs;
use std::path::{Path, PathBuf};

/// The variable that turns groups off if it is not empty.
const OFF: &str = "CLUSTER_NO_CGROUP";

/// What the names of our folders begin with; the number of the guard follows.
const PREFIX: &str = "cluster-guard-";

/// The group of this process, in which guards make theirs.
#[derive(Debug, Clone)]
pub(super) struct Home(PathBuf);

/// The group of a guard. It goes when this is dropped.
#[derive(Debug)]
pub(super) struct Group {
    home: PathBuf,
    own: PathBuf,
    place: Place,
}

/// Where the guard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    Outside,
}

impl Home {
    /// Where this process is, if there is such a hierarchy. Folders that lost their guards are removed: the system
    /// refuses where anybody is left.
    pub(super) fn of_this_process() -> Option<Self> {
        if std::env::var_os(OFF).is_some_and(|value| !value.is_empty()) {
            return None;
        }
        let home = Self(Hierarchy::Unified.of_this_process()?);
        for guard in home.guards().filter(|guard| rustix::process::test_kill_process(*guard).is_err()) {
            home.remove(guard);
        }
        Some(home)
    }

    /// The guards that have, or had, a folder here.
    fn guards(&self) -> impl Iterator<Item = Pid> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        entries.filter_map(|entry| {
            entry.file_name().to_str()?.strip_prefix(PREFIX)?.parse().ok().and_then(Pid::from_raw)
        })
    }

    fn of(&self, guard: Pid) -> PathBuf {
        self.0.join(format!("{PREFIX}{}", guard.as_raw_pid()))
    }

    /// Moves this process into a new group of its own. `None` if it may not.
    pub(super) fn settle(&self) -> Option<Group> {
        let own = self.of(getpid());
        // One that is left over had a guard with our number.
        remove(&own);
        fs::create_dir(&own).ok()?;
        let mut group = Group { home: self.0.clone(), own, place: Place::Outside };
        group.enter();
        (group.place == Place::Inside && group.own.join("cgroup.kill").exists()).then_some(group)
    }

    /// Kills what is in the group of a guard that was itself killed.
    pub(super) fn kill(&self, guard: Pid) {
        let _ = fs::write(self.of(guard).join("cgroup.kill"), "1");
    }

    /// Removes the group of a guard that has gone. If somebody in it is yet to die, the next start of a template does.
    pub(super) fn remove(&self, guard: Pid) {
        remove(&self.of(guard));
    }
}

impl Group {
    /// Makes sure that what is started from now on is born in the group.
    pub(super) fn enter(&mut self) {
        if self.place == Place::Outside && into(&self.own) {
            self.place = Place::Inside;
        }
    }

    /// Kills everybody in it but this guard, which is outside from then on.
    pub(super) fn kill(&mut self) {
        if self.place == Place::Inside && !into(&self.home) {
            return;
        }
        self.place = Place::Outside;
        let _ = fs::write(self.own.join("cgroup.kill"), "1");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = self.place == Place::Inside && into(&self.home);
        remove(&self.own);
    }
}

/// Moves this process. A process with one thread says so by a zero.
fn into(group: &Path) -> bool {
    fs::write(group.join("cgroup.procs"), "0").is_ok()
}

/// Removes a folder, and those in it: the tool may have made groups of its own. The system refuses where anybody is left.
fn remove(group: &Path) {
    for inner in fs::read_dir(group).into_iter().flatten().flatten() {
        if inner.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&inner.path());
        }
    }
    let _ = fs::remove_dir(group);
}
