//! What tools do now and then and nobody expects: they let go of their streams, become other programs, leave crowds of
//! children, break off in the middle of a character. Each has a job before and a job after it.

use crate::misbehaving::{Lab, outcomes, reply};
use crate::tool::{SENTINEL, fake};
use crate::world::World;
use serde_json::Value;

/// Its prompt is the end of each reply.
const ASKS: &str = r#"
schema = "cluster.profile/1"
command = ["TOOL", "--prompt", "ask>"]
[turn]
by = "prompt"
until = '^ask>\z'
[cancel]
by = "restart"
"#;

fn generations(results: &[Value]) -> Vec<u64> {
    results.iter().map(|result| result["instance"]["generation"].as_u64().unwrap()).collect()
}

fn replies(results: &[Value]) -> Vec<&str> {
    results.iter().map(reply).collect()
}

#[test]
fn f15_a_tool_that_reads_no_more_loses_one_job_and_is_replaced() {
    let lab = Lab::alone();
    let (results, ran) = lab.run(&["[[closestdin]] a", "b", "c"], &[]);
    assert_eq!(outcomes(&results), ["ok", "crashed", "ok"], "{ran}");
    let detail = results[1]["error"].as_str().unwrap();
    assert!(detail.contains("closed its input or output and lived on"), "{ran}");
    assert_eq!(generations(&results), [1, 1, 2], "{ran}");
    assert_eq!((ran.status, lab.received("\"b\"")), (1, 0), "it cannot have arrived\n{ran}");
}

#[test]
fn f16_a_tool_without_standard_error_goes_on() {
    let lab = Lab::alone();
    let (results, ran) = lab.run(&["[[stderr=before closestderr]] a", "[[stderr=after]] b"], &[]);
    assert_eq!((outcomes(&results), generations(&results)), (vec!["ok"; 2], vec![1; 2]), "{ran}");
    assert_eq!(replies(&results), ["before\na", "b"], "{ran}");
}

#[test]
fn f17_a_tool_that_becomes_another_program_goes_on() {
    let lab = Lab::alone();
    let (results, ran) = lab.run(&["[[exec]] a", "b"], &[]);
    assert_eq!((outcomes(&results), replies(&results)), (vec!["ok"; 2], vec!["a", "b"]), "{ran}");
    assert_eq!(generations(&results), [1, 1], "{ran}");
    // A program that has just begun counts what it receives from 1: there were two, in one process.
    let log = std::fs::read_to_string(lab.world.path("log")).unwrap();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.iter().filter(|event| event["seq"] == 1).count(), 2, "{log}");
    assert!(events.iter().all(|event| event["pid"] == events[0]["pid"]), "{log}");
}

#[test]
fn f13_a_crowd_of_children_ends_with_its_tool() {
    let crowds = [
        "[[forkbomb=40 setsid crash]]",
        "[[forkbomb=40 setpgid stopchild crash]]",
        "[[forkbomb=40 doublefork setsid grandchild crash]]",
    ];
    for crowd in crowds {
        let lab = Lab::alone();
        // A run that leaves anybody panics here.
        let (results, ran) = lab.run(&[crowd, "b"], &[]);
        assert_eq!(outcomes(&results), ["crashed", "ok"], "{crowd}: {ran}");
        assert_eq!(lab.received("\"child\""), 40, "{crowd}: {ran}");
    }
}

#[test]
fn f03_every_way_to_die_of_a_signal_is_named() {
    for signal in [6, 8, 14, 15] {
        let lab = Lab::alone();
        let (results, ran) = lab.run(&[&format!("[[signal={signal}]] a"), "b"], &[]);
        assert_eq!(outcomes(&results), ["crashed", "ok"], "{ran}");
        let error = results[0]["error"].as_str().unwrap();
        assert!(error.contains(&format!("signal {signal} in the middle")), "{ran}");
    }
}

