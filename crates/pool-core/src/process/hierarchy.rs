//! Where the control group of this process is: what it is in, by where that is mounted. A container may show only a part
//! of the hierarchy, and any of it anywhere.

use std::path::{Path, PathBuf};

/// A hierarchy of control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hierarchy {
    /// Version 2.
    Unified,
    /// Version 1, with the controller of memory.
    Memory,
}

impl Hierarchy {
    /// The folder of this process, if there is such a hierarchy and it can be seen.
    pub(super) fn of_this_process(self) -> Option<PathBuf> {
        let read = |name| std::fs::read_to_string(Path::new("/proc/self").join(name)).ok();
        self.folder(&read("mountinfo")?, &read("cgroup")?)
    }

    /// The folder of a process that has these mounts and groups. Names with spaces are not worth undoing their escapes.
    fn folder(self, mounts: &str, groups: &str) -> Option<PathBuf> {
        let group = groups.lines().find_map(|line| {
            // Number, controllers, path; the unified one has number 0 and no controllers.
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            self.is_of(controllers).then_some(path)
        })?;
        let (root, at) = mounts.lines().find_map(|line| {
            let (mount, system) = line.split_once(" - ")?;
            let fields: Vec<&str> = mount.split(' ').collect();
            let is_it = self.is_mounted(system) && !mount.contains('\\');
            is_it.then_some((*fields.get(3)?, *fields.get(4)?))
        })?;
        let below = Path::new(group).strip_prefix(root).ok()?;
        (!group.contains("..")).then(|| Path::new(at).join(below))
    }

    fn is_of(self, controllers: &str) -> bool {
        match self {
            Self::Unified => controllers.is_empty(),
            Self::Memory => controllers.split(',').any(|controller| controller == "memory"),
        }
    }

    /// Whether a mount is it, by its kind, source and options.
    fn is_mounted(self, system: &str) -> bool {
        let mut words = system.split(' ');
        let (kind, options) = (words.next(), words.nth(1).unwrap_or_default());
        match self {
            Self::Unified => kind == Some("cgroup2"),
            Self::Memory => kind == Some("cgroup") && self.is_of(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Hierarchy::{Memory, Unified};

    #[test]
    fn the_folder_is_found_by_mount_and_group() {
        let other = "24 1 0:22 / /proc rw - proc proc rw\n";
        let table = [
            (
                Unified,
                "/ /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw",
                "0::/a/b c",
                Some("/sys/fs/cgroup/a/b c"),
            ),
            (Unified, "/ /sys/fs/cgroup rw shared:9 - cgroup2 none rw", "0::/", Some("/sys/fs/cgroup/")),
            (Unified, "/a /cg rw - cgroup2 none rw", "9:pids:/x\n0::/a/b", Some("/cg/b")),
            (Unified, "/a /cg rw - cgroup2 none rw", "0::/ab", None),
            (Unified, "/ /cg rw - cgroup2 none rw", "0::/../b", None),
            (Unified, "/ /c\\040g rw - cgroup2 none rw", "0::/b", None),
            (Unified, "/ /cg rw - cgroup cgroup rw,pids", "0::/b", None),
            (Unified, "/ /cg rw - cgroup2 none rw", "9:pids:/x", None),
            (
                Memory,
                "/ /cg/m rw - cgroup cgroup rw,memory",
                "5:devices:/x\n4:memory:/jobs/7\n",
                Some("/cg/m/jobs/7"),
            ),
            (Memory, "/docker/7 /cg/m rw - cgroup cgroup rw,memory", "4:memory:/docker/7", Some("/cg/m/")),
            (Memory, "/ /cg/c rw - cgroup cgroup rw,cpu", "4:memory:/jobs/7", None),
            (Memory, "/ /cg rw - cgroup2 none rw", "0::/b", None),
            (Memory, "/ /cg/m rw - cgroup cgroup rw,memory", "nonsense", None),
        ];
        for (hierarchy, mount, groups, expected) in table {
            let found = hierarchy.folder(&format!("{other}41 31 0:38 {mount}\n"), groups);
            assert_eq!(found, expected.map(PathBuf::from), "{hierarchy:?} {mount:?} {groups:?}");
        }
    }
}
