//! Fault 24: rate-limit text. A tool that meets its account's usage limit, once, and says when it is over.

use crate::world::{Ran, World};
use serde_json::Value;

/// Repeats what it is told; the first text of all its instances meets a limit of a second.
const TOOL: &str = r#"
while IFS= read -r line; do
    case "$line" in
    "/end "*) echo "${line#/}" ;;
    *)
        echo "$line" >>log
        if mkdir met 2>mkdir.err; then echo "usage limit reached: try again in 1 s"; else echo "$line"; fi
        ;;
    esac
done
"#;

const PROFILE: &str = r#"
schema = "cluster.profile/1"
command = ["bash", "tool.sh"]
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "^end {nonce}$"
[[outcome]]
is = "limited"
pattern = '^usage limit reached: try again in (?P<reset_s>\d+) s$'
"#;

const ITEMS: [&str; 4] = ["a", "b", "c", "d"];

fn run(words: &[&str]) -> (World, Ran, Vec<Value>) {
    let world = World::new();
    world.file("tool.sh", TOOL);
    world.file("limited.toml", PROFILE);
    let ran = world.run(&[&["./limited.toml:2", "--json"], words, &ITEMS].concat());
    let results = ran.results();
    (world, ran, results)
}

#[test]
fn the_run_waits_for_the_end_of_a_limit_and_loses_nothing() {
    let (world, ran, results) = run(&[]);
    let replies: Vec<_> = results.iter().map(|result| (&result["outcome"], &result["reply"])).collect();
    assert!(
        replies.iter().zip(ITEMS).all(|((outcome, reply), item)| *outcome == "ok" && *reply == item),
        "{ran}"
    );
    assert_eq!(ran.status, 0, "{ran}");
    assert!(results.iter().all(|result| result["attempt"] == 1), "a limit is no attempt: {ran}");
    let said = ran.stderr.lines().filter(|line| line.starts_with("limited is limited until ")).count();
    assert_eq!(said, 1, "{ran}");
    assert!(ran.stderr.contains("): usage limit reached: try again in 1 s; "), "{ran}");
    assert!(ran.stderr.contains("the limit of limited is over, after "), "{ran}");
    let log = std::fs::read_to_string(world.path("log")).unwrap();
    assert_eq!(log.lines().count(), ITEMS.len() + 1, "one job was sent twice, the others once: {log}");
}

#[test]
fn a_run_that_is_told_to_fail_goes_on_at_once() {
    let (world, ran, results) = run(&["--on-limit", "fail"]);
    let limited: Vec<_> = results.iter().filter(|result| result["outcome"] == "limited").collect();
    assert_eq!((ran.status, limited.len()), (1, 1), "{ran}");
    assert_eq!(limited[0]["error"], "usage limit reached: try again in 1 s");
    assert!(results.iter().all(|result| result["outcome"] == "ok" || result == limited[0]), "{ran}");
    assert!(!ran.stderr.contains("limited is limited until"), "nobody is held: {ran}");
    let log = std::fs::read_to_string(world.path("log")).unwrap();
    assert_eq!(log.lines().count(), ITEMS.len(), "each was sent once: {log}");
}

/// A limit without end on one of two tools. The other one answers when that has been met.
const LIMITED: &str = r#"
while IFS= read -r line; do
    case "$line" in
    "/end "*) echo "${line#/}" ;;
    *)
        echo "$line" >>limited.log
        echo >met
        echo "usage limit reached: try again in 3600 s"
        ;;
    esac
done
"#;

const ECHO: &str = r#"
while IFS= read -r line; do
    case "$line" in
    "/end "*) echo "${line#/}" ;;
    *)
        if [ -p met ]; then read -r <met; rm met; fi
        echo "$line" | tee -a echo.log
        ;;
    esac
done
"#;

#[test]
fn with_next_the_job_ends_on_another_tool_and_only_one_account_is_held() {
    let world = World::new();
    for (name, tool) in [("limited", LIMITED), ("echo", ECHO)] {
        world.file(&format!("{name}.sh"), tool);
        world.file(&format!("{name}.toml"), PROFILE.replace("tool.sh", &format!("{name}.sh")));
    }
    assert!(world.program("mkfifo").arg("met").status().unwrap().success());
    let words = ["./limited.toml:1,./echo.toml:1", "--json", "--on-limit", "next"];
    let items: Vec<String> = (0..20).map(|number| format!("item {number}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let ran = world.run(&[&words[..], &items].concat());
    assert_eq!(ran.status, 0, "{ran}");
    let results = ran.results();
    assert_eq!(results.len(), items.len());
    for result in &results {
        assert_eq!((&result["instance"]["tool"], &result["attempt"]), (&"echo".into(), &1.into()), "{ran}");
        assert_eq!((&result["outcome"], &result["reply"]), (&"ok".into(), &result["item"]), "{ran}");
    }
    let log = |name: &str| std::fs::read_to_string(world.path(name)).unwrap_or_default().lines().count();
    assert_eq!((log("limited.log"), log("echo.log")), (1, items.len()), "{ran}");
    let holds: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" is limited until ")).collect();
    assert!(holds.len() == 1 && holds[0].starts_with("limited is limited until "), "{ran}");
}