#[test]
fn f33_half_a_character_at_the_end_is_one_mark_and_stays_in_its_reply() {
    let lab = Lab::alone();
    let (results, ran) = lab.run(&["[[half]] a", "\u{6f22}"], &[]);
    assert_eq!(replies(&results), ["a\u{fffd}", "\u{6f22}"], "{ran}");
}

#[test]
fn f36_an_escape_without_an_end_swallows_neither_the_mark_nor_the_next_reply() {
    for kind in ["osc", "dcs", "csi"] {
        let lab = Lab::alone();
        let (results, ran) = lab.run(&[&format!("[[unclosed={kind}]] a"), "b"], &[]);
        assert_eq!((outcomes(&results), generations(&results)), (vec!["ok"; 2], vec![1; 2]), "{kind}: {ran}");
        assert_eq!(reply(&results[1]), "b", "{kind}: {ran}");
    }
}

#[test]
fn f37_a_reply_that_comes_byte_by_byte_is_whole() {
    let lab = Lab::alone();
    let (results, ran) = lab.run(&["[[slow=1 utf8 cr]] dribble", "b"], &[]);
    assert_eq!((outcomes(&results), reply(&results[1])), (vec!["ok"; 2], "b"), "{ran}");
    assert!(reply(&results[0]).ends_with("\n100%\ndribble"), "{ran}");
}

#[test]
fn line_ends_and_marks_of_other_systems_are_no_text() {
    let lab = Lab::alone();
    let (results, ran) = lab.run(&["[[crlf lines=2]]", "[[bom]] b"], &[]);
    assert_eq!(replies(&results), ["line 1\nline 2", "\u{feff}b"], "{ran}");
}

#[test]
fn f22_a_tool_that_changes_its_prompt_is_not_believed_to_have_answered() {
    let world = World::new();
    world.file("asks.toml", ASKS.replace("TOOL", env!("CARGO_BIN_EXE_fake-tool")));
    let words = ["./asks.toml:1", "--json", "--timeout", "1s"];
    let ran = world.run(&[&words[..], &["[[prompt=tell>]] a", "b"]].concat());
    let results = ran.results();
    assert_eq!(outcomes(&results), ["timed_out", "ok"], "{ran}");
    assert_eq!(reply(&results[1]), "b", "what was late belongs to nobody: {ran}");
}

#[test]
fn f23_a_long_banner_is_no_reply() {
    let world = World::new();
    let tool = fake(&world, "--banner 5000");
    let ran = world.run(&[&tool, "--sentinel", SENTINEL, "-n", "1", "a"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "a\n"), "{ran}");
}

#[test]
fn f26_a_tool_that_grows_is_replaced_between_two_jobs_and_loses_none() {
    let lab = Lab::alone();
    // The second job runs while the first life is looked at, or already waits for the second.
    let items = ["[[grow=200000000]] a", "b", "[[delay=300]] c", "d"];
    let (results, ran) = lab.run(&items, &["--max-memory", "100M"]);
    assert_eq!((ran.status, outcomes(&results)), (0, vec!["ok"; 4]), "{ran}");
    assert_eq!(replies(&results), ["a", "b", "c", "d"], "{ran}");
    let lives = generations(&results);
    assert_eq!((lives[0], lives[3]), (1, 2), "{ran}");
    let memory = ran.stderr.split_once("outgrew max_memory").unwrap().1;
    let memory: u64 =
        memory.split_once("memory=").unwrap().1.split_whitespace().next().unwrap().parse().unwrap();
    assert!((200_000_000..300_000_000).contains(&memory), "{ran}");
    assert!(!ran.stderr.contains("an instance ended"), "it is no crash: {ran}");
}

#[test]
fn f26_a_tool_below_its_limit_stays() {
    let lab = Lab::alone();
    let (results, ran) = lab.run(&["[[grow=20000000]] a", "[[delay=300]] b", "c"], &["--max-memory", "100M"]);
    assert_eq!(generations(&results), [1, 1, 1], "{ran}");
}
