//! The profile of jules, with a stand-in that prints what its documentation shows.

use crate::events::await_files;
use crate::world::{PATIENCE, World};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Where the stand-in is `jules`, with a service that has no session yet.
fn world() -> World {
    let mut world = World::new();
    let programs = world.path("bin");
    std::fs::create_dir(&programs).unwrap();
    std::fs::create_dir(world.path("service")).unwrap();
    symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("testing/jules.sh"), programs.join("jules")).unwrap();
    let service = world.path("service").display().to_string();
    world.env("JULES_SERVICE", &service);
    world.programs(programs);
    // The shipped profile, in haste.
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster/profiles/jules.toml");
    let text = std::fs::read_to_string(shipped).unwrap();
    assert!(text.contains("\"30s\"") && text.contains("\"5m\""));
    let text = text.replace("\"30s\"", "\"20ms\"").replace("\"5m\"", "\"50ms\"");
    std::fs::write(world.path("jules.toml"), text + "\n[env]\ninherit = [\"JULES_SERVICE\"]\n").unwrap();
    world
}

fn calls(world: &World, word: &str) -> usize {
    world.read("service/calls").lines().filter(|line| line.starts_with(word)).count()
}

#[test]
fn tasks_are_submitted_asked_after_and_fetched() {
    let world = world();
    let prompts = ["looks=0 one", "looks=3 two", "looks=1 three, 世界"];
    let ran = world.run(&[&["./jules.toml", "-n", "3"], &prompts[..]].concat());
    assert_eq!(ran.status, Some(0), "{} {:?}", ran.stderr, ran.results);
    let mut replies: Vec<_> = ran.results.iter().map(|result| result["reply"].as_str().unwrap()).collect();
    replies.sort_unstable();
    let expected = ["looks=0 one", "looks=1 three, 世界", "looks=3 two"];
    assert_eq!(replies, expected.map(|prompt| format!("diff --git a/answer b/answer\n+{prompt}")));
    assert!(ran.results.iter().all(|result| result["steps"][0]["completed_by"] == "protocol"));
    assert_eq!((calls(&world, "new"), calls(&world, "remote pull")), (3, 3));
}

#[test]
fn failures_are_told_in_its_words() {
    let world = world();
    let ran = world.run(&["./jules.toml", "-n", "1", "fails", "no repository"]);
    let errors: Vec<_> = ran.results.iter().map(|result| result["error"].as_str().unwrap()).collect();
    assert!(errors[0].starts_with("100001") && errors[0].ends_with("Failed"), "{errors:?}");
    assert_eq!(errors[1], "Error: No --repo flag, and this folder has no repository (exit code 1)");
    assert!(ran.results.iter().all(|result| result["outcome"] == "error"));
}

#[test]
fn a_task_that_is_late_is_left_to_its_service() {
    let world = world();
    let ran = world.run(&["./jules.toml", "-n", "1", "--timeout", "1s", "looks=100000"]);
    assert_eq!(ran.only().0, "timed_out", "{:?}", ran.results);
    assert_eq!((calls(&world, "new"), calls(&world, "remote pull")), (1, 0));
}

#[test]
fn the_repository_is_said_when_it_is_submitted_and_then_no_more() {
    let world = world();
    let ran = world.run(&["./jules.toml", "-n", "1", "--tool-arg=--repo=o/r", "looks=1"]);
    assert_eq!(ran.only().0, "ok", "{} {:?}", ran.stderr, ran.results);
    assert_eq!((calls(&world, "new --repo=o/r"), calls(&world, "remote list --session")), (1, 2));
    assert_eq!(world.read("service/calls").matches("--repo").count(), 1);
}

/// The number of a task is in the record: the run that goes on asks after it, and nothing is submitted twice.
#[test]
fn a_run_that_was_killed_goes_on_with_the_task_that_is_there() {
    let world = world();
    let mut child =
        world.start(&["run", "./jules.toml", "-n", "1", "--on-unknown", "ask", "looks=100000 go"]);
    let looks = || calls(&world, "remote list") > 2;
    await_files(&world.path("service"), PATIENCE, looks, || "it does not look");
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
    assert_eq!(calls(&world, "new"), 1);
    std::fs::write(world.path("service/session-100001/looks"), "2").unwrap();
    let ran = World::wait(world.start(&["resume", "--json", "-q"]));
    assert_eq!(ran.only().0, "ok", "{} {:?}", ran.stderr, ran.results);
    assert!(ran.only().1.ends_with("+looks=100000 go"));
    assert_eq!((calls(&world, "new"), calls(&world, "remote pull --session 100001")), (1, 1));
}
