//! A run that is killed at half of its files, and resumed: every file is edited, and hardly one is asked for twice.

use crate::events::await_files;
use crate::files::Files;
use crate::lab::{Lab, Ran};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// How many instances the run has: no more jobs than these can be under way when it is killed.
pub(crate) const INSTANCES: usize = 5;

/// What became of the run.
#[derive(Debug)]
pub(crate) struct Killed {
    /// How many jobs its record had as done just after it was killed.
    pub(crate) done: usize,
    /// How many the second controller did.
    pub(crate) resumed: usize,
    /// How many files hold what they should.
    pub(crate) edited: usize,
    /// How many files the model was asked for more often than once, each time counted.
    pub(crate) repeats: usize,
    /// How many it was never asked for.
    pub(crate) forgotten: usize,
}

/// Runs over these files, kills the program with SIGKILL when its record has half of them as done, and resumes the run.
/// Each of the two parts has `patience` to do it.
pub(crate) fn at_half(lab: &Lab, files: Files, patience: Duration) -> Killed {
    files.make(lab);
    let told = lab.folder().join("told");
    let instances = INSTANCES.to_string();
    let list = lab.folder().join("list");
    let steps = ["-s", "/add {}", "-s", Files::PROMPT];
    let words = ["-n", &instances, "--on-unknown", "retry", "-q", "-a", list.to_str().unwrap()];
    let mut run = lab.batch(&[&words[..], &steps].concat());
    let mut child = run.stdout(File::create(&told).unwrap()).spawn().unwrap();
    // A result is told when it is on disk: the file of those that were told says when to look at the record.
    let half = files.0.div_ceil(2);
    let is_half = || lines(&told) >= half && done(lab) >= half;
    await_files(lab.folder(), patience, is_half, || format!("{} done", done(lab)));
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();

    let done = done(lab);
    let mut resume = lab.cluster_with(&["resume", "--json"]);
    let resumed = Ran::of(resume.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), patience);
    assert_eq!(resumed.status, Some(0), "{}", resumed.stderr);
    let asked = files.asked(lab);
    Killed {
        done,
        resumed: resumed.records.len(),
        edited: files.edited(lab),
        repeats: asked.iter().map(|times| times.saturating_sub(1)).sum(),
        forgotten: asked.iter().filter(|times| **times == 0).count(),
    }
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap().lines().count()
}

/// How many jobs are done, as the record of the only run says.
fn done(lab: &Lab) -> usize {
    let output = lab.cluster_with(&["runs", "--json"]).output().unwrap();
    let runs: Value = serde_json::from_slice(&output.stdout).unwrap();
    usize::try_from(runs[0]["outcomes"]["ok"].as_u64().unwrap_or(0)).unwrap()
}

#[test]
fn every_file_is_edited_and_no_more_than_were_under_way_are_asked_for_twice() {
    let Some(lab) = Lab::new(&["--delay-ms", "1000"]) else { return };
    let files = Files(24);
    let killed = at_half(&lab, files, crate::lab::PATIENCE);
    println!("{killed:?}");
    assert_eq!((killed.edited, killed.forgotten), (24, 0), "{killed:?}");
    assert!(killed.repeats <= INSTANCES, "{killed:?}");
    // It was killed in the middle, and what was done was not done again.
    assert!((12..24).contains(&killed.done), "{killed:?}");
    assert_eq!(killed.done + killed.resumed, 24, "{killed:?}");
    let names: Vec<String> = files.names().map(|name| format!(" M {name}")).collect();
    assert_eq!(lab.changes(), names);
}
