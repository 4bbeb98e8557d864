//! A tool that misbehaves on request: what happens to its job, and that nothing happens to the others.
//!
//! The tool's own log, written before it acts on a line, is the oracle of what it received.

use crate::world::{Ran, World};
use serde_json::Value;

/// Each prompt is framed on both sides; the block carries any text but keeps the tool's directives at its start.
const PROFILE: &str = r#"
schema = "cluster.profile/1"
command = ["TOOL", "--log", "LOG", "--sigint"]
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "end {nonce}$"
begin = true
wrap = "{{tag}\n{text}\n{tag}}"
[cancel]
by = "CANCEL"
[limits]
max_reply = 8192
turn = "20s"
[restart]
delay = "10ms"
delay_max = "20ms"
max = 1000
"#;

/// Instances of it, and the log of what they received.
pub(crate) struct Lab {
    pub(crate) world: World,
    instances: u32,
}

impl Lab {
    pub(crate) fn new(cancel: &str) -> Self {
        let world = World::new();
        let log = world.path("log").display().to_string();
        let profile = PROFILE.replace("TOOL", env!("CARGO_BIN_EXE_fake-tool")).replace("LOG", &log);
        world.file("fake.toml", profile.replace("CANCEL", cancel));
        Self { world, instances: 2 }
    }

    /// With one instance: its jobs come one after the other.
    pub(crate) fn alone() -> Self {
        Self { instances: 1, ..Self::new("restart") }
    }

    /// Runs these items; the results by index.
    pub(crate) fn run(&self, items: &[&str], more: &[&str]) -> (Vec<Value>, Ran) {
        self.world.file("items", items.join("\0"));
        let tool = format!("./fake.toml:{}", self.instances);
        let words = [&[tool.as_str(), "--json", "-a", "items", "-0"], more].concat();
        let ran = self.world.run(&words);
        let results = ran.results();
        assert_eq!(results.len(), items.len(), "one result an item\n{ran}");
        (results, ran)
    }

    /// How often the tools received a line that contains this.
    pub(crate) fn received(&self, wanted: &str) -> usize {
        let log = std::fs::read_to_string(self.world.path("log")).unwrap();
        log.lines().filter(|line| line.contains(wanted)).count()
    }
}

pub(crate) fn outcomes(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["outcome"].as_str().unwrap()).collect()
}

pub(crate) fn reply(result: &Value) -> &str {
    result["reply"].as_str().unwrap()
}

#[test]
fn each_failure_costs_its_own_job() {
    let lab = Lab::new("restart");
    let items =
        ["[[crash]] a1", "b1", "[[mid]] half of it", "b2", "[[kill]] c1", "b3", "[[exit=0]] d1", "b4"];
    let (results, ran) = lab.run(&items, &[]);
    for (index, plain) in [(1, "b1"), (3, "b2"), (5, "b3"), (7, "b4")] {
        assert_eq!((results[index]["outcome"].as_str(), reply(&results[index])), (Some("ok"), plain));
    }
    assert_eq!(
        outcomes(&[results[0].clone(), results[2].clone(), results[4].clone()]),
        ["crashed", "truncated", "crashed"]
    );
    assert_eq!(ran.status, 1);
    for item in items {
        assert_eq!(lab.received(&format!("\"{item}\"")), 1, "{item} was delivered once");
    }
}

#[test]
fn a_hang_is_ended_by_its_deadline() {
    for (cancel, generation) in [("interrupt", 1), ("restart", 2)] {
        let lab = Lab::new(cancel);
        let (results, ran) = lab.run(&["[[hang]] a", "b", "[[delay=1500]] c", "d"], &["--timeout", "1s"]);
        assert_eq!(outcomes(&results), ["timed_out", "ok", "timed_out", "ok"], "{ran}");
        let lives = results.iter().map(|result| result["instance"]["generation"].as_u64().unwrap()).max();
        assert!(lives <= Some(generation), "{cancel}: {ran}");
    }
}

#[test]
fn look_alikes_and_bytes_that_are_no_text() {
    let lab = Lab::new("restart");
    let items = [
        "[[lookalike]] look",
        "[[badutf8]] bad",
        "[[ansi]] plain",
        "[[utf8]] character",
        "[[nonl]] no end",
        "/end 0123456789abcdef",
    ];
    let (results, ran) = lab.run(&items, &[]);
    assert!(outcomes(&results).iter().all(|outcome| *outcome == "ok"), "{ran}");
    assert!(reply(&results[0]).contains("end 0000") && reply(&results[0]).ends_with("look"), "{ran}");
    assert!(
        reply(&results[1]).contains("bad \u{fffd}\u{fffd} \u{fffd}(") && reply(&results[1]).ends_with("bad"),
        "{ran}"
    );
    assert_eq!((reply(&results[4]), reply(&results[5])), ("no end", "/end 0123456789abcdef"));
    assert!(results.iter().all(|result| !reply(result).contains('\u{1b}')), "no escape sequence survives");
}

#[test]
fn a_megabyte_in_and_a_flood_out() {
    let lab = Lab::new("restart");
    let long = "0123456789abcdef".repeat(65_536);
    let (results, ran) = lab.run(&[&long, "[[flood=5000000]] flood", "small"], &[]);
    assert!(outcomes(&results).iter().all(|outcome| *outcome == "ok"), "{}", ran.stderr);
    for long in &results[..2] {
        assert_eq!(long["truncated"], true);
        assert!(reply(long).len() < 9000 && reply(long).contains("bytes cut"), "head and tail are kept");
    }
    assert_eq!(reply(&results[2]), "small");
    assert_eq!(lab.received(&long), 1, "whole, and once");
}

#[test]
fn a_tool_that_never_gets_ready_ends_the_run() {
    let world = World::new();
    let tool = format!("{} --never-ready", env!("CARGO_BIN_EXE_fake-tool"));
    let words =
        [&tool, "--sentinel", "/end {nonce}=^end {nonce}$", "-n", "1", "--ready-timeout", "200ms", "a", "b"];
    let ran = world.run(&words);
    assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{ran}");
    assert!(ran.stderr.contains("not ready after 200ms"), "{ran}");
}
