//! Messages that a page quotes are messages of the program.
//!
//! A block of `text,message` quotes one. Each of its lines must have been printed: by a command of the book, or in a
//! snapshot of the tests.

use crate::markdown::{Page, all, root};
use regex::Regex;
use std::collections::HashSet;
use std::path::Path;

/// What tests have seen printed.
fn seen() -> String {
    let mut text = String::new();
    for folder in ["crates/cli/tests", "crates/cli/src", "crates/cluster", "crates/pool-core/src", "tests"] {
        collect(&root().join(folder), &mut text);
    }
    for page in all() {
        page.blocks.iter().filter(|block| block.language == "console").for_each(|block| text += &block.text);
    }
    text
}

/// Snapshots in files of their own, and those in the code of tests.
fn collect(folder: &Path, text: &mut String) {
    let inline = Regex::new(r####"(?s)@r?"([^"]*)"|@r#"(.*?)"#"####).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, text);
            continue;
        }
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
        if !matches!(extension, "snap" | "rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        if extension == "snap" {
            *text += &source;
        }
        for snapshot in inline.captures_iter(&source).flat_map(|found| [found.get(1), found.get(2)]).flatten()
        {
            *text += snapshot.as_str();
            text.push('\n');
        }
    }
}

/// `…` stands for what differs.
fn is_seen(line: &str, seen: &str) -> bool {
    let parts: Vec<_> = line.split('…').map(regex::escape).collect();
    Regex::new(&parts.join(r"[^\n]*")).unwrap().is_match(seen)
}

#[test]
fn every_message_that_is_quoted_has_been_seen() {
    let seen = seen();
    let mut invented = Vec::new();
    let mut quoted = 0;
    for page in all() {
        for block in page.blocks.iter().filter(|block| block.is("message")) {
            quoted += block.text.lines().count();
            let lines = block.text.lines().filter(|line| !is_seen(line, &seen));
            invented.extend(lines.map(|line| format!("{}: {line}", page.place(block))));
        }
    }
    assert!(quoted > 20, "only {quoted} messages are quoted");
    assert_eq!(invented, Vec::<String>::new());
}

/// The section that shows what its own command printed, and that the README does not have.
const OWN: &str = "## Beside other runners\n";

/// The README says what was measured; the page repeats it.
#[test]
fn every_number_of_the_performance_page_is_one_of_the_readme() {
    let number = Regex::new(r"\d[\d.,]*\d|\d").unwrap();
    let readme = Page::read("README.md").source;
    let measured: HashSet<&str> = number.find_iter(&readme).map(|found| found.as_str()).collect();
    let page = Page::read("docs/performance.md");
    let (before, own) = page.source.split_once(OWN).unwrap();
    let repeated = before.to_owned() + own.split_once("\n## ").unwrap().1;
    let numbers: Vec<&str> = number.find_iter(&repeated).map(|found| found.as_str()).collect();
    assert!(numbers.len() > 30, "{numbers:?}");
    let invented: Vec<_> = numbers.into_iter().filter(|number| !measured.contains(number)).collect();
    assert_eq!(invented, Vec::<&str>::new());
    for row in page.source.lines().filter(|line| line.starts_with("| ") && line.contains(" s |")) {
        assert!(readme.contains(row), "{row}");
    }
}

#[test]
fn what_counts_as_seen() {
    let seen = "error: DIR/a: unknown key `x`: did you mean `y`?\nother\n";
    for (line, expected) in [
        ("error: …: unknown key `x`", true),
        ("error: …: unknown key `…`: did you mean `…`?", true),
        ("error: …other", false),
        ("error: (.*)", false),
    ] {
        assert_eq!(is_seen(line, seen), expected, "{line}");
    }
}
