//! A disk that takes no more: by way of a limit on the size of files, and a small one that is full.

use crate::checker::{Checker, Promise};
use crate::lab::{Lab, Ran};
use crate::verbs::await_received;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command};

/// Small enough for a log of a few dozen replies to reach it; the tool's own log stays far below.
const LIMIT: u64 = 300_000;

/// Faults 71 and 74.
#[test]
fn a_full_disk_pauses_the_run_which_goes_on_by_itself() {
    let lab = Lab::new();
    let tool = lab.tool();
    let items: Vec<String> = (0..200).map(|number| format!("[[big=4000 tag={number}]] x")).collect();
    let words: Vec<&str> = items.iter().map(String::as_str).collect();
    let mut child = lab.command(&Lab::words(&tool, &words)).stdout(lab.told()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    let limit = |bytes| {
        let limit = Rlimit { current: Some(bytes), maximum: None };
        prlimit(Some(pid), Resource::Fsize, limit).unwrap();
    };
    limit(LIMIT);
    let mut said = paused(&mut child);
    let checker = Checker { items: items.clone(), promise: Promise::AtMostOnce, kills: 0 };
    checker.after_kill(&lab);
    assert!(lab.received().len() < items.len(), "it went on sending");
    limit(1 << 30);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let ran = Ran::of(child);
    assert_eq!(ran.code, Some(0), "{rest}");
    assert!(rest.contains("has room again") && rest.contains("200 jobs: 200 ok"), "{rest}");
    checker.at_end(&lab);
}

/// Waits until the run says that it waits for room; what it says then.
pub(crate) fn paused(child: &mut Child) -> BufReader<ChildStderr> {
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("nothing more is sent") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it never paused");
    }
    said
}

/// Fault 77, while nothing is written.
#[test]
fn a_record_that_is_removed_while_the_run_waits_for_room_is_missed() {
    let lab = Lab::new();
    let tool = lab.tool();
    let items: Vec<String> = (0..200).map(|number| format!("[[big=4000 tag={number}]] x")).collect();
    let words: Vec<&str> = items.iter().map(String::as_str).collect();
    let mut child = lab.command(&Lab::words(&tool, &words)).stdout(lab.told()).spawn().unwrap();
    let limit = Rlimit { current: Some(LIMIT), maximum: None };
    prlimit(Some(Pid::from_child(&child)), Resource::Fsize, limit).unwrap();
    let mut said = paused(&mut child);
    std::fs::remove_dir_all(lab.path(".local/state/cluster/runs/r1")).unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let ran = Ran::of(child);
    assert_eq!(ran.code, Some(1), "{rest}");
    assert!(rest.contains("was removed"), "{rest}");
}

/// A small disk at the place of the state; unmounted when dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing where this user may not mount one.
    pub(crate) fn mount(lab: &Lab, bytes: u64) -> Option<Self> {
        let path = lab.path(".local/state");
        std::fs::create_dir_all(&path).unwrap();
        let size = format!("size={bytes}");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&path).output();
        if !mount.is_ok_and(|mount| mount.status.success()) {
            eprintln!("skipped: no disk can be mounted here");
            return None;
        }
        Some(Self(path))
    }

    /// Takes all the room that there is.
    pub(crate) fn fill(&self) {
        let mut ballast = File::create(self.0.join("ballast")).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    /// Lets nobody write, or everybody again.
    fn remount(&self, how: &str) {
        assert!(Command::new("mount").args(["-o", how]).arg(&self.0).status().unwrap().success());
    }

    pub(crate) fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Fault 71: before a run, nothing is sent; while replies are on their way, they go into the reserve, and the run goes on
/// when there is room again.
#[test]
fn a_disk_without_room_before_and_in_the_middle_of_a_run() {
    let lab = Lab::new();
    let Some(disk) = SmallDisk::mount(&lab, 64 << 20) else { return };
    let tool = lab.tool();
    let items: Vec<String> = (0..150).map(|number| format!("[[big=4000 delay=20 tag={number}]] x")).collect();
    let words: Vec<&str> = items.iter().map(String::as_str).collect();
    disk.fill();
    let ran = lab.run(&Lab::words(&tool, &words));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.stderr.contains("help: make room on the disk, or run with --no-ledger"), "{ran:?}");
    assert!(lab.received().is_empty(), "nothing was sent");
    disk.make_room();
    assert_eq!(lab.run(&["runs"]).stdout, "no run is recorded\n");
    let mut child = lab.command(&Lab::words(&tool, &words)).stdout(lab.told()).spawn().unwrap();
    await_received(&lab, 10);
    disk.fill();
    let mut said = paused(&mut child);
    assert!(lab.received().len() < items.len(), "it went on sending");
    disk.make_room();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let ran = Ran::of(child);
    assert_eq!(ran.code, Some(0), "{rest}");
    assert!(rest.contains("has room again") && rest.contains("150 jobs: 150 ok"), "{rest}");
    Checker { items, promise: Promise::AtMostOnce, kills: 0 }.at_end(&lab);
}

/// Faults 71 and 73: a record that a killed controller left is read without room, and where nobody can write; and with what
/// that controller had kept back a run goes on.
#[test]
fn who_reads_needs_no_room_and_who_resumes_gets_what_was_kept_back() {
    let lab = Lab::new();
    let Some(disk) = SmallDisk::mount(&lab, 40 << 20) else { return };
    let tool = lab.tool();
    let child = lab.command(&Lab::words(&tool, &["one", "[[hang]] two", "three"])).spawn().unwrap();
    await_received(&lab, 3);
    crate::verbs::kill(child);
    let runs = disk.0.join("cluster/runs/r1");
    let reads = |why: &str| {
        let _ = std::fs::remove_file(runs.join("ledger.db-shm"));
        disk.fill();
        if why == "ro" {
            disk.make_room();
            disk.remount("remount,ro");
        }
        let ran = lab.run(&["runs", "show"]);
        assert!(ran.code == Some(0) && ran.stdout.contains("[[hang]] two"), "{why}: {ran:?}");
        let ran = lab.run(&["runs", "export"]);
        assert!(ran.code == Some(0) && ran.stderr.is_empty(), "{why}: {ran:?}");
    };
    reads("full");
    let ran = lab.run(&["resume", "--on-unknown", "skip"]);
    assert_eq!((ran.code, lab.received().len()), (Some(1), 3), "{ran:?}");
    disk.make_room();
    // With a log, and then without one.
    let child = lab.command(&Lab::words(&tool, &["--new", "one", "[[hang]] two"])).spawn().unwrap();
    await_received(&lab, 5);
    crate::verbs::kill(child);
    reads("ro");
    disk.remount("remount,rw");
    let ran = lab.run(&["resume", "--on-unknown", "skip"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    disk.remount("remount,ro");
    assert!(lab.run(&["runs"]).stdout.contains("r2  ") && lab.run(&["runs"]).stdout.contains("  ended  "));
    disk.remount("remount,rw");
}
