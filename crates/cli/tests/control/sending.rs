//! Prompts, tickets and replies: who gets what, and what is left when somebody goes away.

use crate::lab::Lab;
use cluster::control::limits::{HELD, STEP};
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Starts `send`, and returns when the tool has the prompt.
fn delivered(lab: &Lab, words: &[&str]) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = lab.command(&[&["send"], words].concat()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("delivered") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before it was delivered");
    }
    (child, stderr)
}

#[test]
fn a_reply_outlives_whoever_asked() {
    let lab = Lab::new();
    lab.up(2, &[]);
    let mut watch = lab.watch(&[]);
    let (mut asked, mut stderr) = delivered(&lab, &["--to", "0", "[[ask=strict]] the reply"]);
    signal(&asked, Signal::INT);
    assert_eq!(asked.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
    assert!(said.contains("t1 goes on: 'cluster read t1' waits for its reply"), "{said}");
    assert_eq!(lab.run(&["read", "t1", "--timeout", "10ms"]).status, 124);
    assert_eq!(lab.run(&["read", "--any", "--timeout", "10ms"]).status, 124);
    // Another one is killed in the middle of waiting for whatever comes first.
    let mut waits = lab.command(&["read", "--any"]).spawn().unwrap();
    let (mut killed, _) = delivered(&lab, &["--to", "1", "[[ask=strict]] another"]);
    for child in [&mut waits, &mut killed] {
        signal(child, Signal::KILL);
        child.wait().unwrap();
    }
    let asks = |event: &Value| event["ticket"]["asks"].is_string();
    let first = watch.until(asks)["ticket"]["ticket"].clone();
    watch.until(|event| asks(event) && event["ticket"]["ticket"] != first);
    lab.ok(&["answer", "t1", "y"]);
    let reply = lab.ok(&["read", "--any"]);
    assert!(reply.ends_with("answered y\nthe reply\n"), "{reply}");
    lab.ok(&["answer", "t2", "n"]);
    let reply = lab.ok(&["read", "--any"]);
    assert!(reply.ends_with("answered n\nanother\n"), "{reply}");
    assert_eq!(lab.run(&["read", "--any"]).status, 1);
    assert_eq!(lab.run(&["answer", "t1", "y"]).status, 2);
}

#[test]
fn a_question_is_told_to_whoever_waits() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let mut wire = lab.wire();
    assert_eq!(wire.hear().unwrap()["schema"], "cluster.control/1");
    wire.say(json!({"id": 7, "do": "send", "steps": [{"say": "[[ask=strict]] so be it"}]}).to_string());
    let heard: Vec<_> = (0..3).map(|_| wire.hear().unwrap()["event"].to_string()).collect();
    assert_snapshot!(heard.join("\n"), @r#"
    {"accepted":{"ticket":"t1"}}
    {"delivered":{"generation":1,"slot":0,"ticket":"t1"}}
    {"asks":{"question":"Proceed? (Y)es/(N)o [Yes]:","ticket":"t1"}}
    "#);
    let ran = lab.run(&["status"]);
    assert!(ran.stdout.contains("needs_input: it asks: Proceed? (Y)es/(N)o [Yes]:"), "{ran}");
    lab.ok(&["answer", "t1", "y"]);
    let answer = wire.answer(7);
    assert_eq!((&answer["ok"]["ticket"], &answer["ok"]["result"]["outcome"]), (&json!("t1"), &json!("ok")));
}

#[test]
fn commands_are_typed_and_never_said() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let refused = lab.run(&["send", "/exit now"]);
    assert_eq!(refused.status, 2, "{refused}");
    assert!(refused.stderr.contains("/exit"), "{refused}");
    lab.file("step", "/add a.py\n");
    assert_eq!(lab.ok(&["send", "-S", "step"]), "/add a.py\n");
    let mut child = lab.command(&["send", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"/exit is text here\n").unwrap();
    let ran = lab.ran(&child.wait_with_output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "/exit is text here\n"), "{ran}");
    let mut wire = lab.wire();
    let refused = wire.ask(json!({"do": "send", "steps": [{"command": "/exit"}]}));
    assert_eq!(refused["error"]["code"], "usage");
    assert_eq!(wire.ask(json!({"do": "send", "steps": [{"command": "/add b.py"}]}))["ok"]["ticket"], "t3");
}

