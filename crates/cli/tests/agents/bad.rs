//! Agents that cannot start or go away: what they say of it themselves is not lost.

use crate::agent::{Agent, Lab};
use crate::world::{MARK, World};
use std::path::Path;

/// `cluster ask` of an agent, as its user would.
fn ask(lab: Lab, words: &[&str]) -> crate::world::Ran {
    let mut env = lab.environment();
    let folder = lab.program.parent().map(Path::display).unwrap();
    env.push(("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap())));
    let world = World::within(lab.home);
    let mut command = world.program(env!("CARGO_BIN_EXE_cluster"));
    command
        .env_clear()
        .envs(env)
        .args(["ask", "--env", MARK, "--env", "FAKE_KEY", "--cwd", "work"])
        .args(words);
    world.marked(&mut command);
    world.follow(command.spawn().unwrap()).end()
}

#[test]
fn claude_says_which_flag_it_does_not_know() {
    let Some(lab) = Lab::new(Agent::Claude) else { return };
    let ran = ask(lab, &["claude", "--tool-arg=--bad-flag", "hello"]);
    assert_eq!(ran.status, 3, "{ran}");
    assert!(ran.stderr.contains("on its standard error: error: unknown option '--bad-flag'"), "{ran}");
}

#[test]
fn codex_says_which_flag_it_does_not_know() {
    let Some(lab) = Lab::new(Agent::Codex) else { return };
    let ran = ask(lab, &["codex", "--tool-arg=--bad-flag", "hello"]);
    assert_eq!(ran.status, 3, "{ran}");
    assert!(ran.stderr.contains("on its standard error: error: unexpected argument '--bad-flag'"), "{ran}");
}
