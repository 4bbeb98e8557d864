//! Where values come from: defaults, then the profile, then flags; each layer covers those below it, key by key.

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
    /// A flag, as it is written.
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::BuiltIn => f.write_str("built-in"),
            Self::File(path) => path.display().fmt(f),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value of a profile as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The key, with its tables: `turn.expect`.
    pub key: String,
    /// The value, as TOML; that of a variable which a flag sets is not shown.
    pub value: String,
    /// Who said so last.
    pub origin: Origin,
}

/// Lists that flags add to, instead of replacing them.
const GROWING: [&str; 2] = ["args.extra", "env.inherit"];

/// What all layers say together.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) table: Table,
    origins: BTreeMap<String, Origin>,
}

impl Merged {
    /// Puts a layer on top.
    pub(super) fn cover(mut self, layer: Table, origin: &Origin) -> Self {
        cover(&mut self.table, layer, "", origin, &mut self.origins);
        self
    }

    /// Every value and its origin: keys outside of tables first, then the tables by name.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        leaves(&self.table, "", &mut |key, value| {
            let origin = self.origins.get(&key).cloned().unwrap_or(Origin::Default);
            // What --env sets is often a secret, and rows are printed.
            let hidden = key.starts_with("env.set.") && matches!(origin, Origin::Flag(_));
            let value = if hidden { "\"…\"".to_owned() } else { value.to_string() };
            rows.push(Row { key, value, origin });
        });
        rows.sort_by_key(|row| row.key.contains('.'));
        rows
    }
}

fn cover(
    below: &mut Table,
    above: Table,
    path: &str,
    origin: &Origin,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (name, value) in above {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (below.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(above)) => cover(below, above, &key, origin, origins),
            (None, Value::Table(above)) => {
                let mut fresh = Table::new();
                cover(&mut fresh, above, &key, origin, origins);
                below.insert(name, Value::Table(fresh));
            }
            (Some(Value::Array(below)), Value::Array(above)) if GROWING.contains(&key.as_str()) => {
                below.extend(above);
                origins.insert(key, origin.clone());
            }
            (_, value) => {
                below.insert(name, value);
                origins.insert(key, origin.clone());
            }
        }
    }
}

fn leaves(table: &Table, path: &str, row: &mut impl FnMut(String, &Value)) {
    for (name, value) in table {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
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
            .cover(toml::toml! { a = 1 [t] x = 1 y = 1 [args] extra = ["-a"] }, &Origin::Default)
            .cover(toml::toml! { b = 2 [t] y = 2 }, &Origin::BuiltIn)
            .cover(toml::toml! { [t] z = 3 [args] extra = ["-b"] }, &Origin::Flag("--z"));
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
