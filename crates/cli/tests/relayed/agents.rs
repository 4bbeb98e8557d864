//! Real agents, a process for each turn, before the scripted model: the profiles that the book shows.
//!
//! Wants their paths in `CLUSTER_TEST_CODEX` and `_CLAUDE`; without one its test says that it is skipped.

#[allow(dead_code, reason = "the tests of the agents use it all")]
#[path = "../agents/agent.rs"]
mod agent;
#[allow(dead_code, reason = "the tests of the agents use it all")]
#[path = "../agents/said.rs"]
mod said;
#[allow(dead_code, reason = "the tests of the agents use it all")]
#[path = "../agents/server.rs"]
mod server;

use crate::world::{Ran, World, of_the_book};
use agent::{Agent, Lab};

/// Runs the agent by the profile of this name.
fn run(lab: &Lab, name: &str, words: &[&str]) -> Ran {
    let mut world = World::new();
    for (name, value) in lab.environment().into_iter().filter(|(name, _)| *name != "PATH") {
        world.env(name, &value);
    }
    world.env("HOME", lab.home.path().to_str().unwrap());
    world.programs(lab.program.parent().unwrap().to_owned());
    std::fs::write(world.path(name), of_the_book(name)).unwrap();
    let file = format!("./{name}");
    let first = [file.as_str(), "-n", "1", "--env", "FAKE_KEY", "--cwd", lab.home.path().to_str().unwrap()];
    world.run(&[&first, words].concat())
}

/// The replies of the steps of the only job.
fn steps(ran: &Ran) -> Vec<&str> {
    assert_eq!(ran.only().0, "ok", "{:?} {}", ran.results, ran.stderr);
    ran.results[0]["steps"].as_array().unwrap().iter().map(|step| step["reply"].as_str().unwrap()).collect()
}

fn tries(agent: Agent, name: &str) {
    let Some(lab) = Lab::new(agent) else { return };
    // Steps are one conversation, and are counted apart.
    let ran = run(&lab, name, &["-s", "one {}", "-s", "two", "x"]);
    let said: Vec<String> =
        steps(&ran).iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(said, ["TURN 1: one x", "TURN 2: two"]);
    assert!(ran.results[0]["steps"].as_array().unwrap().iter().all(|step| step["completed_by"] == "exit"));
    let usage = &ran.results[0]["usage"];
    let input = usage["input"].as_u64().unwrap();
    assert!([200, 220].contains(&input) && usage["output"] == 40, "of two turns: {usage}");
    // Jobs are not.
    let ran = run(&lab, name, &["three", "four"]);
    assert!(
        ran.results.iter().all(|result| result["reply"].as_str().unwrap().starts_with("TURN 1: ")),
        "{:?}",
        ran.results
    );
    // What its service refuses is a failure, in its words.
    let ran = run(&lab, name, &["[[mode=429 tag=stays after=0]] go on"]);
    assert_eq!(ran.only().0, "error", "{:?}", ran.results);
    assert!(ran.results[0]["error"].as_str().unwrap().contains("429"), "{:?}", ran.results);
}

#[test]
fn codex() {
    tries(Agent::Codex, "codex-once.toml");
}

#[test]
fn claude() {
    tries(Agent::Claude, "claude-once.toml");
}
