//! The agents, with a scripted model.

use crate::agent::{Agent, Lab};
use crate::subject::Subject;
use cluster::profile::{Overrides, Surroundings};
use std::ffi::OsString;

/// What the scripted model is told to answer.
const TEST: &str = r#"
say    = "[[mode=say: it is 42]]"
expect = "it is 42"
[stream]
say = "[[mode=long n=30 gap=5]]"
[permission]
say = "[[mode=write file={file}: cluster]] [[mode=say: done]]"
[cancel]
say = "[[mode=hang]] never"
[resume]
say    = "the word is juniper"
then   = "[[mode=recall]] which word is it?"
expect = "juniper"
[limit]
say = "[[mode=429 tag=stays after=0]] go on"
[error]
say = "[[mode=400]] go on"
"#;

fn try_all(name: &str, agent: Agent) {
    let Some(lab) = Lab::new(agent) else { return };
    let environment = lab.environment();
    let mut env: Vec<(OsString, OsString)> =
        environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    // The agent is found where its variable says.
    let path = std::env::var_os("PATH").unwrap();
    let folder = lab.program.parent().map(std::path::Path::to_owned);
    let folders = folder.into_iter().chain(std::env::split_paths(&path));
    env.retain(|(name, _)| name != "PATH");
    env.push(("PATH".into(), std::env::join_paths(folders).unwrap()));
    let folder = lab.folder();
    let around = Surroundings {
        env,
        state: Some(lab.home.path().join("state")),
        cwd: folder.clone(),
        ..Surroundings::default()
    };
    let flags = Overrides {
        env: vec!["FAKE_KEY".into(), "COPILOT_*".into(), "OPENAI_*".into()],
        ..Overrides::default()
    };
    Subject { name, test: TEST, flags, around, folder: &folder }.try_all();
}

#[test]
fn codex() {
    try_all("codex", Agent::Codex);
}

#[test]
fn claude() {
    try_all("claude", Agent::Claude);
}

#[test]
fn gemini() {
    try_all("gemini", Agent::Gemini);
}

#[test]
fn qwen() {
    try_all("qwen", Agent::Qwen);
}

#[test]
fn opencode() {
    try_all("opencode", Agent::Opencode);
}

#[test]
fn copilot() {
    try_all("copilot", Agent::Copilot);
}
