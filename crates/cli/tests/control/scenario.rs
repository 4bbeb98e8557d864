//! Three instances driven by number from a shell, one of them killed in between.

use crate::lab::{Lab, Ran, SENTINEL};
use insta::assert_snapshot;
use regex::Regex;
use std::process::Command;

/// Without what differs from time to time.
fn same(ran: &Ran) -> String {
    let same =
        [(r"pid \d+", "pid PID"), (r"[0-9.]+(ns|µs|ms|s)\b", "TIME"), (r"[^ (]*fake-tool", "fake-tool")];
    same.iter().fold(ran.to_string(), |text, (pattern, with)| {
        Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    })
}

#[test]
fn three_instances_by_number() {
    let lab = Lab::new();
    let tool = lab.tool("");
    assert_snapshot!(same(&lab.run(&["status"])), @"");
    assert_snapshot!(same(&lab.run(&["up", &tool, "-n", "3", "--sentinel", SENTINEL])), @"");
    assert_snapshot!(same(&lab.run(&["up", &tool, "--sentinel", SENTINEL])), @"");
    for index in ["0", "1", "2"] {
        assert_eq!(
            lab.ok(&["send", "--to", index, "--no-wait", &format!("/add {index}.py")]).lines().count(),
            1
        );
        lab.ok(&["send", "--to", index, "--no-wait", &format!("question {index}")]);
    }
    assert_snapshot!(same(&lab.run(&["read", "t2"])), @"");
    assert_snapshot!(same(&lab.run(&["read", "t2", "-p", "main"])), @"");
    let mut replies: Vec<String> = (0..5).map(|_| lab.ok(&["read", "--any"])).collect();
    replies.sort();
    assert_snapshot!(replies.concat(), @"");
    assert_snapshot!(same(&lab.run(&["read", "--any"])), @"");
    assert_snapshot!(same(&lab.run(&["status"])), @"");

    let pid = lab.status()["snapshot"]["instances"][1]["pid"].to_string();
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    lab.ok(&["send", "--to", "0", "is it well?"]);
    assert_snapshot!(same(&lab.run(&["send", "--to", "1", "do you remember?"])), @"");
    assert_snapshot!(same(&lab.run(&["status"])), @"");
    assert_snapshot!(same(&lab.run(&["down"])), @"");
    assert_snapshot!(same(&lab.run(&["status"])), @"");
}
