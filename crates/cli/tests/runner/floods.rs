//! Tools that print without end: what of it is kept has a bound, and the others do not notice.
//!
//! `CLUSTER_TEST_FLOOD=10240` makes the long one that many MiB; `just flood` does, with an optimised build.

use crate::world::{Running, World};
use serde_json::Value;
use std::io::Write;
use std::process::ChildStdin;
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

/// By how much a flood of 10 GiB may move the most memory that the program ever had.
const ROOM: u64 = 64 * MIB;

/// A small flood, and its room: less than it, so that nothing can have been kept that should not.
const SMALL: (u64, u64) = (32 * MIB, 16 * MIB);

/// A run that is given its items one by one, and its profile.
struct Fed {
    run: Running,
    items: ChildStdin,
    _world: World,
}

/// What is kept of a reply is less than the room, so that the room shows whether anything else is.
const PROFILE: &str = r#"
schema = "cluster.profile/1"
command = ["TOOL"]
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "end {nonce}$"
[limits]
max_reply = 1048576
turn = "10m"
"#;

impl Fed {
    fn start(instances: usize) -> Self {
        let world = World::new();
        world.file("flood.toml", PROFILE.replace("TOOL", env!("CARGO_BIN_EXE_fake-tool")));
        let tool = format!("./flood.toml:{instances}");
        // A record has a cache of its own, which fills up in the first replies.
        let (run, items) = world.start_fed(&[&tool, "--json", "--unordered", "--no-ledger"]);
        Self { run: run.patience(Duration::from_secs(900)), items, _world: world }
    }

    fn say(&mut self, item: &str) {
        writeln!(self.items, "{item}").unwrap();
    }

    fn result(&mut self) -> Value {
        serde_json::from_str(&self.run.line().expect("a result")).unwrap()
    }

    fn ask(&mut self, item: &str) -> Value {
        self.say(item);
        let result = self.result();
        assert_eq!(result["outcome"], "ok", "{item}: {}", result["error"]);
        result
    }

    /// The most memory that the program ever had.
    fn peak(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.run.process().as_raw_pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn end(self) {
        drop(self.items);
        let ran = self.run.end();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
    }
}

#[test]
fn f28_f29_f30_a_flood_costs_no_more_memory_than_a_reply_may_have() {
    let mut fed = Fed::start(1);
    fed.ask("warm");
    let before = fed.peak();
    let (flood, room) = SMALL;
    for kind in ["flood", "flooderr", "endless"] {
        let result = fed.ask(&format!("[[{kind}={flood}]] after it"));
        assert_eq!((&result["truncated"], &result["instance"]["generation"]), (&true.into(), &1.into()));
        assert!(result["reply"].as_str().unwrap().ends_with("after it"), "the tail is kept");
        let more = fed.peak() - before;
        assert!(more <= room, "{kind} cost {} MiB", more / MIB);
    }
    fed.end();
}

/// How many prompts are answered before the flood: as many as are needed for a 99th percentile.
const CALM: usize = 5000;

#[test]
#[ignore = "it prints 20 GiB, and compares times: `just flood`"]
fn f28_f29_ten_gibibytes_disturb_nobody() {
    let mib: u64 = std::env::var("CLUSTER_TEST_FLOOD").map_or(256, |text| text.parse().unwrap());
    let mut fed = Fed::start(3);
    let calm: Vec<_> = (0..CALM).map(|_| fed.time_small().expect("nobody else prints")).collect();
    let before = fed.peak();
    let begun = Instant::now();
    fed.say(&format!("[[flood={0} flooderr={0}]] after it", mib * MIB));
    let flooded: Vec<_> = std::iter::from_fn(|| fed.time_small()).collect();
    let (took, more) = (begun.elapsed(), fed.peak() - before);
    let (calm, flooded, count) = (p99(calm), p99(flooded.clone()), flooded.len());
    println!(
        "flood: {mib} MiB on each of stdout and stderr in {took:.1?}: memory +{} MiB; others' p99 {calm:.0?} before, \
         {flooded:.0?} meanwhile ({count} prompts)",
        more / MIB
    );
    assert!(more <= ROOM && count > 100 && flooded < calm * 2);
    // The last prompt came behind the flood, and its reply is still to be read.
    assert_eq!(fed.result()["outcome"], "ok");
    fed.end();
}

impl Fed {
    /// How long a small prompt takes; nothing if it is the flood whose end is told meanwhile.
    fn time_small(&mut self) -> Option<Duration> {
        let asked = Instant::now();
        self.say("small");
        let result = self.result();
        assert_eq!(result["outcome"], "ok", "{}", result["error"]);
        (result["item"] == "small").then(|| asked.elapsed())
    }
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}
