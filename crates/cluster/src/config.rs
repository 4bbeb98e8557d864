//! What users have settled once: defaults for a run's flags, in layers, and where each value comes from.
//!
//! ```text
//! built-in < config.toml (the user's) < pool.toml (the project's) < CLUSTER_* < flags
//! ```
//!
//! The user's file may say how tools are started. Of a project's file, which anybody may have written, only what chooses
//! among what is known holds, numbers, times, and names that the program has, until the user trusts the rest of it:
//! [`Trusts`].
//!
//! A program of yours that wants its user's tools as the user has settled them:
//!
//! ```no_run
//! use cluster::config::Config;
//! use cluster::profile::{Overrides, Profile, Surroundings};
//!
//! let mut around = Surroundings::current();
//! let config = Config::load(&around)?;
//! around.tools = config.tools();
//! let aider = Profile::load("aider", &Overrides::default(), &around)?;
//! let instances = config.settings.instances.map_or(3, |number| number.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod file;
mod find;
mod layer;
mod project;
mod size;
#[cfg(test)]
mod tests;
mod tools;
mod trust;
mod value;
mod written;

pub use error::{ConfigError, Wrong};
pub use find::{File, Found, Sources, state};
pub use layer::{Origin, Row};
pub use project::{Project, Standing};
pub use size::{Size, size};
pub use tools::Tools;
pub use trust::{Part, TrustError, Trusted, Trusts};
pub use value::{MOST_INSTANCES, MOST_RETRIES, Number};
pub use written::{KEYS, Key, OnLimit, PoolSettings, ProfileSetting, ToolSettings, Written};

pub(crate) use error::{from_toml, line_of};
pub(crate) use file::text as file_text;
pub(crate) use find::{folder, home};
pub(crate) use layer::Merged;
pub(crate) use project::pin;

use crate::batch::nearest::nearest;
use crate::profile::{Profile, Surroundings};
use project::Given;
use std::collections::BTreeMap;
use toml::{Table, Value};
use tools::Withheld;

/// What holds, and who said so.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The values.
    pub settings: Written,
    /// The files that were looked for, the lowest layer first.
    pub files: Vec<Found>,
    merged: Merged,
    /// Profiles of a project that is trusted.
    given: BTreeMap<String, Given>,
    withheld: Option<Withheld>,
}

impl Config {
    /// Reads the user's file, the project's file and the environment.
    ///
    /// # Errors
    /// [`ConfigError`] says where, which key, and what would be right.
    pub fn load(around: &Surroundings) -> Result<Self, ConfigError> {
        Self::of(Sources::find(around)?)?.checked(around)
    }

    /// The same of what has been found.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn of(sources: Sources) -> Result<Self, ConfigError> {
        let mut merged = Merged::default().cover(Written::defaults(), |_| Origin::Default);
        if let Some(file) = &sources.user {
            merged = merged.cover(table(file)?, origins(file));
        }
        if let Some(project) = &sources.project {
            merged = merged.cover(project.layer()?, origins(&project.file));
        }
        for key in KEYS {
            if let Some(text) = sources.variable(key.variable)? {
                merged = merged.cover(typed(key, text, key.variable)?, |_| Origin::Variable(key.variable));
            }
        }
        for (key, text) in &sources.flags {
            merged = merged.cover(typed(key, text, key.flag)?, |_| Origin::Flag(key.flag));
        }
        let settings = merged.table.clone().try_into();
        let settings = settings.map_err(|error| from_toml("the layers together", "", &error))?;
        let given = sources.project.as_ref().map(Project::given).unwrap_or_default();
        let withheld = sources.project.and_then(Withheld::of);
        Ok(Self { settings, files: sources.files, merged, given, withheld })
    }

    /// Every value that holds, and who said so last.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.merged.rows()
    }

    /// Who said last what `key` is.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.merged.origin(key)
    }

    /// The settings that somebody has made, as they would be written behind their flags.
    pub fn made(&self) -> impl Iterator<Item = (&'static Key, String)> {
        KEYS.iter().filter(|key| self.origin(key.name) != Origin::Default).filter_map(|key| {
            let value = self.merged.table.get(key.name)?;
            Some((key, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        })
    }

    /// What the files say of tools, by name: each with its place.
    #[must_use]
    pub fn tools(&self) -> Tools {
        let settled = self.settings.tools.iter().map(|(name, tool)| {
            let key = |key: &str| self.origin(&format!("tools.{}.{key}", layer::bare(name)));
            let set = tool.overrides().into_iter();
            (name.clone(), set.map(|(name, overrides)| (overrides, key(name))).collect())
        });
        Tools { settled: settled.collect(), given: self.given.clone(), withheld: self.withheld.clone() }
    }

    /// Refuses what is said about tools that there are not.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] names the nearest one.
    pub fn checked(self, around: &Surroundings) -> Result<Self, ConfigError> {
        let known = Profile::names(around);
        let is_known = |name: &String| known.contains(name) || self.given.contains_key(name);
        let Some(name) = self.settings.tools.keys().find(|name| !is_known(name)) else {
            return Ok(self);
        };
        let near = nearest(name, known.iter().map(String::as_str));
        let near = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
        let key = format!("tools.{}", layer::bare(name));
        let row = self.rows().into_iter().find(|row| row.key.starts_with(&format!("{key}.")));
        let file = self.files.first().and_then(Found::path).map(|path| path.display().to_string());
        let place = row.map(|row| row.origin.to_string()).or(file).unwrap_or_default();
        let reason = format!("no profile is named '{name}'{near}: `cluster tools` lists them");
        Err(Wrong { place, key, reason }.into())
    }
}

/// The layer of the user's file.
fn table(file: &File) -> Result<Table, ConfigError> {
    let written = error::read::<Written>(&file.place(), &file.text)?;
    for (name, tool) in &written.tools {
        let wrong = |key, reason: String| {
            Err(error::about(file, &format!("tools.{}.{key}", layer::bare(name)), reason).into())
        };
        if tool.profile.is_some() {
            return wrong(
                "profile",
                format!("has a place of its own: put it into profiles/{name}.toml beside this file"),
            );
        }
        if tool.changes.is_some() {
            return wrong("changes", "is for projects: nothing has to be trusted here".to_owned());
        }
    }
    Ok(error::read(&file.place(), &file.text)?)
}

/// The line of each key in a file.
fn origins(file: &File) -> impl Fn(&str) -> Origin {
    let lines = error::lines(&file.text);
    move |key| Origin::Line(file.path.clone(), lines.get(key).copied().unwrap_or(1))
}

/// A layer of one setting that was written as text, in `place`.
fn typed(key: &Key, text: &str, place: &str) -> Result<Table, ConfigError> {
    let number = key.is_number.then(|| text.parse::<i64>().ok()).flatten();
    let value = number.map_or_else(|| Value::from(text), Value::from);
    let table = Table::from_iter([(key.name.to_owned(), value)]);
    match table.clone().try_into::<Written>() {
        Ok(_) => Ok(table),
        Err(error) => {
            let Wrong { reason, .. } = from_toml(place, "", &error);
            Err(Wrong { place: place.to_owned(), key: String::new(), reason }.into())
        }
    }
}

/// The JSON Schema of the user's file.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Written)
}
