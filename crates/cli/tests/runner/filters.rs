//! Filters and interpreters that have no profile: framed on the command line.

use crate::missing::is_missing;
use crate::world::World;

#[test]
fn jq_line_by_line() {
    if is_missing("jq") {
        return;
    }
    let world = World::new();
    let objects: Vec<_> =
        (0..500).map(|n| format!(r#"{{"user":{{"name":"ö {n}"}},"more":[{n}]}}"#)).collect();
    let input = objects.join("\n") + "\n";
    let ran =
        world.run_with(input.as_bytes(), &["jq -c --unbuffered .user.name", "--lines", "-n", "4", "-q"]);
    let expected: String = (0..500).map(|n| format!("\"ö {n}\"\n")).collect();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, expected.as_str()), "{ran}");
}

#[test]
fn a_filter_that_answers_twice_is_found_out() {
    if is_missing("jq") {
        return;
    }
    let world = World::new();
    let words = ["jq -c --unbuffered .[]", "--lines", "-n", "1", "--json", "-q", "[1]", "[2,3]"];
    let ran = world.run(&words);
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    // Both lines together are seen as they come; one by one they are seen before the next job is sent.
    assert!(last["outcome"] == "unframed" || last["reply"] == "2", "{ran}");
}

#[test]
fn tclsh_by_a_sentinel() {
    if is_missing("tclsh") {
        return;
    }
    let world = World::new();
    let prompts: String = (0..200).map(|n| format!("puts [expr {{{n} * {n}}}]\n")).collect();
    world.file("prompts.txt", prompts);
    let words = ["tclsh", "--sentinel", "puts {nonce}={nonce}", "-a", "prompts.txt", "-q"];
    let ran = world.run(&words);
    let expected: String = (0..200).map(|n| format!("{}\n", n * n)).collect();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, expected.as_str()), "{ran}");
}