#[test]
fn what_is_taken_back_is_over() {
    let lab = Lab::new();
    lab.up(1, &[]);
    delivered(&lab, &["[[hang]] for ever"]).0.kill().unwrap();
    lab.ok(&["send", "--no-wait", "never sent"]);
    lab.ok(&["cancel", "t2"]);
    lab.ok(&["cancel", "t1"]);
    for ticket in ["t1", "t2"] {
        let ran = lab.run(&["read", ticket]);
        assert_eq!(ran.status, 1, "{ran}");
        assert!(ran.stderr.contains("cancelled"), "{ran}");
        assert_eq!(lab.run(&["cancel", ticket]).status, 2);
    }
    assert_eq!(lab.run(&["cancel", "t9"]).status, 2);
    // The instance is as good as new.
    assert_eq!(lab.ok(&["send", "hello"]), "hello\n");
}

#[test]
fn a_drained_pool_does_what_it_was_sent_and_takes_no_more() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let mut watch = lab.watch(&[]);
    let (first, _) = delivered(&lab, &["[[ask=strict]] first"]);
    watch.until(|event| event["ticket"]["asks"].is_string());
    lab.ok(&["send", "--no-wait", "second"]);
    let mut wire = lab.wire();
    wire.say(r#"{"id":9,"do":"down","drain":true}"#);
    // What is asked for after it is done after it has begun.
    assert_eq!(wire.ask(json!({"do": "status"}))["ok"]["pool"]["ending"], true);
    assert_eq!(lab.run(&["send", "third"]).status, 3);
    lab.ok(&["answer", "t1", "y"]);
    watch.until(|event| event["ticket"]["ticket"] == "t2" && event["ticket"]["state"] == "ended");
    assert_eq!(wire.answer(9)["ok"], json!({}));
    assert!(first.wait_with_output().unwrap().status.success());
    // What nobody has read is there when it comes up again.
    lab.up(1, &[]);
    assert_eq!(lab.ok(&["read", "--any"]), "second\n");
}

#[test]
fn every_line_is_as_the_schema_says() {
    let lab = Lab::new();
    let schema: Value = serde_json::from_str(&lab.ok(&["schema", "control"])).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let right = |line: &Value| assert!(schema.is_valid(line), "{line:#}");
    // One for each conversation, and one for whoever else comes.
    lab.up(3, &[]);
    let mut wire = lab.wire();
    right(&wire.hear().unwrap());
    let asks = [
        json!({"do": "send", "steps": [{"say": "a"}, {"command": "/add b"}], "to": {"slot": 0}, "timeout_ms": 9000}),
        json!({"do": "send", "steps": [{"typed": "c"}], "to": {"session": "s"}, "until": "delivered"}),
        json!({"do": "send", "steps": [{"say": "d"}], "to": {"tool": "fake"}, "until": "accepted"}),
        json!({"do": "read", "ticket": "t1"}),
        json!({"do": "read", "any": true, "wait_ms": 60000}),
        json!({"do": "wait", "wait_ms": 60000}),
        json!({"do": "restart", "index": 0}),
        json!({"do": "restart", "index": 3}),
        json!({"do": "answer", "ticket": "t1", "text": "y"}),
        json!({"do": "cancel", "job": "t1"}),
        json!({"do": "scale", "count": 3}),
        json!({"do": "status"}),
        json!({"do": "down", "drain": true}),
    ];
    for mut ask in asks {
        ask["id"] = 1.into();
        right(&ask);
        wire.say(ask.to_string());
        loop {
            let heard = wire.hear().unwrap();
            right(&heard);
            if heard.get("event").is_none() {
                break;
            }
        }
    }
    for wrong in
        [json!({"id": 1, "do": "dance"}), json!({"do": "status"}), json!({"id": 1, "ok": 1, "error": 2})]
    {
        assert!(!schema.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn the_exit_code_tells_what_was_sent_and_what_ended_in_time() {
    let lab = Lab::new();
    lab.up(1, &["--no-ledger"]);
    assert_eq!(lab.run(&["send", "--timeout", "10ms", "[[hang]] x"]).status, 124);
    let mut wire = lab.wire();
    let send = |steps: &[Value]| json!({"do": "send", "steps": steps, "until": "accepted"});
    assert_eq!(wire.ask(send(&[json!({"say": "[[hang]] x"})]))["ok"]["ticket"], "t2");
    // Steps that say nothing are kept, too.
    let most = vec![json!({"say": ""}); HELD / STEP];
    assert_eq!(wire.ask(send(&most))["error"]["code"], "overloaded");
    assert_eq!(wire.ask(send(&most[STEP..]))["ok"]["ticket"], "t3");
    let ran = lab.run(&["send", &"x".repeat(STEP * STEP)]);
    assert_eq!(ran.status, 2, "{ran}");
    assert!(
        ran.stderr.starts_with("error: prompts under way and unread results are too large together"),
        "{ran}"
    );
}
