//! What the program says of instances on the way, with real processes.

use crate::tool::{SENTINEL, fake};
use crate::world::World;

const ASKS: &str = r#"
schema = "cluster.profile/1"
command = ["TOOL"]
questions = ['\(Y\)es/\(N\)o \[Yes\]: \z']
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "^end {nonce}$"
"#;

#[test]
fn f09_a_stopped_tool_is_woken_and_told() {
    let world = World::new();
    let tool = fake(&world, "");
    let ran = world.run(&[&tool, "--sentinel", SENTINEL, "-n", "1", "[[stop]] a", "b"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "a\nb\n"), "{ran}");
    assert!(ran.stderr.contains("has stalled (job 1/2 [[stop]] a): a signal had stopped it"), "{ran}");
}

#[test]
fn f21_a_question_is_told_at_once_and_never_answered() {
    let world = World::new();
    world.file("asks.toml", ASKS.replace("TOOL", env!("CARGO_BIN_EXE_fake-tool")));
    let ran = world.run(&["./asks.toml:1", "--timeout", "2s", "[[ask=strict]] a", "b"]);
    assert!(ran.status == 1 && ran.stdout.ends_with("]: \nb\n"), "{ran}");
    let asks = "Proceed? (Y)es/(N)o [Yes]:";
    let told = format!("instance 0 asks needs input (job 1/2 [[ask=strict]] a): it asks: {asks}");
    assert_eq!(ran.stderr.matches(&told).count(), 1, "{ran}");
    assert!(ran.stderr.contains("timed_out: no end of turn in time: nobody answered"), "{ran}");
}

#[test]
fn f27_a_busy_tool_is_not_stalled_and_an_idle_one_is() {
    let world = World::new();
    let tool = fake(&world, "");
    let words = [&tool, "--sentinel", SENTINEL, "-n", "2", "--stall", "1s", "--unordered"];
    let ran = world.run(&[&words[..], &["[[spin=3000]] worked", "[[delay=3000]] slept"]].concat());
    assert_eq!(ran.status, 0, "{ran}");
    let stalled: Vec<_> = ran.stderr.lines().filter(|line| line.contains("has stalled")).collect();
    assert!(matches!(stalled[..], [line] if line.contains("slept")), "{ran}");
}

#[test]
fn a_stall_ends_the_job_where_that_is_wanted() {
    let world = World::new();
    let tool = fake(&world, "");
    let words =
        [&tool, "--sentinel", SENTINEL, "-n", "1", "--stall", "500ms", "--kill-stalled", "[[hang]] a", "b"];
    let ran = world.run(&words);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "b\n"), "{ran}");
    assert!(ran.stderr.contains("timed_out: stalled: neither output nor processor time for"), "{ran}");
}
