//! Every command runs, and prints what the page shows.
//!
//! A block of `console` has commands behind `$ `, and what they print. Words behind the language say what is different:
//!
//! - `ignore-output`: what is printed is not shown; all commands must end with 0.
//! - `needs=TOOL`: runs only where the tool is; everywhere else the page is taken at its word.
//! - `elsewhere`: not run here, because it builds or measures for long: each command is a recipe of the `justfile`, or
//!   stands in `.ci/run` or `.ci/nightly`.

use crate::compare::same;
use crate::markdown::{Block, Page, all, root};
use crate::scratch::Scratch;
use std::fmt::Write;

/// A command, and what the page shows of its output.
#[derive(Debug, PartialEq)]
struct Line {
    command: String,
    shown: String,
}

/// The commands of a block. One that ends in `\` goes on in the next line.
fn lines(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for line in text.split_inclusive('\n') {
        let last = lines.last_mut();
        match (line.strip_prefix("$ "), last) {
            (Some(command), _) => {
                lines.push(Line { command: command.trim_end().to_owned(), shown: String::new() });
            }
            (None, Some(last)) if last.command.ends_with('\\') && last.shown.is_empty() => {
                last.command += "\n";
                last.command += line.trim_end();
            }
            (None, Some(last)) => last.shown += line,
            (None, None) => panic!("{line:?} has no command"),
        }
    }
    lines
}

/// What is wrong with the pages; or, if told to, they are mended.
fn check(is_ours: fn(&str) -> bool) {
    let mut wrong = String::new();
    for page in all().iter().filter(|page| is_ours(&page.name)) {
        let run = run(page);
        if run.is_empty() {
            continue;
        }
        if std::env::var("INSTA_UPDATE").is_ok_and(|it| it == "always") {
            mend(page, &run);
        }
        for (block, printed) in run {
            let _ = writeln!(wrong, "{}:\n{printed}", page.place(block));
        }
    }
    assert!(wrong.is_empty(), "the book differs from the program:\n{wrong}");
}

/// The blocks that differ, and what they should be.
fn run(page: &Page) -> Vec<(&Block, String)> {
    let consoles = || page.blocks.iter().filter(|block| block.language == "console");
    let scratch = Scratch::new(consoles().any(|block| block.value("needs") == Some("aider")));
    let mut wrong = Vec::new();
    for block in &page.blocks {
        if let Some(name) = block.value("file") {
            scratch.file(name, &block.text);
        }
        let here = block.value("needs").is_none_or(|tool| scratch.has(tool));
        if block.language == "console" && !block.is("elsewhere") && here {
            wrong.extend(differs(block, &scratch).map(|printed| (block, printed)));
        }
    }
    wrong
}

/// The text that the block should have.
fn differs(block: &Block, scratch: &Scratch) -> Option<String> {
    let lines = lines(&block.text);
    let commands: Vec<String> = lines.iter().map(|line| line.command.clone()).collect();
    let mut printed = scratch.run(&commands);
    for text in printed.each.iter_mut().filter(|text| !text.is_empty() && !text.ends_with('\n')) {
        text.push('\n');
    }
    let is_right = match block.is("ignore-output") {
        true => printed.success && lines.iter().all(|line| line.shown.is_empty()),
        false => {
            printed.each.len() == lines.len()
                && lines.iter().zip(&printed.each).all(|(line, printed)| {
                    // An empty line may stand in front of the next command.
                    let shown = line.shown.strip_suffix("\n\n").map(|shown| format!("{shown}\n"));
                    same(&line.shown, printed) || shown.is_some_and(|shown| same(&shown, printed))
                })
        }
    };
    let mut printed = printed.each.into_iter();
    let each = |line: &Line| format!("$ {}\n{}", line.command, printed.next().unwrap_or_default());
    (!is_right).then(|| lines.iter().map(each).collect())
}

fn mend(page: &Page, wrong: &[(&Block, String)]) {
    let mut source = page.source.clone();
    for (block, text) in wrong.iter().rev().filter(|(block, _)| !block.is("ignore-output")) {
        source.replace_range(block.range.clone(), text);
    }
    std::fs::write(root().join(&page.name), source).unwrap();
}

#[test]
fn the_readme() {
    check(|name| name == "README.md");
}

#[test]
fn the_guide() {
    check(|name| name.starts_with("docs/guide/"));
}

#[test]
fn the_tools() {
    check(|name| name.starts_with("docs/tools/"));
}

#[test]
fn the_other_pages() {
    check(|name| {
        name.starts_with("docs/") && !name.starts_with("docs/guide/") && !name.starts_with("docs/tools/")
    });
}

#[test]
fn what_runs_elsewhere_is_there() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let (recipes, scripts) = (read("justfile"), read(".ci/run") + &read(".ci/nightly"));
    for page in all() {
        for block in page.blocks.iter().filter(|block| block.is("elsewhere")) {
            for line in lines(&block.text) {
                let recipe = line.command.strip_prefix("just ").and_then(|rest| rest.split(' ').next());
                let is_there = match recipe {
                    Some(recipe) => {
                        let is_head =
                            |it: &str| it.split([' ', ':']).next() == Some(recipe) && it.contains(':');
                        recipes.lines().any(is_head)
                    }
                    None => scripts.contains(&line.command),
                };
                assert!(is_there, "{}: nothing else runs `{}`", page.place(block), line.command);
            }
        }
    }
}

#[test]
fn commands_and_what_they_print() {
    let line = |command: &str, shown: &str| Line { command: command.to_owned(), shown: shown.to_owned() };
    let table = [
        ("$ a\nb\nc\n", vec![line("a", "b\nc\n")]),
        ("$ a\n$ b \\\n    c\nd\\\ne\n", vec![line("a", ""), line("b \\\n    c", "d\\\ne\n")]),
    ];
    for (text, expected) in table {
        assert_eq!(lines(text), expected);
    }
}
