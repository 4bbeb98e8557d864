//! A shell script as the tool.

use crate::events::{await_files, happens};
use crate::world::{PATIENCE, World};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, test_kill_process};
use std::path::Path;
use std::time::Instant;

const ONE_SHOT: &str = "[turn]\nby = \"one_shot\"\n";
const BY_FILE: &str = "[turn]\nby = \"one_shot\"\nprompt = \"file\"\n";

fn is_there(pid: &str) -> bool {
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    let is_zombie = || {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
    };
    test_kill_process(pid).is_ok() && !is_zombie()
}

#[test]
fn a_prompt_is_read_and_a_reply_printed() {
    let world = World::new();
    world.tool("printf 'you said: '; cat; echo 'a note' >&2", "", ONE_SHOT);
    let ran = world.run(&["./tool.toml", "-n", "2", "one", "two", "three"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let mut replies: Vec<_> = ran.results.iter().map(|result| result["reply"].as_str().unwrap()).collect();
    replies.sort_unstable();
    assert_eq!(replies, ["you said: one", "you said: three", "you said: two"]);
    for result in &ran.results {
        assert_eq!(result["steps"][0]["completed_by"], "exit");
        assert_eq!(result["instance"]["generation"], 1);
    }
}

#[test]
fn a_prompt_is_nobody_elses_and_does_not_stay() {
    for (script, arguments, profile) in [
        ("tr '\\0' ' ' < /proc/$$/cmdline; cat", "", ONE_SHOT),
        (
            "tr '\\0' ' ' < /proc/$$/cmdline; cat; stat -c '%a' \"$1\" \"$(dirname \"$1\")\" | tr '\\n' ' '; cat \"$1\"; echo \"$1\" > where",
            ", \"{file}\"",
            BY_FILE,
        ),
    ] {
        let world = World::new();
        world.tool(script, arguments, profile);
        let ran = world.run(&["./tool.toml", "-n", "1", "a secret\nof two lines {file}"]);
        let (outcome, reply) = ran.only();
        assert_eq!(outcome, "ok", "{} {:?}", ran.stderr, ran.results);
        assert!(reply.ends_with("a secret\nof two lines {file}"), "{reply}");
        assert_eq!(reply.matches("secret").count(), 1, "not among the arguments: {reply}");
        if profile == BY_FILE {
            assert!(reply.contains("600 700 "), "{reply}");
            let path = world.read("where");
            assert!(path.trim().starts_with('/') && !Path::new(path.trim()).exists(), "{path}");
            assert_eq!(std::fs::read_dir(Path::new(path.trim()).parent().unwrap()).unwrap().count(), 0);
        }
    }
}

#[test]
fn what_a_process_leaves_goes_with_it() {
    let world = World::new();
    let script = "sleep 1000 & echo $! > first; setsid sh -c 'echo $$ > second.new; mv second.new second; exec sleep 1000' &
        until [ -s second ]; do :; done; echo done";
    world.tool(script, "", ONE_SHOT);
    let ran = world.run(&["./tool.toml", "-n", "1", "go"]);
    assert_eq!(ran.only(), ("ok", "done"), "{}", ran.stderr);
    for file in ["first", "second"] {
        assert!(!is_there(&world.read(file)), "{file}");
    }
}

#[test]
fn a_late_turn_is_ended_with_all_that_it_started_and_the_instance_stays() {
    let world = World::new();
    let script = "read -r line || :
        case $line in hang) setsid sh -c 'echo $$ > left; exec sleep 1000' & sleep 1000 ;; *) echo \"${line}ed\" ;; esac";
    world.tool(script, "", ONE_SHOT);
    let ran = world.run(&["./tool.toml", "-n", "1", "--timeout", "2s", "hang", "work"]);
    assert_eq!(ran.results[0]["outcome"], "timed_out", "{:?}", ran.results);
    assert_eq!(
        (&ran.results[1]["reply"], &ran.results[1]["instance"]["generation"]),
        (&"worked".into(), &1.into())
    );
    assert!(!is_there(&world.read("left")));
}

#[test]
fn ends_have_names_and_the_error_is_the_last_that_was_complained() {
    let table = [
        ("echo half; echo 'Error: no such model' >&2; exit 3", "error", "Error: no such model (exit code 3)"),
        ("echo 'rate limit, 20s' >&2; exit 1", "limited", "rate limit, 20s"),
        ("kill -SEGV $$", "crashed", "ended by signal 11"),
        ("exit 137", "crashed", "exit code 137, as by signal 9"),
        ("exit 124", "timed_out", "exit code 124"),
        ("exit 144", "error", "exit code 144"),
    ];
    for (script, outcome, error) in table {
        let world = World::new();
        let limited = "[[outcome]]\nis = \"limited\"\npattern = '^rate limit'\n";
        world.tool(script, "", &format!("{ONE_SHOT}{limited}"));
        let ran = world.run(&["./tool.toml", "-n", "1", "--on-limit", "fail", "go"]);
        assert_eq!(ran.only().0, outcome, "{script}: {:?}", ran.results);
        assert_eq!(ran.results[0]["error"], error, "{script}");
    }
}

#[test]
fn a_tool_that_is_not_there_is_told_before_anything_is_sent() {
    let world = World::new();
    let profile =
        "schema = \"cluster.profile/1\"\ncommand = [\"no-such-program\"]\n[turn]\nby = \"one_shot\"\n";
    std::fs::write(world.path("tool.toml"), profile).unwrap();
    let ran = world.run(&["./tool.toml", "-n", "1", "go"]);
    assert_ne!(ran.status, Some(0));
    assert!(ran.stderr.contains("program 'no-such-program' not found on PATH"), "{}", ran.stderr);
    assert!(ran.results.iter().all(|result| result["outcome"] != "crashed"), "{:?}", ran.results);
}

/// A program that is killed takes the process of a turn along.
#[test]
fn nothing_outlives_the_program() {
    let world = World::new();
    world.tool("echo $$ > pid.new; mv pid.new pid; sleep 1000", "", ONE_SHOT);
    let mut child = world.start(&["run", "./tool.toml", "-n", "1", "go"]);
    await_files(&world.path(""), PATIENCE, || world.path("pid").exists(), || "the tool does not start");
    let tool = Pid::from_raw(world.read("pid").trim().parse().unwrap()).unwrap();
    let tool = pidfd_open(tool, PidfdFlags::empty()).unwrap();
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    assert!(happens(&tool, Instant::now() + PATIENCE), "the tool stays");
}
