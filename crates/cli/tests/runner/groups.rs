//! Control groups: who is in that of a guard ends with the tool, even if he does not descend from it.
//!
//! A system that lets nobody make groups has nothing to test here, and these tests say so.

use crate::events::await_files;
use crate::gone::ends;
use crate::world::{PATIENCE, Running, World};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How soon a group has been killed.
const SOON: Duration = Duration::from_secs(10);

/// A process of ours, which descends from no guard.
struct Stranger(Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shell that has begun its second job, and waits for a file.
struct Shell {
    world: World,
    run: Running,
    guard: Pid,
    /// The folder of its group.
    group: PathBuf,
    stranger: Stranger,
}

impl Shell {
    /// What it is to do when the file `go` is there. A stranger is in its group, and another group. `None` where nobody may make groups.
    fn start(then: &str) -> Option<Self> {
        let home = home()?;
        let world = World::with_groups();
        let wait = format!("touch here; until [ -e go ]; do sleep 0.01; done; {then}");
        let mut run = world.start(&["bash", "-n", "1", "--json", "echo $PPID", &wait, "echo on"]);
        let first: Value = serde_json::from_str(&run.line().unwrap()).unwrap();
        let guard = Pid::from_raw(first["reply"].as_str().unwrap().parse().unwrap()).unwrap();
        world.await_file("here");
        let group = home.join(format!("cluster-guard-{}", guard.as_raw_pid()));
        // As a tool does that has groups of its own.
        std::fs::create_dir(group.join("inner")).unwrap();
        let stranger = Stranger(Command::new("sleep").arg("1000").spawn().unwrap());
        std::fs::write(group.join("cgroup.procs"), stranger.0.id().to_string()).unwrap();
        Some(Self { world, run, guard, group, stranger })
    }

    /// The stranger has been killed, the run goes on, and no folder is left.
    fn end(mut self) {
        assert!(ends(Pid::from_child(&self.stranger.0), Instant::now() + SOON), "the stranger lives");
        assert_eq!(self.stranger.0.wait().unwrap().signal(), Some(9));
        let ran = self.run.end();
        let last: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
        assert_eq!((&last["outcome"], &last["reply"]), (&"ok".into(), &"on".into()), "{ran}");
        let gone = || !self.group.exists();
        await_files(self.group.parent().unwrap(), PATIENCE, gone, || "the folder of the group is left");
    }
}

/// The group of this process, if one may be made in it.
fn home() -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let mount = mounts.find(|fields| fields[2] == "cgroup2").map(|fields| PathBuf::from(fields[1]));
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let home = mount.zip(group).map(|(mount, group)| mount.join(group)).filter(|home| {
        let probe = home.join(format!("cluster-test-{:?}", std::thread::current().id()));
        let _ = std::fs::create_dir(&probe);
        let is_there = probe.join("cgroup.kill").exists();
        let _ = std::fs::remove_dir(&probe);
        is_there
    });
    if home.is_none() {
        eprintln!("nobody may make control groups here: nothing to test");
    }
    home
}

#[test]
fn f13_all_of_the_group_ends_with_a_tool_that_leaves_somebody() {
    let Some(shell) = Shell::start("setsid sleep 1000 & kill -9 $$ $BASHPID") else { return };
    shell.world.file("go", "");
    shell.end();
}

#[test]
fn f13_all_of_the_group_ends_with_a_guard_that_is_killed() {
    let Some(shell) = Shell::start("") else { return };
    kill_process(shell.guard, Signal::KILL).unwrap();
    shell.end();
}

#[test]
fn f13_nobody_gets_a_group_who_wants_none() {
    let world = World::new();
    let ran = world.run(&["bash", "-n", "1", "cat /proc/self/cgroup"]);
    assert!(ran.status == 0 && !ran.stdout.contains("cluster-guard"), "{ran}");
}
