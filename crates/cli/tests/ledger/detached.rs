//! Runs in the background, and waiting for them.

use crate::events::await_files;
use crate::lab::{Lab, Ran};
use crate::verbs::{LONG, await_received};
use rustix::process::{Pid, Signal, getsid, kill_process};

/// Begins a run in the background; its controller.
fn detached(lab: &Lab, more: &[&str]) -> Pid {
    let tool = lab.tool();
    let ran = lab.run(&Lab::words(&tool, &[&["-d"][..], more].concat()));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "r1\n"), "{ran:?}");
    assert!(ran.stderr.contains("'cluster wait r1' waits for its end"), "{ran:?}");
    let (_, pid) = ran.stderr.split_once("(pid ").unwrap();
    Pid::from_raw(pid.split(')').next().unwrap().parse().unwrap()).unwrap()
}

/// What the run has said so far.
fn said(lab: &Lab) -> String {
    std::fs::read_to_string(lab.path(".local/state/cluster/runs/r1/talk")).unwrap()
}

fn await_said(lab: &Lab, text: &str) {
    let run = lab.path(".local/state/cluster/runs/r1");
    await_files(&run, LONG, || said(lab).contains(text), || format!("only this was said: {}", said(lab)));
}

#[test]
fn a_run_in_the_background_is_waited_for_with_its_own_code() {
    let lab = Lab::new();
    let pid = detached(&lab, &["[[hang]] one", "two"]);
    await_received(&lab, 2);
    assert_eq!(getsid(Some(pid)).unwrap(), pid, "no terminal takes it along");
    let ran = lab.run(&["wait", "--timeout", "50ms"]);
    assert_eq!(ran.code, Some(124), "{ran:?}");
    assert!(lab.run(&["runs"]).stdout.contains("  running  "));
    let waiting = lab.command(&["wait", "r1"]).spawn().unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    await_said(&lab, "again to cancel");
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(Ran::of(waiting).code, Some(143));
    let said = said(&lab);
    assert!(said.contains("r1 is unfinished: 'cluster resume r1' goes on with it"), "{said}");
    assert_eq!(lab.run(&["runs", "logs", "--talk"]).stdout, said);
    let ran = lab.run(&["resume", "-d", "--on-unknown", "skip"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "r1\n"), "{ran:?}");
    assert_eq!(lab.run(&["wait"]).code, Some(1));
    assert!(lab.run(&["runs", "logs"]).stdout.ends_with("two\n"));
}

#[test]
fn a_killed_controller_leaves_a_run_that_can_be_resumed() {
    let lab = Lab::new();
    let pid = detached(&lab, &["[[hang]] one"]);
    await_received(&lab, 1);
    let waiting = lab.command(&["wait"]).spawn().unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    let ran = Ran::of(waiting);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("'cluster resume r1' goes on with it"), "{ran:?}");
}

#[test]
fn what_cannot_begin_says_so_to_whoever_began_it() {
    let lab = Lab::new();
    let ran = lab.run(&["run", "no-such-tool -x", "--lines", "-d", "a"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
    assert!(ran.stderr.contains("error: "), "{ran:?}");
    let ran = lab.run(&["run", "bash", "-d"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "nothing to do: {ran:?}");
    let ran = lab.run(&["run", "bash", "-d", "--dry-run", "echo a"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("echo a"), "{ran:?}");
    let ran = lab.run(&["wait"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(lab.run(&["runs"]).stdout, "no run is recorded\n");
}
