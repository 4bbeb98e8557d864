//! The tests of the workspace, and where they are.

use crate::table::root;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A program of tests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    /// The unit tests of a crate, by its folder.
    Unit(String),
    /// Tests of their own, by the folder of their package and their name.
    Own(String, String),
}

/// The name of each test, and the files that have one of that name.
pub(crate) fn tests() -> BTreeMap<String, Vec<PathBuf>> {
    let mut names = BTreeMap::new();
    for folder in ["crates", "tests"] {
        read(&root().join(folder), &mut names);
    }
    names
}

fn read(folder: &Path, names: &mut BTreeMap<String, Vec<PathBuf>>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let relative = path.strip_prefix(root()).expect("below the root").to_owned();
            for (at, _) in text.match_indices("fn ").filter(|(at, _)| is_test(&text[..*at])) {
                names.entry(word(&text[at + 3..])).or_default().push(relative.clone());
            }
        }
    }
}

/// Whether what stands before a function makes it a test: its attributes, up to an empty line or the end of another item.
fn is_test(before: &str) -> bool {
    let mut lines = before.lines().rev().map(str::trim);
    let own = lines.next();
    let attributes = lines.take_while(|line| !line.is_empty() && !line.ends_with(['{', '}']));
    own.into_iter().chain(attributes).any(|line| line == "#[test]" || line.starts_with("#[tokio::test"))
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// The program of tests that a file belongs to: `crates/x/src/…`, `crates/x/tests/y/…`, `tests/y.rs`.
pub(crate) fn program(file: &Path) -> Program {
    let parts: Vec<&str> = file.iter().filter_map(|part| part.to_str()).collect();
    let stem = |name: &str| name.trim_end_matches(".rs").to_owned();
    match parts[..] {
        ["crates", package, "tests", name, ..] => Program::Own(format!("crates/{package}"), stem(name)),
        ["crates", package, ..] => Program::Unit(format!("crates/{package}")),
        ["tests", name, ..] => Program::Own(".".to_owned(), stem(name)),
        _ => panic!("{} is in no program of tests", file.display()),
    }
}
