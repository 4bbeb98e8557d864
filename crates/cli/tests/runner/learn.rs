//! Real tools are learnt; what was learnt is then run and examined.

use crate::missing::is_missing;
use crate::tool::fake;
use crate::world::{Ran, World};

/// Learns a tool into the world as `tool.toml`.
fn learn(world: &World, command: &str) -> Ran {
    let folder = world.path("");
    let folder = folder.to_str().unwrap();
    world.cluster(&["tools", "learn", command, "--name", "tool", "--to", folder])
}

/// What a learnt tool answers: all prompts on two instances, in their order; the profile's own test is right, too.
fn answers(world: &World, prompts: &[&str]) -> Vec<String> {
    let mut words = vec!["./tool.toml:2", "--json"];
    words.extend(prompts);
    let ran = world.run(&words);
    assert_eq!(ran.status, 0, "{ran}");
    let checkup = world.cluster(&["doctor", "./tool.toml"]);
    assert_eq!(checkup.status, 0, "{checkup}");
    ran.results().iter().map(|result| result["reply"].as_str().unwrap().to_owned()).collect()
}

/// A learnt tool answers twenty prompts, each with its own number.
fn is_learnt(command: &str, prompt: impl Fn(usize) -> String, reply: impl Fn(usize) -> String) {
    let world = World::new();
    let ran = learn(&world, command);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{ran}");
    let prompts: Vec<String> = (0..20).map(prompt).collect();
    let prompts: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let expected: Vec<String> = (0..20).map(reply).collect();
    assert_eq!(answers(&world, &prompts), expected, "{ran}");
}

#[test]
fn a_shell() {
    is_learnt("sh", |number| format!("echo $((6 * {number}))"), |number| (6 * number).to_string());
}

#[test]
fn a_debugger_with_a_prompt_that_counts() {
    if !is_missing("perl") {
        is_learnt("perl -de0", |number| format!("print 6 * {number}"), |number| (6 * number).to_string());
    }
}

#[test]
fn a_prompt_on_standard_error() {
    if !is_missing("python3") {
        is_learnt("python3 -i -q", |number| format!("6 * {number}"), |number| (6 * number).to_string());
    }
}

#[test]
fn a_tool_that_speaks_on_a_terminal_only() {
    if !is_missing("python3") {
        is_learnt("python3 -q", |number| format!("print(6 * {number})"), |number| (6 * number).to_string());
    }
}

#[test]
fn a_filter() {
    is_learnt("sed -u s/a/b/", |number| format!("a{number}"), |number| format!("b{number}"));
}

#[test]
fn a_tool_that_only_has_a_prompt() {
    let world = World::new();
    let ran = learn(&world, &fake(&world, "--prompt 'ask> '"));
    assert_eq!(ran.status, 0, "{ran}");
    let profile = std::fs::read_to_string(world.path("tool.toml")).unwrap();
    assert!(profile.contains("by        = \"prompt\"\nuntil     = '^(?:ask> )\\z'"), "{profile}");
    assert_eq!(answers(&world, &["one", "two", "three"]), ["one", "two", "three"]);
}

#[test]
fn what_cannot_be_learnt_leaves_nothing() {
    let world = World::new();
    let table = [
        ("sh -c 'echo bye; exit 3'", "it ends before it is told anything: bye"),
        ("sh -c 'cat >/dev/null'", "it says nothing, whatever it is told"),
        ("sh -c 'yes'", "it has printed more than 1048576 bytes"),
        ("nowhere-to-be-found", "program 'nowhere-to-be-found' not found on PATH"),
    ];
    for (command, reason) in table {
        let ran = learn(&world, command);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran}");
        assert!(ran.stderr.contains(reason), "{command}: {ran}");
    }
    assert!(!world.path("tool.toml").exists());
    assert!(!world.path("tool.golden.txt").exists());
}
