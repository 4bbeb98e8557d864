//! A pool that was there before its clients, and outlives them.

use crate::client::Client;
use crate::lab::Lab;
use serde_json::json;

#[test]
fn a_client_that_is_killed_while_it_waits_loses_nothing() {
    let lab = Lab::new();
    lab.ok(&["up", &lab.tame(), "-n", "1"]);
    let mut one = Client::start(&lab, &[]);
    one.ok("run", json!({"jobs": [{"prompt": "[[delay=300]] first"}, {"prompt": "second"}]}));
    let wait = |arguments| json!({"name": "read", "arguments": arguments});
    one.begin("tools/call", wait(json!({"any": true, "wait_s": 50})));
    one.begin("tools/call", wait(json!({"run": "t1-t2", "wait_s": 50})));
    // They are answered in the order in which they were asked, or not yet.
    let status = one.ok("status", json!({}));
    assert_eq!(
        status["jobs"]["queued"].as_u64().unwrap() + status["jobs"]["working"].as_u64().unwrap(),
        2,
        "{status}"
    );
    one.child.kill().unwrap();
    one.child.wait().unwrap();

    let mut other = Client::start(&lab, &[]);
    assert_eq!(other.ok("read", json!({"any": true, "wait_s": 50}))["untrusted_reply"], "first");
    assert_eq!(other.ok("read", json!({"any": true, "wait_s": 50}))["untrusted_reply"], "second");
    let read = other.ok("read", json!({"run": "t1-t2"}));
    assert_eq!((read["done"].clone(), read["ended"].as_array().unwrap().len()), (json!(true), 2));
    let (status, talk) = other.leave();
    assert!(status.success() && talk.is_empty(), "{talk}");
    assert!(lab.ok(&["status"]).contains("tame"), "the pool goes on");
}

#[test]
fn a_call_that_is_taken_back_reads_nothing() {
    let lab = Lab::new();
    lab.ok(&["up", &lab.tame(), "-n", "1"]);
    let mut client = Client::start(&lab, &[]);
    client.ok("send", json!({"prompt": "[[delay=300]] kept"}));
    let waits = client.begin("tools/call", json!({"name": "read", "arguments": {"any": true, "wait_s": 50}}));
    let cancelled =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": waits}});
    client.write(&cancelled);
    assert_eq!(client.ok("read", json!({"any": true, "wait_s": 50}))["untrusted_reply"], "kept");
}

#[test]
fn a_pool_that_has_gone_is_a_word_and_not_the_end() {
    let lab = Lab::new();
    lab.ok(&["up", &lab.tame(), "-n", "1"]);
    let mut client = Client::start(&lab, &[]);
    lab.ok(&["down"]);
    let why = client.refused("send", json!({"prompt": "x"}));
    assert!(why.starts_with("cannot reach the pool: "), "{why}");
    assert!(client.leave().0.success());
}

#[test]
fn what_one_client_may_is_nothing_to_another_one() {
    let lab = Lab::new();
    lab.ok(&["up", &lab.tame(), "-n", "1"]);
    let mut poor = Client::start(&lab, &["--max-jobs", "1"]);
    let mut rich = Client::start(&lab, &[]);
    poor.ok("send", json!({"prompt": "1"}));
    rich.ok("send", json!({"prompt": "2"}));
    poor.refused("send", json!({"prompt": "3"}));
    rich.ok("send", json!({"prompt": "4"}));
}
