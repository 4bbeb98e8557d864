//! What of all that a pool does works with the tools themselves, by the kit that `cluster doctor --conformance` is; agents and
//! aider have a scripted model. `docs/conformance.md` is made of what is found: with `INSTA_UPDATE=always` the row of a tool
//! is written, else compared. Where a tool is not, its row is only looked at.
//!
//! Agents are where `CLUSTER_TEST_CODEX` and the like say, the others on the path.

#![allow(clippy::disallowed_methods, reason = "whoever waits for processes looks at the clock")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../agents/agent.rs"]
#[allow(dead_code, reason = "agents that are run once, and what they print, are for their own tests")]
mod agent;
mod agents;
mod aider;
#[path = "../common/events.rs"]
mod events;
#[path = "../common/missing.rs"]
mod missing;
#[path = "../aider/model.rs"]
#[allow(dead_code, reason = "nobody asks here what the model was asked")]
mod model;
mod page;
mod repls;
#[path = "../agents/said.rs"]
#[allow(dead_code, reason = "nobody looks here at what an agent prints by itself")]
mod said;
#[path = "../agents/server.rs"]
#[allow(dead_code, reason = "nobody asks here what the model was asked")]
mod server;
mod subject;

/// A file that no module names is a test that never runs.
#[test]
fn no_file_is_forgotten() {
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(page::root().join("crates/cli/tests/conformance")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "md") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "{name} is forgotten");
    }
}
