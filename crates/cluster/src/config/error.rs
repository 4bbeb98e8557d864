//! What is wrong with a text of configuration: where, which key, and what would be right.

use super::find::File;
use super::layer::below;
use super::written::KEYS;
use crate::batch::nearest::nearest;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why settings cannot be used; nothing has started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file is there, but cannot be read.
    #[error("{}: cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word for it.
        reason: String,
    },
    /// A setting makes no sense.
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

/// A value or a key that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {key}{}{reason}", if .key.is_empty() { "" } else { ": " })]
pub struct Wrong {
    /// The file, and the line if known; or a variable.
    pub place: String,
    /// The key, with its tables: `turn.expect`; empty if it is about the place as a whole.
    pub key: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// Reads a text, which came from `place`.
pub(super) fn read<T: DeserializeOwned>(place: &str, text: &str) -> Result<T, Wrong> {
    toml::from_str(text).map_err(|error| from_toml(place, text, &error))
}

/// Refuses what a project may not say where settings stand: how anything is started.
pub(super) fn only_chooses(place: &str, text: &str) -> Result<(), Wrong> {
    let Ok(table) = DeTable::parse(text) else { return Ok(()) };
    let starts = table.get_ref().keys().find(|key| starts_something(key.get_ref()));
    let Some(key) = starts else { return Ok(()) };
    let reason = "a project's file says how a tool is started below [tools.NAME], and what is told of a run below \
                  [hooks], and neither holds until 'cluster trust'";
    let place = format!("{place}:{}", line_at(text, key.span().start));
    Err(Wrong { place, key: key.get_ref().to_string(), reason: reason.to_owned() })
}

/// Words of the user's file, of profiles and of flags that lead to a program, an argument or a variable.
fn starts_something(key: &str) -> bool {
    const WORDS: [&str; 9] =
        ["tool", "profiles", "command", "commands", "args", "tool-arg", "model", "env", "cwd"];
    let is_hook = || key != "hooks" && (key.starts_with("hook") || key.starts_with("on_"));
    // A slip of the pen is told as one.
    WORDS.contains(&key) || is_hook() && nearest(key, KEYS.iter().map(|key| key.name)).is_none()
}

/// An error about a key of a file.
pub(super) fn about(file: &File, key: &str, reason: impl Into<String>) -> Wrong {
    let line = line_of(&file.text, key).map(|line| format!(":{line}")).unwrap_or_default();
    Wrong { place: format!("{}{line}", file.place()), key: key.to_owned(), reason: reason.into() }
}

/// An error that the reader of TOML found in `text`, which came from `place`.
pub(crate) fn from_toml(place: &str, text: &str, error: &toml::de::Error) -> Wrong {
    let reason = explain(error.message());
    let Some(span) = error.span() else {
        return Wrong { place: place.to_owned(), key: String::new(), reason };
    };
    let missing = missing_key(error.message());
    if missing.is_some() && span.start == 0 {
        let key = missing.unwrap_or_default().to_owned();
        return Wrong { place: place.to_owned(), key, reason };
    }
    let table = DeTable::parse(text).ok();
    let mut key = table.and_then(|table| key_at(table.get_ref(), span.start)).unwrap_or_default();
    if let Some(missing) = missing {
        key = format!("{key}.{missing}");
    }
    Wrong { place: format!("{place}:{}", line_at(text, span.start)), key, reason }
}

/// In our words: the reader of TOML speaks of fields and variants.
fn explain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut words = line.split('`').skip(1).step_by(2);
    let (Some(word), known) = (words.next(), words.collect::<Vec<_>>()) else { return in_toml(line) };
    let instead = || match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it must be one of {}", known.join(", ")),
    };
    if line.starts_with("unknown field") {
        format!("unknown key `{word}`: {}", instead())
    } else if line.starts_with("unknown variant") {
        format!("unknown word `{word}`: {}", instead())
    } else if missing_key(line).is_some() {
        "is missing".to_owned()
    } else {
        in_toml(line)
    }
}

fn in_toml(line: &str) -> String {
    RUST.iter().fold(line.to_owned(), |line, (theirs, ours)| line.replace(theirs, ours))
}

/// How the reader of TOML calls things, and how the format does.
const RUST: [(&str, &str); 4] = [
    ("expected struct ToolSettings", "expected a table"),
    ("expected a sequence", "expected a list"),
    ("invalid type: sequence", "invalid type: list"),
    ("invalid type: map", "invalid type: table"),
];

fn missing_key(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

/// The key whose name or value is at `offset`; of several the innermost.
fn key_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        let inner = tables_in(value).into_iter().find_map(|table| key_at(table, offset));
        let is_here = key.span().contains(&offset) || value.span().contains(&offset);
        inner.map(|inner| format!("{name}.{inner}")).or_else(|| is_here.then(|| name.to_string()))
    })
}

fn tables_in<'a, 'i>(value: &'a Spanned<DeValue<'i>>) -> Vec<&'a DeTable<'i>> {
    match value.get_ref() {
        DeValue::Table(table) => vec![table],
        DeValue::Array(array) => array.iter().filter_map(|item| item.get_ref().as_table()).collect(),
        _ => Vec::new(),
    }
}

/// The line of a key, or of the innermost table around it that is written.
pub(crate) fn line_of(text: &str, key: &str) -> Option<usize> {
    let lines = lines(text);
    let ends = key.match_indices('.').map(|(at, _)| at).chain([key.len()]);
    ends.rev().find_map(|end| lines.get(&key[..end]).copied())
}

/// The line of each key and each table, counted from 1; of tables in a list, those of the first.
pub(super) fn lines(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    if let Ok(root) = DeTable::parse(text) {
        put_lines(root.get_ref(), "", text, &mut lines);
    }
    lines
}

fn put_lines(table: &DeTable<'_>, path: &str, text: &str, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let name = below(path, key.get_ref());
        lines.insert(name.clone(), line_at(text, key.span().start));
        if let Some(table) = tables_in(value).first() {
            put_lines(table, &name, text, lines);
        }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}
