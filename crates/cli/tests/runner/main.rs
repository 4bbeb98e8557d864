//! The program against tools: the real ones that many machines have, and one that misbehaves on request.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time: every wait here has a deadline by the wall clock"
)]

mod complaints;
mod corpus;
mod dice;
mod ends;
#[path = "../common/events.rs"]
mod events;
mod filters;
mod floods;
mod gone;
mod groups;
mod guards;
mod homes;
mod learn;
mod limits;
mod misbehaving;
#[path = "../common/missing.rs"]
mod missing;
mod mixed;
mod oddities;
mod orphans;
mod own_program;
mod prompts;
mod pty;
mod reference;
mod repls;
mod restarts;
mod results;
mod signals;
mod states;
mod tool;
mod world;

/// A file that no module names is a test that never runs.
#[test]
fn no_file_is_forgotten() {
    let main = include_str!("main.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "{name} is forgotten");
    }
}
