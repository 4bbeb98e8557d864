//! The agents themselves. First the scripted model before them: they take its answers, calls and failures for those of their
//! vendors. Then pools of them, by their own protocols, and several vendors' agents in one pool.
//!
//! Wants their paths in `CLUSTER_TEST_CODEX`, `_CLAUDE`, `_GEMINI`, `_QWEN`, `_OPENCODE` and `_COPILOT`. Without one its
//! test says that it is skipped: the agents come by npm, which not every machine has.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time: every wait here has a deadline by the wall clock"
)]

mod agent;
mod bad;
#[path = "../common/events.rs"]
mod events;
#[path = "../runner/gone.rs"]
mod gone;
mod mixed;
mod pool;
mod said;
mod server;
#[allow(dead_code, reason = "others run it, too")]
#[path = "../runner/world.rs"]
mod world;

use agent::{Agent, Lab};

/// Whatever is tried of one agent by itself.
fn try_all(agent: Agent) {
    let Some(lab) = Lab::new(agent) else { return };
    says_what_the_model_says(&lab);
    runs_a_command_and_tells_the_model(&lab);
    writes_a_file(&lab);
    asks_again_after_a_limit(&lab);
    // It tries for longer than a test may, whatever its settings say.
    if agent != Agent::Qwen {
        gives_up_at_a_limit_that_stays(&lab);
    }
}

fn says_what_the_model_says(lab: &Lab) {
    let said = lab.ask("hello, 世界");
    assert!(said.is_ok, "{said:?}");
    assert_eq!(said.text, "TURN 1: hello, 世界");
    assert!(said.input.is_none_or(|tokens| tokens == 100), "{said:?}");
}

fn runs_a_command_and_tells_the_model(lab: &Lab) {
    let said = lab.ask("[[mode=shell: printf 4; printf 2]]");
    assert!(said.is_ok && said.text.starts_with("TOOL 1: ") && said.text.contains("42"), "{said:?}");
    assert!(said.input.is_none_or(|tokens| tokens == 200), "of two requests: {said:?}");
}

fn writes_a_file(lab: &Lab) {
    let file = lab.folder().join("made.txt");
    let said = lab.ask(&format!("[[mode=write file={}: some text]] [[mode=say: done]]", file.display()));
    assert_eq!((said.is_ok, said.text.as_str()), (true, "done"), "{said:?}");
    assert_eq!(std::fs::read_to_string(file).unwrap().trim_end(), "some text");
}

fn asks_again_after_a_limit(lab: &Lab) {
    let said = lab.ask("[[mode=429 n=1 tag=heals after=0]] go on");
    assert_eq!((said.is_ok, said.text.as_str()), (true, "TURN 1: go on"), "{said:?}");
    assert_eq!(lab.server.modes("heals"), ["429", "plain"]);
}

fn gives_up_at_a_limit_that_stays(lab: &Lab) {
    let said = lab.ask("[[mode=429 tag=stays after=0]] go on");
    assert!(!said.is_ok, "{said:?}");
    let modes = lab.server.modes("stays");
    assert!(modes.len() > 1 && modes.iter().all(|mode| mode == "429"), "{modes:?}");
}

#[test]
fn codex() {
    try_all(Agent::Codex);
}

#[test]
fn claude() {
    try_all(Agent::Claude);
}

#[test]
fn gemini() {
    try_all(Agent::Gemini);
}

#[test]
fn qwen() {
    try_all(Agent::Qwen);
}

#[test]
fn opencode() {
    try_all(Agent::Opencode);
}

#[test]
fn copilot() {
    try_all(Agent::Copilot);
}
