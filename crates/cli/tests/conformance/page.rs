//! The page of what was found: a row for each tool.

use crate::subject::profile;
use cluster::conformance::{Cell, Conformance, Feature, Plan, Verdict};
use cluster::profile::{Overrides, Profile, Surroundings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What stands above the rows.
const HEAD: &str = include_str!("head.md");

/// Those that have a row. Others want a server.
const TOOLS: [&str; 16] = [
    "aider", "bash", "bc", "claude", "codex", "copilot", "dc", "gdb", "gemini", "jq", "node", "opencode",
    "python", "qwen", "sqlite3", "tclsh",
];

/// Tests of one program that write the page take turns.
static WRITING: Mutex<()> = Mutex::new(());

/// Where the repository is.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn path() -> PathBuf {
    root().join("docs/conformance.md")
}

/// A tool's version, and a cell for each feature.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    version: String,
    cells: Vec<String>,
}

impl Row {
    fn of(found: &Conformance) -> Self {
        let version = found.version.clone().unwrap_or_default();
        Self { version: plain(&version), cells: found.features.iter().map(cell).collect() }
    }

    fn line(&self, tool: &str) -> String {
        format!("| [{tool}](tools/{tool}.md) | {} | {} |\n", self.version, self.cells.join(" | "))
    }

    /// The tool, and its row.
    fn read(line: &str) -> Option<(String, Self)> {
        let mut cells = line.strip_prefix("| [")?.strip_suffix(" |")?.split(" | ").map(str::to_owned);
        let tool = cells.next()?.split_once(']')?.0.to_owned();
        Some((tool, Self { version: cells.next()?, cells: cells.collect() }))
    }
}

/// A word, and for what it is about, why.
fn cell(cell: &Cell) -> String {
    match cell.is {
        Verdict::Yes | Verdict::NotOffered => cell.is.word().to_owned(),
        Verdict::No | Verdict::NotTried => format!("{} ({})", cell.is.word(), plain(&cell.why)),
    }
}

/// In a cell of a table.
fn plain(text: &str) -> String {
    text.replace(['|', '\n', '<', '>'], " ").trim().to_owned()
}

fn rows() -> BTreeMap<String, Row> {
    let page = std::fs::read_to_string(path()).unwrap_or_default();
    page.lines().filter_map(Row::read).collect()
}

fn page(rows: &BTreeMap<String, Row>) -> String {
    let names: Vec<&str> = Feature::ALL.iter().map(|feature| feature.word()).collect();
    let mut page = format!("{HEAD}\n| tool | version | {} |\n", names.join(" | "));
    page += &format!("|---|---|{}\n", "---|".repeat(names.len()));
    rows.iter().for_each(|(tool, row)| page += &row.line(tool));
    page
}

/// What is found one way now and another way then, by the tool's own doing: the page says so.
const VARIES: [(&str, Feature); 2] = [("aider", Feature::Stream), ("aider", Feature::Cancel)];

/// The row of this tool is what was found; or, if told to, it is written. The version of the row is that of the run that
/// wrote it.
pub(crate) fn hold(found: &Conformance) {
    let row = Row::of(found);
    let turn = WRITING.lock();
    let mut rows = rows();
    if std::env::var("INSTA_UPDATE").is_ok_and(|it| it == "always") {
        rows.insert(found.tool.clone(), row);
        std::fs::write(path(), page(&rows)).unwrap();
        return;
    }
    // A failure below is that of this tool alone.
    drop(turn);
    let steady = |row: &Row| {
        let cells = Feature::ALL.iter().zip(&row.cells);
        let cells = cells.filter(|(feature, _)| !VARIES.contains(&(found.tool.as_str(), **feature)));
        cells.map(|(_, cell)| cell.clone()).collect::<Vec<_>>()
    };
    let cells = rows.get(&found.tool).map(steady).unwrap_or_default();
    assert_eq!(
        cells,
        steady(&row),
        "docs/conformance.md is not what was found of {}: run this with INSTA_UPDATE=always",
        found.tool
    );
}

#[test]
fn the_page_is_its_rows() {
    let (text, rows) = (std::fs::read_to_string(path()).unwrap(), rows());
    assert_eq!(rows.keys().map(String::as_str).collect::<Vec<_>>(), TOOLS);
    assert_eq!(text, page(&rows), "run this target with INSTA_UPDATE=always");
    for (tool, row) in &rows {
        assert_eq!(row.cells.len(), Feature::ALL.len(), "{tool}");
        for cell in &row.cells {
            let is_word = ["yes", "not offered"].contains(&cell.as_str());
            let is_reason =
                ["no (", "not tried ("].iter().any(|word| cell.starts_with(word)) && cell.ends_with(')');
            assert!(is_word || is_reason, "{tool}: {cell}");
        }
        assert_eq!(&row.cells[..2], ["yes", "yes"], "{tool} does not even answer");
    }
}

/// What a tool does not offer is said by its profile, whether the tool is here or not.
#[test]
fn what_is_not_offered_is_what_profiles_say() {
    let rows = rows();
    for tool in TOOLS {
        let around = Surroundings { state: Some(root()), ..Surroundings::default() };
        let profile = Profile::parse(tool, &profile(tool, ""), &Overrides::default(), &around).unwrap();
        let plan = Plan::of(&profile, Path::new("/"), true);
        for ((feature, _), cell) in plan.features.iter().zip(&rows[tool].cells) {
            let is_offered = !plan.lacks(*feature);
            assert_eq!(is_offered, cell != Verdict::NotOffered.word(), "{tool} {feature:?}: {cell}");
        }
    }
}
