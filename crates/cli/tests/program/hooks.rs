//! Programs of the user's that are told of what happens.

use crate::running::{Ran, World};
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};

/// A world with this file of settings.
fn world(settings: &str) -> World {
    let world = World::new();
    std::fs::create_dir_all(world.path(".config/cluster")).unwrap();
    world.file(".config/cluster/config.toml", settings);
    world
}

/// What a hook has written into this file, without what differs from run to run.
fn told(world: &World, file: &str) -> String {
    let text = std::fs::read_to_string(world.path(file)).unwrap_or_default();
    let timeless = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        for key in ["at", "wall_us", "turn_us"] {
            if let Some(value) = event.get_mut(key) {
                assert_ne!(*value, Value::Null);
                *value = "…".into();
            }
        }
        format!("{event}\n")
    };
    text.lines().map(timeless).collect()
}

/// What is said of hooks, sorted: they end when they do.
fn of_hooks(ran: &Ran) -> String {
    let mut lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("hook")).collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[test]
fn hooks_are_told_and_change_nothing() {
    let world = world(
        r#"
        [hooks]
        on_run_done = ["sh", "-c", "cat >done; echo told; printf '\\033[2J' >&2"]
        on_job_failed = ["sh", "-c", "cat >>failed; exit 3"]
        on_needs_input = ["touch", "never"]
        "#,
    );
    let ran = world.run(&["run", "bash", "-n", "1", "echo one", "(exit 7)", "echo three"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "one\nthree\n"), "{ran}");
    assert_snapshot!(told(&world, "failed"), @r#"{"at":"…","attempt":1,"error":"exit status 7","event":"job_failed","index":1,"instance":{"generation":1,"slot":0,"tool":"bash","version":null},"item":"(exit 7)","job":"2","outcome":"error","schema":"cluster.event/1","turn_us":"…"}"#);
    assert_snapshot!(told(&world, "done"), @r#"{"at":"…","event":"run_done","exit":1,"jobs":3,"outcomes":{"error":1,"ok":2},"schema":"cluster.event/1","wall_us":"…"}"#);
    assert!(!world.path("never").exists());
    assert_snapshot!(of_hooks(&ran), @r"
    hook on_run_done: \u{1b}[2J
    hook on_run_done: told
    warning: hook on_job_failed: ended with exit status: 3
    ");
}

#[test]
fn a_question_that_nobody_answers_is_told() {
    let world = world("[hooks]\non_needs_input = [\"sh\", \"-c\", \"cat >asked; echo >go\"]\n");
    assert!(std::process::Command::new("mkfifo").arg(world.path("go")).status().unwrap().success());
    // It asks, and goes on as soon as somebody has been told.
    let tool = r#"
        while read -r line; do
            case $line in
            /end*) echo "${line#/}" ;;
            ?*) printf 'Proceed? (y/n) '; read -r line <go; echo yes ;;
            esac
        done"#;
    world.file("asks.sh", tool);
    let profile = r#"
        schema = "cluster.profile/1"
        command = ["bash", "asks.sh"]
        questions = ['\(y/n\) \z']
        [turn]
        by = "sentinel"
        send = "/end {nonce}"
        expect = "^end {nonce}$"
        "#;
    world.file("asks.toml", profile);
    let ran = world.run(&["run", "./asks.toml", "-n", "1", "x"]);
    assert_snapshot!(told(&world, "asked"), @r#"{"at":"…","event":"needs_input","evidence":"it asks: Proceed? (y/n)","index":0,"item":"x","job":"1","schema":"cluster.event/1","slot":0,"tool":"asks"}"#);
    assert!(ran.stderr.contains("instance 0 asks needs input (job 1/1 x): it asks: Proceed? (y/n)"), "{ran}");
}

#[test]
fn settings_that_are_wrong_start_nothing() {
    let wrong = |settings: &str| {
        let world = world(settings);
        let ran = world.run(&["run", "bash", "touch started"]);
        assert!(!world.path("started").exists());
        ran
    };
    assert_snapshot!(wrong("[hooks]\non_run_dne = ['x']\n"), @r"
    status: 2
    --- stdout
    --- stderr
    error: DIR/.config/cluster/config.toml:2: hooks.on_run_dne: unknown key `on_run_dne`: did you mean `on_run_done`?
    ");
    assert_snapshot!(wrong("[hooks]\non_run_done = 'x'\n"), @r#"
    status: 2
    --- stdout
    --- stderr
    error: DIR/.config/cluster/config.toml:2: hooks.on_run_done: invalid type: string "x", expected a list
    "#);
    let gone = world("[hooks]\non_run_done = ['/no/such/program', 'a b']\n");
    let ran = gone.run(&["run", "bash", "-q", "echo one"]);
    assert_snapshot!(ran, @r"
    status: 0
    --- stdout
    one
    --- stderr
    warning: hook on_run_done: /no/such/program cannot be started: No such file or directory (os error 2)
    ");
}

#[test]
fn a_project_may_not_name_hooks_and_the_settings_show_where_they_are() {
    let world = world("[hooks]\non_run_done = ['notify', 'me']\n");
    let ran = world.run(&["config", "--origin"]);
    let shown = ran.stdout.lines().find(|line| line.contains("hooks")).unwrap_or_default();
    assert_snapshot!(shown.split_whitespace().collect::<Vec<_>>().join(" "), @r#"hooks.on_run_done = ["notify", "me"] # DIR/.config/cluster/config.toml:2"#);
    world.file("pool.toml", "[hooks]\non_run_done = ['rm', '-r', '/']\n");
    let ran = world.run(&["ask", "bash", "echo as before"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "as before\n"), "{ran}");
    assert!(ran.stderr.starts_with("DIR/pool.toml: its hooks are passed over: "), "{ran}");
}

#[test]
fn a_signal_takes_a_hook_back_that_does_not_end() {
    let world =
        world("[hooks]\non_run_done = ['sh', '-c', 'exec >held; echo ready; sleep 1000; echo never']\n");
    assert!(std::process::Command::new("mkfifo").arg(world.path("held")).status().unwrap().success());
    let run = world.command(&["run", "bash", "-q", "echo one"]).spawn().unwrap();
    let mut held = BufReader::new(std::fs::File::open(world.path("held")).unwrap());
    let mut line = String::new();
    held.read_line(&mut line).unwrap();
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    let ran = world.wait(run);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "one\n"), "{ran}");
    // The pipe ends with the last process of the hook.
    held.read_to_string(&mut line).unwrap();
    assert_eq!(line, "ready\n");
}
