//! What a run does about instances that end: jobs that crash them, tools that are given up.

use crate::world::{Ran, World};
use serde_json::Value;

const PROFILE: &str = r#"
schema = "cluster.profile/1"
command = ["TOOL", "--log", "LOG"]
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "end {nonce}$"
begin = true
wrap = "{{tag}\n{text}\n{tag}}"
[breaker]
failures = 0
[restart]
delay = "10ms"
delay_max = "20ms"
"#;

/// Runs the items with a profile that ends so.
fn run(world: &World, more: &str, words: &[&str], items: &[&str]) -> (Vec<Value>, Ran) {
    let log = world.path("log").display().to_string();
    let profile = PROFILE.replace("TOOL", env!("CARGO_BIN_EXE_fake-tool")).replace("LOG", &log);
    world.file("fake.toml", profile + more);
    let ran = world.run(&[words, &["--json", "--"], items].concat());
    (ran.results(), ran)
}

fn received(world: &World, wanted: &str) -> usize {
    crate::tool::received(world).iter().filter(|prompt| prompt.contains(wanted)).count()
}

fn word<'a>(result: &'a Value, key: &str) -> &'a str {
    result[key].as_str().unwrap_or_default()
}

/// Fault 85: a poison job ends after two instances, and is charged to neither: one crash would be one too many here.
#[test]
fn a_poison_job_is_a_dead_letter() {
    let world = World::new();
    let items = ["a", "b", "[[crash]] poison", "c", "d", "e"];
    let words = ["./fake.toml:3", "--retries", "5"];
    let (results, ran) = run(&world, "max = 1\n", &words, &items);
    assert_eq!((ran.status, results.len()), (1, 6), "{ran}");
    let (poison, others): (Vec<_>, Vec<_>) =
        results.iter().partition(|result| word(result, "item").contains("poison"));
    assert!(others.iter().all(|result| word(result, "outcome") == "ok" && result["attempt"] == 1), "{ran}");
    assert_eq!((word(poison[0], "outcome"), &poison[0]["attempt"]), ("crashed", &Value::from(2)), "{ran}");
    assert!(word(poison[0], "error").starts_with("dead letter: crashed instances "), "{ran}");
    assert_eq!(received(&world, "poison"), 2, "{ran}");
}

/// Without `--retries` nothing is sent twice.
#[test]
fn a_crash_is_not_repeated_unless_asked_for() {
    let world = World::new();
    let (results, ran) = run(&world, "", &["./fake.toml:2"], &["[[crash]] a", "b"]);
    assert_eq!((ran.status, word(&results[0], "outcome")), (1, "crashed"), "{ran}");
    assert_eq!(received(&world, "[[crash]]"), 1, "{ran}");
}

/// Fault 84: when every instance has been given up, the run ends with its own code, and says which jobs it never ran.
#[test]
fn a_run_whose_only_tool_is_given_up_ends_with_3() {
    let world = World::new();
    let items = [["[[crash]] x"; 20].as_slice(), &["last"]].concat();
    let (results, ran) = run(&world, "max = 2\n", &["./fake.toml:2"], &items);
    assert_eq!(ran.status, 3, "{ran}");
    assert!(ran.stderr.contains("fake ended too often (more than 2 restarts within 60s"), "{ran}");
    assert!(ran.stderr.contains("not run"), "{ran}");
    let crashed = results.iter().filter(|result| word(result, "outcome") == "crashed").count();
    assert_eq!(received(&world, "[[crash]]"), crashed, "what was sent has its result\n{ran}");
}

/// Faults 6 and 45: a tool that is given up costs its own jobs only; the rest of the pool goes on.
#[test]
fn one_tool_that_cannot_start_does_not_end_the_others() {
    let world = World::new();
    world.file("bad.toml", PROFILE.replace("TOOL", "/nowhere/tool"));
    world.file(
        "jobs.jsonl",
        concat!(
            r#"{"steps":["anywhere"]}"#,
            "\n",
            r#"{"tool":"bad","steps":["there"]}"#,
            "\n",
            r#"{"tool":"fake","steps":["here"]}"#,
            "\n"
        ),
    );
    let words = ["./bad.toml:1,./fake.toml:1", "--from", "jobs.jsonl"];
    let (results, ran) = run(&world, "", &words, &[]);
    let outcomes: Vec<_> = results.iter().map(|result| word(result, "outcome")).collect();
    assert_eq!((ran.status, outcomes), (1, vec!["ok", "refused", "ok"]), "{ran}");
    assert!(word(&results[1], "error").contains("program '/nowhere/tool' not found"), "{ran}");
}

/// s6's rule: an exit code by which a tool says that starting it again is of no use.
#[test]
fn an_exit_code_can_end_a_tool_for_good() {
    let world = World::new();
    let more = "no_restart_on = [125]\n";
    let (results, ran) = run(&world, more, &["./fake.toml:1"], &["[[exit=125]] x", "y"]);
    assert_eq!((ran.status, word(&results[0], "outcome")), (3, "crashed"), "{ran}");
    assert!(
        ran.stderr.contains("it exited with code 125, by which it asks not to be started again"),
        "{ran}"
    );
    assert_eq!(received(&world, "y"), 0, "{ran}");
}
