//! A disk that takes no more, by way of a limit on the size of files.

use crate::checker::{Checker, Promise};
use crate::lab::{Lab, Ran};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::io::{BufRead, BufReader, Read};

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
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut paused = String::new();
    while !paused.contains("nothing more is sent") {
        paused.clear();
        assert!(said.read_line(&mut paused).unwrap() > 0, "it never paused");
    }
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
