//! The book in `docs/` and the README: every command in them runs, every file in them is read, every link leads somewhere,
//! and what is made from the program is made anew. With `INSTA_UPDATE=always` what differs is written into the pages.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod aider;
mod capture;
mod compare;
mod console;
mod data;
mod keys;
mod made;
mod markdown;
mod messages;
#[allow(dead_code, reason = "the book does not ask what the model was asked")]
#[path = "../aider/model.rs"]
mod model;
mod pages;
mod scratch;
mod terminal;
mod tools;

/// A file that no module names is a test that never runs.
#[test]
fn no_file_is_forgotten() {
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(markdown::root().join("crates/cli/tests/book")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "{name} is forgotten");
    }
}
