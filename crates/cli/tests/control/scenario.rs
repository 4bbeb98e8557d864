//! Three instances driven by number from a shell, one of them killed in between.

use crate::lab::{Lab, Ran};
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
    begin(&lab);
    ask_each(&lab);
    kill_one(&lab);
    assert_snapshot!(same(&lab.run(&["down"])), @r"
    status: 0
    --- stdout
    --- stderr
    pool main is down
    ");
    assert_eq!(lab.run(&["status"]).status, 2);
}

fn begin(lab: &Lab) {
    let tool = lab.tool(&[]);
    assert_snapshot!(same(&lab.run(&["status"])), @"
    status: 2
    --- stdout
    --- stderr
    error: no pool is up
    help: 'cluster up TOOL' starts one
    ");
    assert_snapshot!(same(&lab.run(&["up", &format!("{tool}:3")])), @"
    status: 0
    --- stdout
    main
    --- stderr
    pool main is up (pid PID): 'cluster send' works with it, 'cluster down' ends it
    ");
    assert_snapshot!(same(&lab.run(&["up", tool])), @"
    status: 2
    --- stdout
    --- stderr
    error: pool main is up (pid PID)
    help: 'cluster down' ends it; -p NAME starts another one beside it
    ");
}

fn ask_each(lab: &Lab) {
    for index in ["0", "1", "2"] {
        assert_eq!(
            lab.ok(&["send", "--to", index, "--no-wait", &format!("/add {index}.py")]).lines().count(),
            1
        );
        lab.ok(&["send", "--to", index, "--no-wait", &format!("question {index}")]);
    }
    assert_snapshot!(same(&lab.run(&["read", "t2"])), @"
    status: 0
    --- stdout
    question 0
    --- stderr
    ");
    assert_snapshot!(same(&lab.run(&["read", "t2", "-p", "main"])), @"
    status: 0
    --- stdout
    question 0
    --- stderr
    ");
    let mut replies: Vec<String> = (0..5).map(|_| lab.ok(&["read", "--any"])).collect();
    replies.sort();
    assert_snapshot!(replies.concat(), @"
    /add 0.py
    /add 1.py
    /add 2.py
    question 1
    question 2
    ");
    assert_snapshot!(same(&lab.run(&["read", "--any"])), @"
    status: 1
    --- stdout
    --- stderr
    error: nothing is under way, and nothing is unread
    help: send something first
    ");
    assert_snapshot!(same(&lab.run(&["status"])), @"
    status: 0
    --- stdout
    main (pid PID): 3 × fake (fake-tool …; may change anything), least_busy
    0 queued, 0 working, 0 unread
    instance 0 fake ready: it ended job 2: ok
    instance 1 fake ready: it ended job 4: ok
    instance 2 fake ready: it ended job 6: ok
    --- stderr
    ");
}

fn kill_one(lab: &Lab) {
    let pid = lab.status()["snapshot"]["instances"][1]["pid"].to_string();
    let mut watch = lab.watch(&[]);
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    watch.until(|event| event["instance"]["index"] == 1 && event["instance"]["state"] == "backing_off");
    watch.until(|event| event["instance"]["index"] == 1 && event["instance"]["state"] == "ready");
    assert_snapshot!(same(&lab.run(&["send", "--to", "1", "do you remember?"])), @"
    status: 0
    --- stdout
    do you remember?
    --- stderr
    t7 accepted
    t7 delivered to instance 1
    t7 completed
    t7: warning: the conversation it was to continue is gone
    ");
    assert_snapshot!(same(&lab.run(&["status"])), @"
    status: 0
    --- stdout
    main (pid PID): 3 × fake (fake-tool …; may change anything), least_busy
    0 queued, 0 working, 0 unread
    instance 0 fake ready: it ended job 2: ok
    instance 1 fake ready: it ended job 7: ok, restarted once
    instance 2 fake ready: it ended job 6: ok
    --- stderr
    ");
}
