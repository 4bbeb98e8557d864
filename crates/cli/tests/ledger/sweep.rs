//! Every call that changes the record's files, made to be the last one or to fail: the first, the second, and so on, until
//! a run has none left to be hit. Calls are counted by thread, so a run that is begun and one that is resumed both matter.

use crate::checker::Promise;
use crate::lab::{Lab, Ran};
use crate::power::strace;
use crate::torture::Torture;
use cluster::ledger::crash::Point;
use std::process::{Command, Stdio};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// The program is killed before it.
    Kill,
    /// It fails with this error.
    Error(&'static str),
}

/// Every so many calls are tried; `just torture` tries all.
fn step() -> usize {
    std::env::var("CLUSTER_TORTURE_CALLS").map_or(17, |text| text.parse().unwrap())
}

/// The command with harm to the `number`th call of a thread to one of these.
fn harmed(lab: &Lab, command: &Command, calls: &str, harm: Harm, number: usize) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(lab.path("strace"));
    let runs = lab.path(".local/state/cluster/runs");
    strace.arg("-P").arg(&runs).arg("-P").arg(runs.join("r1"));
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-journal", "run.lock", "open", "reserve", "exit"] {
        strace.arg("-P").arg(runs.join("r1").join(name));
    }
    let what = match harm {
        Harm::Kill => "signal=KILL".to_owned(),
        Harm::Error(error) => format!("error={error}"),
    };
    strace.arg("-e").arg(format!("trace={calls}"));
    strace.arg("-e").arg(format!("inject={calls}:{what}:when={number}"));
    strace.arg(command.get_program()).args(command.get_args()).env_clear();
    strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    strace.current_dir(lab.path("")).stdin(Stdio::null()).stderr(Stdio::piped()).stdout(lab.told());
    strace
}

/// Harms one call after the other of a run that `prepare` has led so far; how many were there to be hit.
fn sweep(calls: &str, harm: Harm, prepare: impl Fn(&mut Torture)) -> usize {
    let mut hit = 0;
    // Of syncs there are few.
    let every = if calls.contains("write") { step() } else { step().min(7) };
    for number in (1..).step_by(every) {
        let mut torture = Torture::new(Promise::AtMostOnce, 1);
        prepare(&mut torture);
        let command = torture.command(torture.unfinished());
        let ran = Ran::of(harmed(&torture.lab, &command, calls, harm, number).spawn().unwrap());
        let trace = std::fs::read_to_string(torture.lab.path("strace")).unwrap();
        let was_hit =
            trace.contains("(INJECTED)") || trace.contains("+++ killed by SIGKILL +++") && ran.code.is_none();
        if harm != Harm::Kill {
            // It said why, or went on.
            assert!(matches!(ran.code, Some(0 | 1)), "{harm:?} at call {number}: {ran:?}");
        }
        torture.checker.kills += 1;
        torture.checker.after_kill(&torture.lab);
        torture.finish();
        if !was_hit {
            return hit;
        }
        hit += 1;
    }
    hit
}

const CALLS: &str = "openat,mkdir,pwrite64,write,ftruncate,fsync,fdatasync,unlink";

#[test]
fn killed_at_every_call_nothing_is_lost_and_nothing_sent_twice() {
    if !strace() {
        return;
    }
    let begun = sweep(CALLS, Harm::Kill, |_| ());
    let resumed = sweep(CALLS, Harm::Kill, |torture| torture.die_at(Point::AfterReply, 3));
    println!("killed at {begun} calls of a run that was begun, at {resumed} of one that was resumed");
    assert!(begun > 2 && resumed > 2, "{begun} {resumed}");
}

/// Fault 72, and 71 once.
#[test]
fn a_call_that_fails_once_loses_nothing_and_sends_nothing_twice() {
    if !strace() {
        return;
    }
    for (calls, error) in [("fsync,fdatasync", "EIO"), ("pwrite64", "ENOSPC"), ("pwrite64,ftruncate", "EIO")]
    {
        let begun = sweep(calls, Harm::Error(error), |_| ());
        let resumed = sweep(calls, Harm::Error(error), |torture| torture.die_at(Point::AfterIntent, 3));
        println!(
            "{error} at {begun} calls to {calls} of a run that was begun, at {resumed} of one that was resumed"
        );
    }
}
