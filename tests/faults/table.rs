//! `docs/faults.toml` as values, and the page that is made of it.

use serde::Deserialize;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// All faults, by number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) fault: Vec<Fault>,
}

/// One thing that goes wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) number: u32,
    /// A heading that begins with it.
    pub(crate) group: Option<String>,
    pub(crate) what: String,
    /// What happens then.
    pub(crate) then: String,
    /// Names of tests.
    #[serde(default)]
    pub(crate) tests: Vec<String>,
    /// Those that take so long that they have a recipe of their own in the `justfile`.
    #[serde(default)]
    pub(crate) by_hand: Vec<String>,
    /// Changes to the program that its tests find.
    #[serde(default)]
    pub(crate) mutation: Vec<Mutation>,
    /// Changes that stand with other faults, by name, which its first test finds, too.
    #[serde(default)]
    pub(crate) also: Vec<String>,
    /// Why there is no test, or no mutation.
    pub(crate) why_not: Option<String>,
}

/// A change to the program that a test must find.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutation {
    /// What the program does then, in words; stands in the table.
    pub(crate) name: String,
    pub(crate) file: String,
    /// An expression or whole statements without bindings, once in the file.
    pub(crate) find: String,
    /// The same, changed.
    pub(crate) replace: String,
    /// Functions that are `const` and cannot be while there is a choice in them.
    #[serde(default)]
    pub(crate) not_const: Vec<String>,
    /// The test that must fail; the first one of the fault if not said.
    pub(crate) test: Option<String>,
}

impl Fault {
    /// All tests that are named.
    pub(crate) fn named(&self) -> impl Iterator<Item = &String> {
        self.tests.iter().chain(&self.by_hand)
    }

    /// Its changes by name, and the test that must find each.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (&str, &str)> {
        let first = self.tests.first().map_or("", String::as_str);
        let own = self.mutation.iter();
        let own = own.map(move |change| (change.name.as_str(), change.test.as_deref().unwrap_or(first)));
        own.chain(self.also.iter().map(move |name| (name.as_str(), first)))
    }
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The table's source.
pub(crate) fn source() -> String {
    fs::read_to_string(root().join("docs/faults.toml")).expect("docs/faults.toml")
}

/// Where the page is.
pub(crate) fn page() -> PathBuf {
    root().join("docs/faults.md")
}

pub(crate) fn table() -> Table {
    toml::from_str(&source()).expect("a table of faults")
}

const HEAD: &str = "\
# Faults, and what becomes of them

What goes wrong with tools, streams, starts and the program itself, by number, and the tests that show what happens then.

Made by `just faults` from `docs/faults.toml`: not to be edited. It ran every test that is named here but those by hand,
and they passed; those take long, and the `justfile` has them. Then it made each change of the last column to the program,
one at a time, and the test that is to find it failed: a test that has never failed has shown nothing. What is no change
there is the reason why there is none. `tests/faults` holds this page to the code between such runs. Tests whose name
begins with `fNN_` are about fault NN.
";

/// The page, as it is when all that the table says has been seen.
pub(crate) fn rendered(table: &Table, source: &str) -> String {
    let mut page = HEAD.to_owned();
    for fault in &table.fault {
        if let Some(group) = &fault.group {
            let _ = write!(page, "\n## {group}\n\n{COLUMNS}");
        }
        let run = fault.tests.iter().map(|test| format!("`{test}`"));
        let by_hand = fault.by_hand.iter().map(|test| format!("`{test}` (by hand)"));
        let tests: Vec<String> = run.chain(by_hand).collect();
        let changes: Vec<&str> = fault.changes().map(|(name, _)| name).collect();
        let (number, what, then) = (fault.number, &fault.what, &fault.then);
        let why_not = fault.why_not.as_deref();
        let passed = if fault.tests.is_empty() { "" } else { "passed" };
        let seen: Vec<&str> = changes.into_iter().chain(why_not).collect();
        let _ = writeln!(
            page,
            "| {number} | {what} | {then} | {} | {passed} | {} |",
            tests.join(", "),
            seen.join("; ")
        );
    }
    let _ = write!(page, "\n<!-- made from a table with the digest {:016x} -->\n", digest(source));
    page
}

const COLUMNS: &str = "\
| | fault | what happens | tests | | seen to fail when |
|---|---|---|---|---|---|
";

/// FNV-1a: tells whether the page was made from this table.
fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
