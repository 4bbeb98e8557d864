//! What a client may not do, whatever it says.

use crate::client::Client;
use crate::lab::{Lab, SENTINEL};
use serde_json::{Value, json};

fn job() -> Value {
    json!({"prompt": "x"})
}

#[test]
fn jobs_are_bounded_however_they_come() {
    let lab = Lab::new();
    let mut client = Client::start(&lab, &[&lab.tame(), "--max-jobs", "3"]);
    client.ok("send", job());
    let why = client.refused("run", json!({"jobs": [job(), job(), job()]}));
    assert!(why.starts_with("3 more jobs are not taken: 2 of 3 are left: "), "{why}");
    // What makes no sense takes nothing.
    assert_eq!(
        client.refused("run", json!({"jobs": [job(), {}]})),
        "job 2: a job has either a 'prompt' or 'steps'"
    );
    assert!(client.refused("send", json!({"prompt": "x", "slot": 9})).contains("no instance 9"));
    client.ok("run", json!({"jobs": [job(), job()]}));
    assert!(client.refused("send", job()).contains("0 of 3 are left"));
    assert_eq!(client.ok("read", json!({"run": "t1-t3"}))["done"], true, "what was sent can be read");
}

#[test]
fn nothing_is_taken_after_the_deadline() {
    let lab = Lab::new();
    let mut client = Client::start(&lab, &[&lab.tame(), "--deadline", "1ms"]);
    // Of that, the introduction alone takes longer.
    assert!(client.refused("send", job()).contains("the deadline of 1ms has passed"));
}

#[test]
fn what_was_settled_cannot_be_asked_for() {
    let lab = Lab::new();
    let mut client = Client::start(&lab, &[&lab.tame()]);
    let table = [
        ("send", json!({"prompt": "x", "allow": "all"})),
        ("send", json!({"prompt": "x", "cwd": "/"})),
        ("send", json!({"prompt": "x", "timeout_ms": 1})),
        ("run", json!({"jobs": [job()], "max_jobs": 9})),
        ("run", json!({"jobs": []})),
        ("run", json!({"jobs": vec![job(); 101]})),
        ("send", json!({})),
        ("send", json!({"prompt": "x", "steps": ["y"]})),
        ("send", json!({"steps": []})),
        ("send", json!({"prompt": "x", "tool": "tame", "slot": 0})),
        ("send", json!({"prompt": "x", "tool": "bash"})),
        ("read", json!({"ticket": "t1", "wait_s": 51})),
        ("read", json!({"ticket": "t1", "max_chars": 50_001})),
        ("read", json!({"ticket": "t1", "any": true})),
        ("read", json!({})),
        ("read", json!({"ticket": "../x"})),
        ("read", json!({"run": "t1-t101"})),
        ("cancel", json!({})),
    ];
    for (tool, arguments) in table {
        client.refused(tool, arguments);
    }
    assert_eq!(client.ok("status", json!({}))["you_may_still_use"]["jobs"], 200);
}

/// Exit code and standard error of `cluster mcp`.
fn refusal(lab: &Lab, words: &[&str]) -> String {
    let words: Vec<&str> = ["mcp"].iter().chain(words).copied().collect();
    let ran = lab.run(&words);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn what_cannot_be_is_said_before_anything_starts() {
    let lab = Lab::new();
    let tame = lab.tame();
    let tool = lab.tool();
    let table = [
        vec![],
        vec!["-p", "mine"],
        vec!["bash"],
        vec![&tame, "--max-cost", "1"],
        vec!["bc", "-p", "main"],
        vec!["--allow", "read"],
        vec![&tool, "--sentinel", SENTINEL],
    ];
    // Whatever is not about the client, wherever it may be defined.
    for flag in
        ["--until=x", "--lines", "--timeout=5s", "--instances=2", "--route=rr", "--pty", "--max-memory=1G"]
    {
        let (name, _) = flag.split_once('=').unwrap_or((flag, ""));
        let said = format!("error: {name} is for a pool of its own, and this joins one\n");
        assert!(refusal(&lab, &[flag]).starts_with(&said), "{flag}");
    }
    let said: String = table.iter().map(|words| format!("{}\n", refusal(&lab, words))).collect();
    let said = lab.shorten(&said);
    insta::assert_snapshot!(said.replace(env!("CARGO_BIN_EXE_fake-tool"), "fake-tool"));
}

#[test]
fn an_interpreter_is_out_of_reach_in_a_pool_that_is_joined() {
    let lab = Lab::new();
    let tame = lab.tame();
    lab.ok(&["up", &format!("{tame}:1,bash:1")]);
    let mut client = Client::start(&lab, &[]);
    client.ok("send", json!({"prompt": "echo harm"}));
    let read = client.ok("read", json!({"ticket": "t1"}));
    assert_eq!((&read["tool"], &read["untrusted_reply"]), (&json!("tame"), &json!("echo harm")));
    for whom in [json!({"tool": "bash"}), json!({"slot": 1}), json!({"session": "k"})] {
        let mut ask = whom.clone();
        ask["prompt"] = json!("echo harm");
        client.refused("send", ask);
    }
    let tools = client.ok("tools", json!({}))["tools"].take();
    let may = |tool: &Value| (tool["tool"].as_str().unwrap().to_owned(), tool["you_may_send_to_it"] == true);
    assert_eq!(
        tools.as_array().unwrap().iter().map(may).collect::<Vec<_>>(),
        [("tame".into(), true), ("bash".into(), false)]
    );
    drop(client);

    let mut client = Client::start(&lab, &["--allow-interpreters"]);
    let ticket = client.ok("send", json!({"prompt": "echo $((6 * 7))", "tool": "bash"}))["ticket"].take();
    assert_eq!(client.ok("read", json!({"ticket": ticket}))["untrusted_reply"], "42");
}
