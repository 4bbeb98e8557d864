//! Clients that know no better: half requests, garbage, a line without an end, answers that nobody reads.

use crate::lab::{Lab, Wire};
use serde_json::{Value, json};
use std::io::Write;
use std::net::Shutdown;
use std::thread;

/// What a controller may need for its clients, whatever they do, in KiB.
pub(crate) const MEMORY: u64 = 300 << 10;

pub(crate) fn send(text: &str) -> Value {
    json!({"id": 1, "do": "send", "steps": [{"say": text}]})
}

/// The most memory that a process has had, in KiB.
pub(crate) fn peak(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_hundred_clients_of_all_kinds_at_once() {
    let lab = Lab::new();
    let controller = lab.up(4, &[]);
    thread::scope(|scope| {
        let lab = &lab;
        for number in 0..100 {
            scope.spawn(move || match number % 5 {
                0 => half(lab),
                1 => garbage(lab),
                2 => half_closed(lab, number),
                _ => well(lab, number),
            });
        }
    });
    assert_eq!(lab.status()["tickets"], json!({"queued": 0, "working": 0, "unread": 0}));
    assert!(peak(controller) < MEMORY, "{} KiB", peak(controller));
}

/// Goes away in the middle of a request.
fn half(lab: &Lab) {
    let mut wire = lab.wire();
    wire.hear().unwrap();
    wire.stream.write_all(br#"{"id":1,"do":"se"#).unwrap();
}

/// Says what makes no sense, and is told so each time.
fn garbage(lab: &Lab) {
    let mut wire = lab.wire();
    wire.hear().unwrap();
    let lines: [&[u8]; 6] = [
        b"hello",
        b"\x00\xff\xfe",
        b"[1,2]",
        b"{\"id\":3}",
        b"{\"id\":4,\"do\":\"dance\"}",
        b"{\"id\":5,\"do\":\"send\"}",
    ];
    for line in lines {
        wire.say(line);
        assert_eq!(wire.hear().unwrap()["error"]["code"], "usage");
    }
    wire.say(r#"{"id":6,"do":"scale"}"#);
    assert_eq!(wire.answer(6)["error"]["code"], "usage");
    wire.say(r#"{"id":7,"do":"status"}"#);
    assert_eq!(wire.answer(7)["ok"]["pool"]["name"], "main");
}

/// Asks for nothing more, and waits for what it has asked for.
fn half_closed(lab: &Lab, number: usize) {
    let mut wire = lab.wire();
    wire.say(send(&format!("half {number}")).to_string());
    wire.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(wire.answer(1)["ok"]["result"]["reply"], format!("half {number}"));
    assert_eq!(wire.hear(), None);
}

/// Several at a time, each with its answer.
fn well(lab: &Lab, number: usize) {
    let mut wire = lab.wire();
    for id in 0..5 {
        let mut request = send(&format!("client {number} asks {id}"));
        request["id"] = id.into();
        wire.say(request.to_string());
    }
    let mut waits: Vec<u64> = (0..5).collect();
    while !waits.is_empty() {
        let heard = wire.hear().unwrap();
        let Some(done) = heard.get("ok") else { continue };
        let id = heard["id"].as_u64().unwrap();
        assert_eq!(done["result"]["reply"], format!("client {number} asks {id}"));
        waits.retain(|waiting| *waiting != id);
    }
}

#[test]
fn a_line_without_an_end_is_passed_over() {
    let lab = Lab::new();
    let controller = lab.up(1, &[]);
    let mut wire = lab.wire();
    // Who has said something may take its time for more.
    assert_eq!(wire.ask(json!({"do": "status"}))["ok"]["pool"]["name"], "main");
    let chunk = vec![b'x'; 1 << 20];
    (0..1024).for_each(|_| wire.stream.write_all(&chunk).unwrap());
    wire.say("");
    assert_eq!(wire.hear().unwrap()["error"]["code"], "too_long");
    wire.say(send("still here").to_string());
    assert_eq!(wire.answer(1)["ok"]["result"]["reply"], "still here");
    assert!(peak(controller) < MEMORY, "{} KiB", peak(controller));
}

#[test]
fn who_does_not_read_waits_and_nobody_else() {
    let lab = Lab::new();
    let controller = lab.up(1, &[]);
    let mut wire = lab.wire();
    assert_eq!(wire.ask(send("[[big=1000000]] x"))["ok"]["result"]["outcome"], "ok");
    for id in 0..50 {
        wire.say(json!({"id": id, "do": "read", "ticket": "t1"}).to_string());
    }
    let mut other = Wire::connect(&lab.place().join("main.sock"));
    assert_eq!(other.ask(send("others go on"))["ok"]["result"]["reply"], "others go on");
    assert!(peak(controller) < MEMORY / 4, "{} KiB", peak(controller));
    let lengths = (0..50).map(|_| wire.hear().unwrap()["ok"]["result"]["reply"].as_str().unwrap().len());
    assert!(lengths.into_iter().all(|length| length == 1_000_000), "all of it comes");
    assert!(peak(controller) < MEMORY / 4, "{} KiB", peak(controller));
}

#[test]
fn who_says_nothing_is_let_go() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let mut wire = lab.wire();
    wire.hear().unwrap();
    assert_eq!(wire.hear().unwrap()["error"]["code"], "silent");
    assert_eq!(wire.hear(), None);
}
