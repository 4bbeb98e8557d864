//! The pages hang together.

use crate::markdown::{Page, all, root};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// What blocks of code may be. Without a language, or as `rust`, rustdoc takes a block for Rust.
const LANGUAGES: [&str; 8] = ["console", "json", "jsonl", "text", "toml", "rust", "python", "yaml"];

#[test]
fn every_page_is_in_the_summary_and_every_line_of_it_a_page() {
    let summary = Page::read("docs/SUMMARY.md");
    let mut listed: Vec<String> = summary.links.iter().map(|link| format!("docs/{link}")).collect();
    let mut pages: Vec<String> = all().into_iter().map(|page| page.name).collect();
    pages.retain(|name| {
        name != "README.md" && name != "docs/SUMMARY.md" && !name.starts_with("docs/example/")
    });
    listed.sort();
    assert_eq!(listed, pages);
}

#[test]
fn every_link_leads_somewhere() {
    let pages: BTreeMap<String, Page> = all().into_iter().map(|page| (page.name.clone(), page)).collect();
    let mut nowhere = Vec::new();
    for page in pages.values() {
        for link in page.links.iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(a, b)| (a, Some(b)));
            let target = if path.is_empty() { page.name.clone() } else { resolve(&page.name, path) };
            let leads = match (pages.get(&target), anchor) {
                (Some(target), Some(anchor)) => target.anchors.iter().any(|it| it == anchor),
                _ => root().join(&target).exists(),
            };
            if !leads {
                nowhere.push(format!("{}: {link}", page.name));
            }
        }
    }
    assert_eq!(nowhere, Vec::<String>::new());
}

/// A path as written on a page, from the root of the repository.
fn resolve(page: &str, path: &str) -> String {
    let mut resolved = PathBuf::new();
    for part in Path::new(page).parent().unwrap().join(path).components() {
        match part {
            Component::ParentDir => drop(resolved.pop()),
            other => resolved.push(other),
        }
    }
    resolved.to_str().unwrap().to_owned()
}

/// mdBook copies what lies in `docs`, and nothing else.
#[test]
fn the_book_links_to_nothing_outside_of_it_but_pages_of_the_code() {
    let outside: BTreeSet<String> = all()
        .iter()
        .filter(|page| page.name.starts_with("docs/"))
        .flat_map(|page| page.links.iter().map(|link| (page.name.clone(), link.clone())))
        .filter(|(page, link)| {
            !link.contains("://") && !link.starts_with('#') && !resolve(page, link).starts_with("docs/")
        })
        .map(|(page, link)| format!("{page}: {link}"))
        .collect();
    assert_eq!(outside, BTreeSet::new());
}

#[test]
fn every_block_says_what_it_is() {
    for page in all() {
        for block in &page.blocks {
            let place = page.place(block);
            assert!(LANGUAGES.contains(&block.language.as_str()), "{place}: {:?}", block.language);
            let known = |word: &str| match (block.language.as_str(), word) {
                ("console", "ignore-output" | "elsewhere") | ("rust", "no_run") => true,
                ("toml", "profile" | "config" | "project" | "cargo" | "wrong") => true,
                ("json" | "jsonl", "job" | "result" | "wrong") => true,
                ("text", "message") => true,
                ("console", _) => word.starts_with("needs="),
                (_, _) => word.starts_with("file="),
            };
            assert!(block.words.iter().all(|word| known(word)), "{place}: {:?}", block.words);
        }
    }
}

#[test]
fn every_page_with_rust_is_compiled() {
    let compiled = std::fs::read_to_string(root().join("crates/cluster/src/book.rs")).unwrap();
    for page in all().iter().filter(|page| page.blocks.iter().any(|block| block.language == "rust")) {
        assert!(compiled.contains(&format!("/{}\"", page.name)), "{} is not compiled", page.name);
    }
}
