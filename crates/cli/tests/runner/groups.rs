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

/// A shell that has told where it is, and waits for a file.
struct Shell {
    world: World,
    run: Running,
    guard: Pid,
    /// The folder of its group; `None` where there is none.
    group: Option<PathBuf>,
}

impl Shell {
    /// What it is to do when the file `go` is there.
    fn start(then: &str) -> Self {
        let world = World::with_groups();
        let wait = format!("touch here; until [ -e go ]; do sleep 0.01; done; {then}");
        let mut run = world.start(&[
            "bash",
            "-n",
            "1",
            "--json",
            "echo $PPID; cat /proc/self/cgroup",
            &wait,
            "echo on",
        ]);
        let first: Value = serde_json::from_str(&run.line().unwrap()).unwrap();
        let mut lines = first["reply"].as_str().unwrap().lines();
        let guard = Pid::from_raw(lines.next().unwrap().parse().unwrap()).unwrap();
        let own = format!("/cluster-guard-{}", guard.as_raw_pid());
        let group = lines.find_map(|line| line.strip_prefix("0::").filter(|group| group.ends_with(&own)));
        let group = group.and_then(|group| Some(mount()?.join(group.trim_start_matches('/'))));
        world.await_file("here");
        Self { world, run, guard, group }
    }

    /// A process of ours in the group of the guard.
    fn stranger(&self) -> Option<Stranger> {
        let Some(group) = &self.group else {
            eprintln!("no control groups here: nothing to test");
            return None;
        };
        let stranger = Command::new("sleep").arg("1000").spawn().unwrap();
        std::fs::write(group.join("cgroup.procs"), stranger.id().to_string()).unwrap();
        Some(Stranger(stranger))
    }

    /// The run goes on, the stranger has been killed, and no folder is left.
    fn end(self, mut stranger: Stranger) {
        assert!(ends(Pid::from_child(&stranger.0), Instant::now() + SOON), "the stranger lives");
        assert_eq!(stranger.0.wait().unwrap().signal(), Some(9));
        let ran = self.run.end();
        let last: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
        assert_eq!((&last["outcome"], &last["reply"]), (&"ok".into(), &"on".into()), "{ran}");
        let group = self.group.unwrap();
        await_files(
            group.parent().unwrap(),
            PATIENCE,
            || !group.exists(),
            || "the folder of the group is left",
        );
    }
}

/// Where the groups of version 2 are.
fn mount() -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    mounts.find(|fields| fields[2] == "cgroup2").map(|fields| fields[1].into())
}

#[test]
fn f13_all_of_the_group_ends_with_a_tool_that_leaves_somebody() {
    let shell = Shell::start("setsid sleep 1000 & kill -9 $$ $BASHPID");
    let Some(stranger) = shell.stranger() else { return };
    shell.world.file("go", "");
    shell.end(stranger);
}

#[test]
fn f13_all_of_the_group_ends_with_a_guard_that_is_killed() {
    let shell = Shell::start("");
    let Some(stranger) = shell.stranger() else { return };
    kill_process(shell.guard, Signal::KILL).unwrap();
    shell.end(stranger);
}

#[test]
fn f13_nobody_gets_a_group_who_wants_none() {
    let world = World::new();
    let ran = world.run(&["bash", "-n", "1", "cat /proc/self/cgroup"]);
    assert!(ran.status == 0 && !ran.stdout.contains("cluster-guard"), "{ran}");
}
