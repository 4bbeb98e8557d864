//! Sitting at an instance: what is typed has bounds, nothing of it is lost, and whoever asks gets an answer or an end.

use crate::lab::{Lab, Ran, Wire};
use cluster::control::limits::{KEYS, TYPED};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

/// How much of what waits for its turn a seat takes, in bytes.
const AHEAD: usize = 1 << 20;

/// Sits down at instance 0, types this, and gets up.
fn attach(lab: &Lab, typed: &[u8]) -> Ran {
    let mut child = lab.command(&["attach", "0"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // The other side may go before it has read everything.
        scope.spawn(move || _ = stdin.write_all(typed));
        lab.ran(&child.wait_with_output().unwrap())
    })
}

/// A client that sits at instance 0 with request 0.
fn seated(lab: &Lab) -> Wire {
    let mut wire = lab.wire();
    wire.say(json!({"id": 0, "do": "attach", "index": 0}).to_string());
    while wire.hear().unwrap()["event"]["attached"].is_null() {}
    wire
}

fn typed(id: u64, bytes: &str) -> String {
    json!({"id": id, "do": "type", "to": 0, "bytes": bytes}).to_string()
}

#[test]
fn a_question_is_answered_by_the_line_that_waits() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let ran = attach(&lab, b"[[ask=strict]] first\ny\nsecond\n");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, "detached from instance 0\n"), "{ran}");
    assert!(ran.stdout.ends_with("answered y\nfirst\nsecond\n"), "{ran}");
}

#[test]
fn a_question_that_nobody_is_left_to_answer_ends_the_sitting() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let ran = attach(&lab, b"[[ask=strict]] first\n");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, "detached from instance 0\n"), "{ran}");
    assert!(ran.stdout.ends_with("[nobody is left to answer: the turn is taken back]\n"), "{ran}");
    assert_eq!(lab.ok(&["send", "-q", "back"]), "back\n");
}

#[test]
fn lines_that_are_refused_or_too_long_are_in_nobodys_way() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let long = "x".repeat(3 << 20);
    let ran = attach(&lab, format!("/exit\n/exit\n{long}\n/exit\nlast\n").as_bytes());
    assert_eq!(ran.status, 0, "{ran}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{ran}");
    assert!([0, 1, 3].iter().all(|&at| lines[at].contains("/exit")), "{ran}");
    assert_eq!((lines[2], lines[4]), ("[a line of more than 1 MiB was passed over]", "last"));
}

#[test]
fn two_megabytes_of_lines_have_their_turns_and_none_is_lost() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let line = |number| format!("{number} {}\n", "x".repeat(60_000));
    let lines: String = (0..36).map(line).collect();
    let ran = attach(&lab, lines.as_bytes());
    assert_eq!((ran.status, ran.stderr.as_str()), (0, "detached from instance 0\n"));
    assert!(ran.stdout == lines, "{} of {} bytes", ran.stdout.len(), lines.len());
}

#[test]
fn what_waits_for_a_turn_is_bounded_and_not_answered_before() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let mut wire = seated(&lab);
    wire.say(typed(1, "[[hang]] x\n"));
    assert_eq!(wire.answer(1)["ok"], json!({}));
    wire.say(typed(2, &"\n".repeat(TYPED + 1)));
    assert_eq!(wire.answer(2)["error"]["code"], "too_long");
    let (block, all) = (format!("{}\n", "x".repeat(TYPED - 1)), 400);
    (3..3 + all).for_each(|id| wire.say(typed(id, &block)));
    wire.say(json!({"id": 1000, "do": "status"}).to_string());
    let heard: Vec<Value> = std::iter::from_fn(|| wire.hear().filter(|heard| heard["id"] != 1000)).collect();
    let refused = heard.iter().filter(|heard| heard["error"]["code"] == "overloaded").count();
    let (taken, most) = (heard.len() - refused, AHEAD / TYPED);
    assert!(taken <= most && refused >= all as usize - most - KEYS, "{taken} taken, {refused} refused");
    drop(wire);
    assert_eq!(lab.ok(&["send", "-q", "back"]), "back\n");
}

#[test]
fn a_seat_that_nobody_has_takes_nothing() {
    let lab = Lab::new();
    lab.up(1, &[]);
    let mut wire = seated(&lab);
    for ask in ["detach", "resize", "type"] {
        let request = json!({"id": 9, "do": ask, "to": 7, "rows": 1, "columns": 1, "bytes": "x"});
        wire.say(request.to_string());
        assert_eq!(wire.answer(9)["error"]["code"], "refused");
    }
    // What comes behind the end of it is told so as well.
    wire.say(json!({"id": 1, "do": "detach", "to": 0}).to_string());
    wire.say(typed(2, "late\n"));
    assert_eq!(wire.answer(2)["error"]["code"], "refused");
}

/// Starts a shell with a terminal, and sits down there.
fn at_a_terminal(lab: &Lab) -> Wire {
    let shell = "bash --norc --noprofile -i";
    lab.ok(&["up", shell, "--pty", "--until", r"bash-[.0-9]*[$#] $"]);
    seated(lab)
}

/// 16,000 bytes, in lines that a terminal does not cut.
fn lines() -> String {
    format!("{}\n", "x".repeat(999)).repeat(16)
}

/// Reads on until the terminal shows this.
fn shows(wire: &mut Wire, wanted: &str) {
    let mut shown = String::new();
    while !shown.contains(wanted) {
        shown += wire.hear().unwrap()["event"]["output"].as_str().unwrap_or_default();
    }
}

#[test]
fn a_paste_of_two_megabytes_at_a_terminal_loses_nothing() {
    let lab = Lab::new();
    let mut wire = at_a_terminal(&lab);
    wire.say(typed(1, "stty -echo; echo be''gin; wc -c\r"));
    shows(&mut wire, "begin");
    let block = lines();
    (2..127).for_each(|id| wire.say(typed(id, &block)));
    for id in 2..127 {
        assert_eq!(wire.answer(id)["ok"], json!({}));
    }
    wire.say(typed(127, "\u{4}"));
    shows(&mut wire, "2000000");
}

#[test]
fn a_terminal_that_nobody_reads_refuses_and_can_be_left() {
    let lab = Lab::new();
    let mut wire = at_a_terminal(&lab);
    wire.say(typed(1, "stty -echo; echo be''gin; sleep 1000\r"));
    shows(&mut wire, "begin");
    let block = lines();
    let refused = (2..40).find(|id| {
        wire.say(typed(*id, &block));
        wire.answer(*id)["error"]["code"] == "overloaded"
    });
    assert!(refused.is_some(), "it takes whatever comes");
    wire.say(json!({"id": 50, "do": "detach", "to": 0}).to_string());
    assert_eq!(wire.answer(0)["ok"]["left"], "detached");
}

/// What a profile sends to forget a conversation is also a line.
#[test]
fn whoever_sits_down_in_a_conversation_leaves_it_as_it_was() {
    let lab = Lab::new();
    lab.ok(&["up", "python:1"]);
    lab.ok(&["send", "-q", "--to", "0", "x = 41"]);
    let ran = attach(&lab, b"x\n");
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "41\n"), "{ran}");
    assert_eq!(lab.ok(&["send", "-q", "--to", "0", "x + 1"]), "42\n");
}
