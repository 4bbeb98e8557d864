//! What is wrong with a profile: where, which key, and what would be right.

use crate::batch::nearest::nearest;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a tool cannot be used as asked; nothing has started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No profile has this name.
    #[error("no profile is named '{tool}'{}: `cluster tools` lists them; a command line needs --until, --sentinel, --lines or --quiet-for", guess(.nearest.as_ref()))]
    Unknown {
        /// What was asked for.
        tool: String,
        /// A name that is nearly the same.
        nearest: Option<String>,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word for it.
        reason: String,
    },
    /// A profile makes no sense.
    #[error("{place}: {key}{}{reason}", if .key.is_empty() { "" } else { ": " })]
    Bad {
        /// The file, and the line if known.
        place: String,
        /// The key, with its tables: `turn.expect`; empty if it is about the file as a whole.
        key: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A flag makes no sense.
    #[error("{flag}: {reason}")]
    Flag {
        /// As it is written.
        flag: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
}

fn guess(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

impl ProfileError {
    /// An error that the reader of TOML found in `text`, which came from `place`.
    pub(super) fn from_toml(place: &str, text: &str, error: &toml::de::Error) -> Self {
        let reason = explain(error.message());
        let Some(span) = error.span() else {
            return Self::Bad { place: place.to_owned(), key: String::new(), reason };
        };
        let missing = missing_key(error.message());
        if missing.is_some() && span.start == 0 {
            let key = missing.unwrap_or_default().to_owned();
            return Self::Bad { place: place.to_owned(), key, reason };
        }
        let line = text[..span.start].matches('\n').count() + 1;
        let table = DeTable::parse(text).ok();
        let mut key = table.and_then(|table| key_at(table.get_ref(), span.start)).unwrap_or_default();
        if let Some(missing) = missing {
            key = format!("{key}.{missing}");
        }
        Self::Bad { place: format!("{place}:{line}"), key, reason }
    }

    /// An error about `key` of the profile in `text`, if there is a text.
    pub(super) fn at_key(place: &str, text: Option<&str>, key: &str, reason: impl Into<String>) -> Self {
        let line =
            text.and_then(|text| line_of(text, key)).map(|line| format!(":{line}")).unwrap_or_default();
        Self::Bad { place: format!("{place}{line}"), key: key.to_owned(), reason: reason.into() }
    }
}

/// In our words: the reader of TOML speaks of fields and variants.
fn explain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let mut words = line.split('`').skip(1).step_by(2);
    let (Some(word), known) = (words.next(), words.collect::<Vec<_>>()) else { return line.to_owned() };
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
        line.to_owned()
    }
}

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
fn line_of(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let (mut table, mut start) = (Some(root.get_ref()), None);
    for name in key.split('.') {
        let Some((key, value)) = table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name))
        else {
            break;
        };
        start = Some(key.span().start);
        table = tables_in(value).first().copied();
    }
    start.map(|start| text[..start].matches('\n').count() + 1)
}
