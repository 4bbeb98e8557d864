//! The tools by name: how each is started, framed and read. Data, not code: see `profiles/*.toml`.
//!
//! ```text
//! built-in or user's profile, user's settings, flags ─ layers ─▶ Written ─ meant ─▶ Profile { spec: ToolSpec, … }
//! ```

mod env;
mod error;
mod flags;
mod home;
mod meant;
mod place;
#[cfg(test)]
mod tests;
mod value;
pub mod written;

pub use crate::config::{Origin, Row};
pub use env::{ALLOWED, Environment};
pub use error::ProfileError;
pub use flags::{Framing, Overrides};
pub use place::Surroundings;
pub(crate) use place::is_path;
pub use value::{Expect, Pattern, Time};
pub use written::{Allow, Effects, Io, Test, Written};

use crate::batch::template::ToolRules;
use crate::config::{self, Merged, from_toml};
use place::Source;
use pool_core::spec::ToolSpec;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::{Table, Value};

/// What a tool on a terminal is told about it, unless its profile says otherwise: the plainest, for plain replies.
const TERMINAL: &str = "dumb";

/// A tool as meant: checked, ready to run.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What jobs, results and people call it.
    pub name: Arc<str>,
    /// How it is run.
    pub spec: ToolSpec,
    /// What templates must know of it.
    pub rules: ToolRules,
    /// What a turn may change.
    pub effects: Effects,
    /// Whether what it is told is code that it runs as it stands.
    pub interprets: bool,
    /// How it can be tried.
    pub test: Test,
    /// What it is, in a line.
    pub about: Option<String>,
    /// What its users should know.
    pub notes: Vec<String>,
    /// The versions it has been tried with.
    pub tested: Vec<String>,
    /// What prints the version of the tool: an argument vector, the program as an absolute path if it is there.
    pub version: Vec<String>,
    /// Names in the controller's environment that it does not get; values nowhere.
    pub dropped_env: Vec<String>,
    /// Every value, and who said so.
    pub rows: Vec<Row>,
}

/// A profile that could be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
    /// What it says about itself; or what is wrong with it.
    pub about: Result<Option<String>, ProfileError>,
}

impl Profile {
    /// Finds the profile `tool` (a name, a path, or with [`Overrides::framing`] a command line) and puts `flags` on
    /// top.
    ///
    /// # Errors
    /// [`ProfileError`] says where, which key, and what would be right.
    pub fn load(tool: &str, flags: &Overrides, around: &Surroundings) -> Result<Self, ProfileError> {
        if let Some(framing) = &flags.framing {
            let (name, table, origin) = flags::ad_hoc(tool, framing)?;
            let place = origin.to_string();
            return Self::build(
                &Base { name: &name, place: &place, text: None, is_named: false },
                table,
                &origin,
                flags,
                around,
            );
        }
        Self::from_source(&place::find(tool, around)?, !is_path(tool), flags, around)
    }

    fn from_source(
        source: &Source,
        is_named: bool,
        flags: &Overrides,
        around: &Surroundings,
    ) -> Result<Self, ProfileError> {
        let place = source.place();
        let mut table = read::<Table>(&place, &source.text)?;
        if let Some(folder) = &source.folder {
            pin(&mut table, folder);
        }
        // One that stands in another file has no lines of its own.
        let text = Some(source.text.as_str()).filter(|_| !matches!(source.origin, Origin::Line(..)));
        let base = Base { name: &source.name, place: &place, text, is_named };
        Self::build(&base, table, &source.origin, flags, around)
    }

