//! A hundred clients that take all they can get: the memory that they cost is bounded together, and others go on.

use crate::abuse::{MEMORY, peak, send};
use crate::lab::{Lab, Wire};
use cluster::control::limits;
use serde_json::json;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

/// How many clients.
const CLIENTS: usize = 100;

fn others_go_on(lab: &Lab) {
    for number in 0..20 {
        let text = format!("others go on {number}");
        assert_eq!(lab.wire().ask(send(&text))["ok"]["result"]["reply"], text);
    }
}

#[test]
fn answers_that_nobody_reads_are_made_as_fast_as_they_are_read() {
    let lab = Lab::new();
    let controller = lab.up(2, &[]);
    assert_eq!(lab.wire().ask(send("[[big=300000]] x"))["ok"]["ticket"], "t1");
    let ask_for_much = |_| {
        let mut wire = lab.wire();
        (2..52).for_each(|id| wire.say(json!({"id": id, "do": "read", "ticket": "t1"}).to_string()));
        wire
    };
    let mut clients: Vec<Wire> = (0..CLIENTS).map(ask_for_much).collect();
    others_go_on(&lab);
    for wire in &mut clients {
        for _ in 0..3 {
            wire.hear().unwrap();
        }
    }
    others_go_on(&lab);
    assert!(peak(controller) < MEMORY, "{} KiB", peak(controller));
}

#[test]
fn requests_that_do_not_end_are_bounded_together_and_in_nobodys_way() {
    let lab = Lab::new();
    let controller = lab.up(2, &[]);
    let part = vec![b'x'; 4 << 20];
    let begin_much = |_| {
        let mut wire = lab.wire();
        wire.hear().unwrap();
        wire.stream.write_all(&part).unwrap();
        wire
    };
    let clients: Vec<Wire> = (0..CLIENTS).map(begin_much).collect();
    others_go_on(&lab);
    for mut wire in clients {
        wire.say("");
        let code = wire.hear().unwrap()["error"]["code"].clone();
        assert!(code == "usage" || code == "overloaded", "{code}");
        assert_eq!(wire.ask(send("well now"))["ok"]["result"]["reply"], "well now");
    }
    assert!(peak(controller) < MEMORY, "{} KiB", peak(controller));
}

#[test]
fn whoever_finds_no_place_is_told_so() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let come = |_| {
        let mut stream = UnixStream::connect(lab.place().join("main.sock")).unwrap();
        stream.write_all(b"hello\n").unwrap();
        // It is in when it has been greeted.
        stream.read_exact(&mut [0]).unwrap();
        stream
    };
    let clients: Vec<UnixStream> = (0..limits::CLIENTS).map(come).collect();
    for words in [&["status"][..], &["send", "x"]] {
        let ran = lab.run(words);
        assert_eq!(
            (ran.status, ran.stderr.as_str()),
            (2, "error: 256 clients are connected\nhelp: try again later\n")
        );
    }
    drop(clients);
    while lab.run(&["status"]).status != 0 {}
}
