//! Pages as their parts.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A page of the book, or the README.
pub(crate) struct Page {
    /// From the root of the repository.
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) blocks: Vec<Block>,
    /// Where links and pictures lead, as written.
    pub(crate) links: Vec<String>,
    /// What headings are called in links.
    pub(crate) anchors: Vec<String>,
}

/// A block of code.
pub(crate) struct Block {
    /// `console`, `toml`, …
    pub(crate) language: String,
    /// What follows it, separated by commas.
    pub(crate) words: Vec<String>,
    pub(crate) text: String,
    /// Where the text stands in the source.
    pub(crate) range: Range<usize>,
    /// Of the source, from 1.
    pub(crate) line: usize,
}

impl Block {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.words.iter().any(|it| it == word)
    }

    /// The value of `name=value`.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The README and every page of the book, by name.
pub(crate) fn all() -> Vec<Page> {
    let mut names = vec!["README.md".to_owned()];
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                folders.push(name);
            } else if name.ends_with(".md") {
                names.push(name);
            }
        }
    }
    names.sort();
    names.iter().map(|name| Page::read(name)).collect()
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        Self::of(
            name,
            std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}")),
        )
    }

    fn of(name: &str, source: String) -> Self {
        let mut page = Self { name: name.to_owned(), source, blocks: vec![], links: vec![], anchors: vec![] };
        let (mut block, mut heading): (Option<Block>, Option<String>) = (None, None);
        for (event, range) in Parser::new_ext(&page.source, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    block = Some(Block::begin(&kind, &page.source, range.start));
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.anchors.extend(heading.take().map(|it| anchor(&it))),
                Event::Text(text) if block.is_some() => block.as_mut().unwrap().push(&text, range),
                Event::Text(text) | Event::Code(text) => {
                    heading.iter_mut().for_each(|heading| *heading += &text);
                }
                _ => {}
            }
        }
        page
    }

    /// Where a block stands, for messages.
    pub(crate) fn place(&self, block: &Block) -> String {
        format!("{}:{}", self.name, block.line)
    }
}

impl Block {
    fn begin(kind: &CodeBlockKind<'_>, source: &str, start: usize) -> Self {
        let info = match kind {
            CodeBlockKind::Fenced(info) => info.as_ref(),
            CodeBlockKind::Indented => "",
        };
        let mut words = info.split(',').map(|word| word.trim().to_owned());
        let language = words.next().unwrap_or_default();
        let line = source[..start].matches('\n').count() + 1;
        let after = source[start..].find('\n').map_or(source.len(), |end| start + end + 1);
        Self { language, words: words.collect(), text: String::new(), range: after..after, line }
    }

    fn push(&mut self, text: &str, range: Range<usize>) {
        self.text += text;
        self.range.end = range.end;
    }
}

/// As mdBook and GitHub make it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.map(|it| if it == ' ' { '-' } else { it.to_ascii_lowercase() }).collect()
}

#[test]
fn a_page_and_its_parts() {
    let source =
        "# The `x` page\n[a](b.md#c)\n\n```console,ignore-output,needs=bc\n$ a\nb\n```\n\n    indented\n";
    let page = Page::of("x.md", source.to_owned());
    assert_eq!((page.anchors, page.links), (vec!["the-x-page".to_owned()], vec!["b.md#c".to_owned()]));
    let [console, indented] = &page.blocks[..] else { panic!("{} blocks", page.blocks.len()) };
    assert_eq!((console.language.as_str(), console.text.as_str(), console.line), ("console", "$ a\nb\n", 4));
    assert_eq!(&source[console.range.clone()], "$ a\nb\n");
    assert!(console.is("ignore-output") && !console.is("needs") && console.value("needs") == Some("bc"));
    assert_eq!(indented.language, "");
}
