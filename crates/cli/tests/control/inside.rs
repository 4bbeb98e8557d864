//! Looking inside: transcripts, what an instance waits for, how many there are, lines for one on pipes.

use crate::lab::Lab;
use std::io::Write;
use std::process::Stdio;

#[test]
fn logs_tell_who_said_what_and_raw_is_what_was_said() {
    let lab = Lab::new();
    lab.up(1, &[]);
    lab.ok(&["send", "hello"]);
    let logs = lab.ok(&["logs", "0"]);
    assert!(logs.starts_with("# life 1 begins\n") && logs.contains("\n> hello\n"), "{logs}");
    let raw = lab.ok(&["logs", "0", "--raw"]);
    assert!(!raw.contains("# life") && !raw.contains("> hello"), "{raw}");
    assert!(lab.ok(&["logs"]).lines().all(|line| line.starts_with("0| ")));
    let json = lab.ok(&["logs", "--json"]);
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first, serde_json::json!({"slot": 0, "note": "life 1 begins"}));
    let none = lab.run(&["logs", "7"]);
    assert_eq!((none.status, none.stderr.as_str()), (2, "error: no instance 7: 0 is the only one\n"));
}

#[test]
fn who_follows_hears_until_the_pool_goes() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let follower = lab.command(&["logs", "-f", "0"]).spawn().unwrap();
    lab.ok(&["send", "hello"]);
    lab.ok(&["down"]);
    let ran = lab.ran(&follower.wait_with_output().unwrap());
    assert_eq!(ran.status, 0, "{ran}");
}

#[test]
fn why_says_what_an_instance_waits_for() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let why = lab.ok(&["why", "0"]);
    for part in [
        "instance 0 fake ready",
        "  awaits ",
        "reads from its input (pipe:[",
        "  next      nothing: it is free",
    ] {
        assert!(why.contains(part), "{part:?} is not in\n{why}");
    }
    let json: serde_json::Value = serde_json::from_str(&lab.ok(&["why", "0", "--json"])).unwrap();
    assert_eq!(json["status"]["state"], "ready");
    assert_eq!(lab.run(&["why", "1"]).status, 2);
}

#[test]
fn a_pool_grows_and_shrinks() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let mut watch = lab.watch(&[]);
    assert_eq!(lab.run(&["scale", "3"]).stderr, "starting 1, 2\n");
    lab.ok(&["send", "--to", "2", "hello"]);
    let shrunk = lab.run(&["scale", "1"]);
    assert_eq!((shrunk.status, shrunk.stderr.as_str()), (0, "going when its job has ended: 1, 2\n"));
    for _ in 0..2 {
        watch.until(|event| event["instance"]["state"] == "gone");
    }
    for (words, why) in [
        (
            &["scale", "0"][..],
            "error: a tool has from 1 to 1000 instances: take the pool down to have none\n",
        ),
        (&["scale", "2", "--tool", "bash"], "error: the pool has no tool bash: it runs fake\n"),
    ] {
        let ran = lab.run(words);
        assert_eq!((ran.status, ran.stderr.as_str()), (2, why));
    }
}

#[test]
fn lines_to_one_on_pipes_have_turns_and_it_comes_back() {
    let lab = Lab::new();
    lab.ok(&["up", "bash:1"]);
    let mut child = lab.command(&["attach", "0"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"x=42\necho $x\nfalse\necho last").unwrap();
    let ran = lab.ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, "detached from instance 0\n"), "{ran}");
    assert!(ran.stdout.starts_with("42\n[error: ") && ran.stdout.ends_with("last\n"), "{ran}");
    assert_eq!(lab.ok(&["send", "echo back"]), "back\n");
    assert_eq!(lab.status()["snapshot"]["instances"][0]["generation"], 1, "the same life");
}

#[test]
fn a_client_that_is_killed_gives_the_instance_back() {
    let lab = Lab::new();
    lab.ok(&["up", "bash:1"]);
    let mut watch = lab.watch(&[]);
    let mut child = lab.command(&["attach", "0"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.as_ref().unwrap().write_all(b"sleep 1000\n").unwrap();
    watch.until(|event| event["instance"]["state"] == "attached");
    let taken = lab.run(&["attach", "0"]);
    assert_eq!(taken.status, 2);
    assert!(taken.stderr.starts_with("error: somebody else is attached to instance 0"), "{taken}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(lab.ok(&["send", "echo back"]), "back\n");
}
