//! A control group for what a guard starts, where the system lets us have one.
//!
//! The walk through the table of processes finds everybody, but it takes time, and who forks and ends faster than that
//! gets away from each round. `cgroup.kill` ends a whole group at once. So a guard makes a folder of its own in the
//! hierarchy (version 2) and goes into it, because what it starts is then born there at no cost; before it kills, it
//! steps out. Nothing depends on it: who may not write there, or sets [`OFF`], has the walk alone.
//!
//! Source: `Documentation/admin-guide/cgroup-v2.rst` of Linux; `cgroup.kill` came with 5.14.

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
        let read = |name| fs::read_to_string(Path::new("/proc/self").join(name)).ok();
        let home = Self(folder(&read("mountinfo")?, &read("cgroup")?)?);
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
        let _ = fs::remove_dir(&own);
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
        let _ = fs::remove_dir(self.of(guard));
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
        let _ = fs::remove_dir(&self.own);
    }
}

/// Moves this process. A process with one thread says so by a zero.
fn into(group: &Path) -> bool {
    fs::write(group.join("cgroup.procs"), "0").is_ok()
}

/// The folder of a process that has these mounts and groups. Of a mount that shows only a part of the hierarchy, the
/// rest cannot be seen; names with spaces are not worth undoing their escapes.
fn folder(mounts: &str, groups: &str) -> Option<PathBuf> {
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mount = mounts.lines().find_map(|line| {
        let (mount, system) = line.split_once(" - ")?;
        let fields: Vec<&str> = mount.split(' ').collect();
        (system.starts_with("cgroup2 ") && !mount.contains('\\'))
            .then(|| Some((*fields.get(3)?, *fields.get(4)?)))?
    })?;
    let (root, at) = mount;
    let below = Path::new(group).strip_prefix(root).ok()?;
    (!group.contains("..")).then(|| Path::new(at).join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_found_by_mount_and_group() {
        let other = "24 1 0:22 / /proc rw - proc proc rw\n";
        let table = [
            (
                "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw",
                "0::/a/b",
                Some("/sys/fs/cgroup/a/b"),
            ),
            ("41 31 0:38 / /sys/fs/cgroup rw shared:9 - cgroup2 none rw", "0::/", Some("/sys/fs/cgroup/")),
            ("41 31 0:38 /a /cg rw - cgroup2 none rw", "9:pids:/x\n0::/a/b c", Some("/cg/b c")),
            ("41 31 0:38 /a /cg rw - cgroup2 none rw", "0::/ab", None),
            ("41 31 0:38 / /cg rw - cgroup2 none rw", "0::/../b", None),
            ("41 31 0:38 / /c\\040g rw - cgroup2 none rw", "0::/b", None),
            ("41 31 0:38 / /cg rw - cgroup cgroup rw,pids", "0::/b", None),
            ("41 31 0:38 / /cg rw - cgroup2 none rw", "9:pids:/x", None),
        ];
        for (mount, groups, expected) in table {
            let found = folder(&format!("{other}{mount}\n"), groups);
            assert_eq!(found, expected.map(PathBuf::from), "{mount:?} {groups:?}");
        }
    }
}
