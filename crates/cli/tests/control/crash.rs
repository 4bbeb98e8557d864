//! A controller that is killed: nothing of its tools is left, and nothing of what it was sent is lost.

use crate::events::happens;
use crate::lab::Lab;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::time::{Duration, Instant};

/// How soon after the end of the controller its tools must be gone.
const GONE: Duration = Duration::from_secs(5);

#[test]
fn what_a_killed_controller_was_sent_is_done_by_the_next_one() {
    let lab = Lab::new();
    let controller = Pid::from_raw(lab.up(20, &[])).unwrap();
    for index in 0..20 {
        lab.ok(&["send", "--no-wait", "--to", &index.to_string(), &format!("done {index}")]);
    }
    for index in 0..10 {
        assert_eq!(lab.ok(&["read", &format!("t{}", index + 1)]), format!("done {index}\n"));
    }
    lab.ok(&["send", "--to", "0", "--no-wait", "[[first hang]] at work"]);
    lab.await_log("[[first hang]] at work");
    lab.ok(&["send", "--to", "0", "--no-wait", "waits"]);
    lab.ok(&["send", "--to", "0", "--no-wait", "taken back"]);
    lab.ok(&["cancel", "t23"]);
    let status = lab.status();
    assert_eq!((&status["tickets"]["queued"], &status["tickets"]["working"]), (&1.into(), &1.into()));
    let tools: Vec<Pid> = status["snapshot"]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|instance| Pid::from_raw(instance["pid"].as_i64().unwrap() as i32).unwrap())
        .collect();
    assert_eq!(tools.len(), 20);

    let all: Vec<_> =
        tools.iter().chain([&controller]).map(|pid| pidfd_open(*pid, PidfdFlags::empty()).unwrap()).collect();
    kill_process(controller, Signal::KILL).unwrap();
    let deadline = Instant::now() + GONE;
    assert!(all.iter().all(|process| happens(process, deadline)), "tools are left");
    let gone = lab.run(&["status"]);
    assert_eq!(gone.status, 2, "{gone}");

    let up = lab.run(&["up", "./fake.toml:20"]);
    assert_eq!((up.status, up.stdout.as_str()), (0, "main\n"), "{up}");
    for said in ["1 prompt of before: sent now", "12 replies of before", "1 prompt sent before"] {
        assert!(up.stderr.contains(said), "{said}: {up}");
    }
    assert_eq!(lab.ok(&["read", "t22"]), "waits\n");
    let unknown = lab.run(&["read", "t21"]);
    assert!(unknown.status == 1 && unknown.stderr.contains("nobody knows how it ended"), "{unknown}");
    assert_eq!(lab.run(&["read", "t23"]).status, 1);
    let mut unread: Vec<String> = (0..10).map(|_| lab.ok(&["read", "--any"])).collect();
    unread.sort();
    assert_eq!(unread, (10..20).map(|index| format!("done {index}\n")).collect::<Vec<_>>());
    assert_eq!(lab.run(&["read", "--any"]).status, 1);
    assert_eq!(lab.ok(&["read", "t1"]), "done 0\n", "what was read can be read again");
    assert_eq!(lab.ok(&["send", "new"]), "new\n");

    lab.ok(&["down"]);
    lab.ok(&["up", "./fake.toml:1", "--on-unknown", "retry"]);
    assert_eq!(lab.ok(&["read", "t21"]), "at work\n");
    lab.ok(&["down"]);
    lab.ok(&["up", "./fake.toml:1", "--new"]);
    assert_eq!(lab.ok(&["send", "--no-wait", "from the beginning"]), "t1\n");
}

#[test]
fn a_record_is_not_given_to_other_tools_while_prompts_wait_in_it() {
    let lab = Lab::new();
    lab.up(1, &[]);
    lab.ok(&["send", "--no-wait", "[[first hang]] at work"]);
    lab.await_log("[[first hang]] at work");
    lab.ok(&["send", "--no-wait", "waits"]);
    lab.ok(&["down"]);
    let refused = lab.run(&["up", "bash:1"]);
    assert!(refused.status == 2 && refused.stderr.contains("prompts for other tools wait"), "{refused}");
    lab.ok(&["up", "./fake.toml:1"]);
    assert_eq!(lab.ok(&["read", "t2"]), "waits\n");
    lab.ok(&["down"]);
    lab.ok(&["up", "bash:1"]);
    assert_eq!(lab.ok(&["send", "echo other tools"]), "other tools\n");
}

#[test]
fn without_a_record_nothing_is_written() {
    let lab = Lab::new();
    lab.up(1, &["--no-ledger"]);
    assert_eq!(lab.ok(&["send", "hello"]), "hello\n");
    assert_eq!(lab.ok(&["read", "t1"]), "hello\n");
    lab.ok(&["down"]);
    assert!(!lab.path(".local/state/cluster/pools").exists());
}

#[test]
fn a_record_that_nobody_uses_goes_unless_something_in_it_is_in_doubt() {
    let lab = Lab::new();
    let clean = || lab.ok(&["gc", "--keep", "1ms"]);
    lab.up(1, &[]);
    lab.ok(&["send", "--no-wait", "[[first hang]] at work"]);
    lab.await_log("[[first hang]] at work");
    assert!(!clean().contains("pool"), "it is up");
    lab.ok(&["down"]);
    assert!(!clean().contains("pool"), "it was sent, and nobody knows how it ended");
    lab.ok(&["up", "./fake.toml:1", "--on-unknown", "retry"]);
    assert_eq!(lab.ok(&["read", "t1"]), "at work\n");
    lab.ok(&["down"]);
    let cleaned = clean();
    assert!(cleaned.starts_with("pool main  last used 20"), "{cleaned}");
    assert_eq!(std::fs::read_dir(lab.path(".local/state/cluster/pools")).unwrap().count(), 0);
    lab.ok(&["up", "./fake.toml:1"]);
    assert_eq!(lab.ok(&["send", "--no-wait", "from the beginning"]), "t1\n");
}