    /// Reads the text of a profile as if it stood in a file of this name.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub fn parse(
        name: &str,
        text: &str,
        flags: &Overrides,
        around: &Surroundings,
    ) -> Result<Self, ProfileError> {
        let file = PathBuf::from(format!("{name}.toml"));
        let (name, text) = (name.to_owned(), text.to_owned());
        let source = Source { name, origin: Origin::File(file), text, folder: None };
        Self::from_source(&source, false, flags, around)
    }

    /// The names of all profiles there are, built-in and the user's.
    #[must_use]
    pub fn list(around: &Surroundings) -> Vec<Listed> {
        let about = |name: &str| {
            let source: Source = place::find(name, around)?;
            read::<Written>(&source.place(), &source.text).map(|written| written.about)
        };
        let names = around.names().into_iter();
        names.map(|(name, origin)| Listed { about: about(&name), name, origin }).collect()
    }

    /// The names of all profiles there are.
    pub(crate) fn names(around: &Surroundings) -> Vec<String> {
        around.names().into_iter().map(|(name, _)| name).collect()
    }

    fn build(
        base: &Base<'_>,
        table: Table,
        origin: &Origin,
        flags: &Overrides,
        around: &Surroundings,
    ) -> Result<Self, ProfileError> {
        let written = match base.text {
            Some(text) => read::<Written>(base.place, text)?,
            None => base.typed(&table)?,
        };
        let defaults = Table::try_from(meant::defaults()).unwrap_or_default();
        let mut merged =
            Merged::default().cover(defaults, |_| Origin::Default).cover(table, |_| origin.clone());
        let settled =
            if base.is_named { flags::settled(flags, &written, base.name, around)? } else { Vec::new() };
        for (layer, origin) in settled.into_iter().chain(flags::layers(flags, &written)?) {
            merged = merged.cover(layer, |_| origin.clone());
        }
        let written = base.typed(&merged.table)?;
        Self::from_written(base, &written, merged.rows(), around)
    }

    fn from_written(
        base: &Base<'_>,
        written: &Written,
        rows: Vec<Row>,
        around: &Surroundings,
    ) -> Result<Self, ProfileError> {
        let env = written.env.clone().unwrap_or_default();
        let (mut set, inherit) = (env.set.unwrap_or_default(), env.inherit.unwrap_or_default());
        if written.io == Some(Io::Pty) && !inherit.iter().any(|name| name == "TERM") {
            // The terminal is ours, not the one that our user sits at.
            set.entry("TERM".into()).or_insert_with(|| TERMINAL.into());
        }
        let environment = Environment::choose(around.env.iter().cloned(), &inherit, &set);
        let spec = meant::spec(base.name, written, &environment, around)
            .map_err(|(key, reason)| error::at_key(base.place, base.text, key, reason))?;
        Ok(Self {
            name: base.name.into(),
            // Who says nothing is taken for the worse.
            interprets: written.interprets.unwrap_or_else(|| spec.agent().is_none()),
            spec,
            rules: ToolRules {
                commands: written.commands.clone().unwrap_or_default(),
                command_prefixes: written.command_marks.clone().unwrap_or_default(),
                quote: written.quote.unwrap_or_default(),
                command_quote: written.command_quote.unwrap_or_default(),
                prose: written.prose.clone().unwrap_or_default(),
            },
            effects: written.effects.unwrap_or_default(),
            test: written.test.clone().unwrap_or_default(),
            about: written.about.clone(),
            notes: written.notes.clone().unwrap_or_default(),
            tested: written.tested.clone().unwrap_or_default(),
            version: meant::version(written, &environment, around),
            dropped_env: environment.dropped,
            rows,
        })
    }
}

/// The JSON Schema of profiles; the reference of the format is made from it.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Written)
}

/// The layer that a profile begins with.
struct Base<'a> {
    name: &'a str,
    place: &'a str,
    /// For the lines in errors.
    text: Option<&'a str>,
    /// It was found by its name, so that the user's settings for this name apply.
    is_named: bool,
}

impl Base<'_> {
    fn typed(&self, table: &Table) -> Result<Written, ProfileError> {
        table.clone().try_into().map_err(|error| from_toml(self.place, "", &error).into())
    }
}

/// With relative paths in what is started as seen from `folder`.
fn pin(table: &mut Table, folder: &Path) {
    for key in ["command", "version"] {
        let argv = table.get_mut(key).and_then(Value::as_array_mut);
        if let Some(Value::String(program)) = argv.and_then(|argv| argv.first_mut()) {
            *program = config::pin(program, folder);
        }
    }
    if let Some(Value::String(cwd)) = table.get_mut("cwd") {
        *cwd = folder.join(&*cwd).display().to_string();
    }
}

fn read<T: serde::de::DeserializeOwned>(place: &str, text: &str) -> Result<T, ProfileError> {
    toml::from_str(text).map_err(|error| from_toml(place, text, &error).into())
}
