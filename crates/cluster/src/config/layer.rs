//! Where values come from. Each layer covers those below it, key by key.

use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::{Table, Value};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A profile that comes with the program.
    BuiltIn,
    /// A profile of the user's.
    File(PathBuf),
    /// A line of a file, counted from 1.
    Line(PathBuf, usize),
    /// A variable of the environment.
    Variable(&'static str),
    /// A flag, as it is written.
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::BuiltIn => f.write_str("built-in"),
            Self::File(path) => path.display().fmt(f),
            Self::Line(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key, with its tables: `turn.expect`.
    pub key: String,
    /// The value, as TOML; what is said about the environment without a profile is often a secret, and not shown.
    pub value: String,
    /// Who said so last.
    pub origin: Origin,
}

/// Lists that flags add to, instead of replacing them.
const GROWING: [&str; 2] = ["args.extra", "env.inherit"];

/// What all layers say together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Merged {
    pub(crate) table: Table,
    origins: BTreeMap<String, Origin>,
}

impl Merged {
    /// Puts a layer on top; `origin` tells of each key who says it.
    pub(crate) fn cover(mut self, layer: Table, origin: impl Fn(&str) -> Origin) -> Self {
        cover(&mut self.table, layer, "", &origin, &mut self.origins);
        self
    }

    /// Who said last what `key` is.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Every value and its origin: keys outside of tables first, then the tables by name.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        leaves(&self.table, "", &mut |key, value| {
            let origin = self.origin(&key);
            let value = shown(&key, value, &origin);
            rows.push(Row { key, value, origin });
        });
        rows.sort_by_key(|row| row.key.contains('.'));
        rows
    }
}

/// What `--env` sets, and `env` in a user's file, is often a secret, and rows are printed.
fn shown(key: &str, value: &Value, origin: &Origin) -> String {
    let is_of_a_profile = matches!(origin, Origin::Default | Origin::BuiltIn | Origin::File(_));
    if key.starts_with("env.set.") && !is_of_a_profile {
        return "\"…\"".to_owned();
    }
    match value {
        Value::Array(variables) if key.starts_with("tools.") && key.ends_with(".env") => {
            let name = |variable: &Value| match variable.as_str().and_then(|text| text.split_once('=')) {
                Some((name, _)) => Value::from(format!("{name}=…")),
                None => variable.clone(),
            };
            Value::Array(variables.iter().map(name).collect()).to_string()
        }
        value => value.to_string(),
    }
}

/// The name of a key below `path`, as it would be written.
pub(super) fn below(path: &str, name: &str) -> String {
    let name = bare(name);
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

/// A name with quotes if TOML wants them.
pub(super) fn bare(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { name.to_owned() } else { Value::from(name).to_string() }
}

fn cover(
    below: &mut Table,
    above: Table,
    path: &str,
    origin: &impl Fn(&str) -> Origin,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (name, value) in above {
        let key = self::below(path, &name);
        match (below.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => cover(below, above, &key, origin, origins),
            (None, Value::Table(above)) => {
                let mut fresh = Table::new();
                cover(&mut fresh, above, &key, origin, origins);
                below.insert(name, Value::Table(fresh));
            }
            (Some(Value::Array(below)), Value::Array(above)) if GROWING.contains(&key.as_str()) => {
                below.extend(above);
                let origin = origin(&key);
                origins.insert(key, origin);
            }
            (_, value) => {
                below.insert(name, value);
                let origin = origin(&key);
                origins.insert(key, origin);
            }
        }
    }
}

fn leaves(table: &Table, path: &str, row: &mut impl FnMut(String, &Value)) {
    for (name, value) in table {
        let key = below(path, name);
        match value {
            Value::Table(table) => leaves(table, &key, row),
            value => row(key, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_layers_cover_lower_ones_key_by_key() {
        let merged = Merged::default()
            .cover(toml::toml! { a = 1 [t] x = 1 y = 1 [args] extra = ["-a"] }, |_| Origin::Default)
            .cover(toml::toml! { b = 2 [t] y = 2 }, |_| Origin::BuiltIn)
            .cover(toml::toml! { [t] z = 3 [args] extra = ["-b"] }, |_| Origin::Flag("--z"));
        let rows: Vec<String> =
            merged.rows().iter().map(|row| format!("{} = {} ({})", row.key, row.value, row.origin)).collect();
        assert_eq!(
            rows,
            [
                "a = 1 (default)",
                "b = 2 (built-in)",
                r#"args.extra = ["-a", "-b"] (--z)"#,
                "t.x = 1 (default)",
                "t.y = 2 (built-in)",
                "t.z = 3 (--z)"
            ]
        );
    }
}
