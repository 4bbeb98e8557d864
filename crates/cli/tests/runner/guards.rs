//! Guards at work: one for all lives of a slot, tools that begin with a clean slate, and what happens when a guard dies.

use crate::world::World;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// One instance, JSON on standard output, a job for each item.
fn run(world: &World, tool: &str, items: &[&str]) -> Vec<Value> {
    let words: Vec<_> = [tool, "-n", "1", "--json"].into_iter().chain(items.iter().copied()).collect();
    world.run(&words).results()
}

fn reply(record: &Value) -> &str {
    record["reply"].as_str().unwrap()
}

#[test]
fn a_guard_outlives_the_lives_of_its_slot() {
    let records = run(&World::new(), "bash", &["echo $PPID", "kill -9 $$ $BASHPID", "echo $PPID"]);
    assert_eq!(records[1]["outcome"], "crashed", "{records:?}");
    assert_eq!(records[2]["instance"]["generation"], 2, "{records:?}");
    assert_eq!(reply(&records[0]), reply(&records[2]), "the same guard is the parent of both");
}

#[test]
fn f69_tools_begin_with_no_signal_blocked_or_ignored() {
    let status =
        "[line.split()[1] for line in open('/proc/self/status') if line[:6] in ('SigBlk', 'SigIgn')]";
    let world = World::new();
    // As under nohup, or from a shell that ignores what it likes.
    let mut shell = world.program("sh");
    let script = "trap '' HUP INT TERM USR1 PIPE; exec \"$@\"";
    shell.args(["-c", script, "sh", env!("CARGO_BIN_EXE_cluster"), "run", "python", "-n", "1", status]);
    let output = shell.output().unwrap();
    let reply = String::from_utf8(output.stdout).unwrap();
    let masks: Vec<u64> = reply
        .split(['\'', '[', ']', ',', ' ', '\n'])
        .filter(|word| word.len() == 16)
        .map(|word| u64::from_str_radix(word, 16).unwrap())
        .collect();
    // Python itself ignores SIGPIPE and SIGXFSZ. The two above 31 are the C library's own.
    let [blocked, ignored] = masks[..] else { panic!("{reply:?}") };
    let own = 1 << (Signal::PIPE.as_raw() - 1) | 1 << (Signal::XFSZ.as_raw() - 1);
    assert_eq!((blocked, ignored & 0x7fff_ffff & !own), (0, 0), "{reply}");
}

#[test]
fn f13_f18_what_a_tool_leaves_is_gone_before_its_exit_is_told() {
    let world = World::new();
    // Fifty children in sessions of their own, then the tool ends in the middle of its job.
    let leave =
        "for i in $(seq 50); do setsid sleep 1000 </dev/null >/dev/null 2>&1 & done; kill -9 $$ $BASHPID";
    let count = "n=0; for e in /proc/[0-9]*/environ; do grep -qzF \"$CLUSTER_TEST_MARK\" $e 2>/dev/null && \
                 grep -qzx 1000 ${e%environ}cmdline 2>/dev/null && n=$((n+1)); done; echo $n";
    let records = run(&world, "bash", &[leave, count]);
    assert_eq!(reply(&records[1]), "0", "children of the last life: {records:?}");
    assert_eq!(records[0]["outcome"], "crashed", "{records:?}");
    assert_eq!(records[1]["outcome"], "ok", "{records:?}");
}

#[test]
fn a_guard_that_is_killed_takes_its_tool_along_and_is_replaced() {
    let world = World::new();
    let mut run =
        world.start(&["bash", "-n", "1", "--json", "echo $PPID", "touch here; sleep 1000", "echo $PPID"]);
    let first: Value = serde_json::from_str(&run.line().unwrap()).unwrap();
    world.await_file("here");
    let guard = Pid::from_raw(reply(&first).parse().unwrap()).unwrap();
    kill_process(guard, Signal::KILL).unwrap();
    let ran = run.end();
    let records = ran.results();
    // The shell may live long enough to see that its `sleep` was killed.
    assert!(["crashed", "error"].contains(&records[0]["outcome"].as_str().unwrap()), "{ran}");
    assert_eq!(records[1]["outcome"], "ok", "{ran}");
    assert_ne!(reply(&records[1]), reply(&first), "another guard");
}

#[test]
fn a_guard_that_its_tool_stops_goes_on() {
    // Nobody but the guard can tell of the end of the shell.
    let records = run(&World::new(), "bash", &["kill -STOP $PPID; kill -9 $$ $BASHPID", "echo here"]);
    assert_eq!(records[0]["outcome"], "crashed", "{records:?}");
    assert_eq!((&records[1]["outcome"], reply(&records[1])), (&"ok".into(), "here"), "{records:?}");
}

#[test]
fn f55_too_many_instances_are_refused_and_tools_keep_the_limit_they_know() {
    let limited = |limit: &str, instances: &str| {
        let world = World::new();
        let mut shell = world.program("sh");
        let program = env!("CARGO_BIN_EXE_cluster");
        let script = format!("ulimit {limit} && exec {program} run bash -n {instances} 'ulimit -Sn'");
        let output = shell.args(["-c", &script]).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (status, stdout, stderr) = limited("-Sn 128", "40");
    assert_eq!((status, stdout.as_str()), (Some(0), "128\n"), "{stderr}");
    let (status, stdout, stderr) = limited("-n 128", "40");
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("40 instances need 184 open files"), "{stderr}");
    assert!(stderr.contains("the limit is 128: take at most 21 instances"), "{stderr}");
}
