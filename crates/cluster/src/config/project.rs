//! A project's file: settings, which hold at once, and what names a program, which holds only if the user trusts it.
//!
//! Everything is read once, here. What is shown, what is trusted by its digest and what is used are the same bytes.

mod parts;

use super::error::{self, ConfigError};
use super::find::File;
use super::layer::bare;
use super::written::{ProfileSetting, ToolSettings, Written};
use super::{Origin, line_of};
use crate::profile::{is_path, written as profile};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A project's file, with all that it includes.
#[derive(Debug, Clone)]
pub struct Project {
    /// The file, by the path that it was found by.
    pub file: File,
    /// What it includes, by path: of a profile the text, of a program of the project what tells it from others.
    pub parts: Vec<File>,
    /// Whether what it says of programs holds.
    pub standing: Standing,
    /// The folder of the file, without links.
    folder: PathBuf,
    written: Written,
    /// Those of `parts` that are profiles, by the names of their tools.
    profiles: BTreeMap<String, File>,
}

/// Whether the user trusts a project's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has been asked.
    New,
    /// It says something else than what the user trusts.
    Changed,
    /// Exactly this is trusted.
    Trusted,
    /// It cannot be trusted; why.
    Barred(String),
}

/// A profile that a project brings along.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// Its file, or the line where it stands.
    pub(crate) origin: Origin,
    pub(crate) text: String,
    /// What relative paths in it start from.
    pub(crate) folder: PathBuf,
}

impl Project {
    /// Reads what the file says, and what it includes. Nothing is believed yet.
    ///
    /// # Errors
    /// [`ConfigError`] says where, which key, and what would be right.
    pub fn read(file: File) -> Result<Self, ConfigError> {
        error::only_chooses(&file.place(), &file.text)?;
        let written: Written = error::read(&file.place(), &file.text)?;
        let folder = folder_of(&file.path);
        let (parts, profiles, standing) = (Vec::new(), BTreeMap::new(), Standing::New);
        let mut project = Self { file, parts, standing, folder, written, profiles };
        project.check_pool()?;
        if project.needs_trust() {
            project.check_names()?;
            project.profiles = parts::profiles(&project)?;
            project.check_paths()?;
            project.parts = parts::of(&project)?;
        }
        Ok(project)
    }

    /// Whether it says how anything is started.
    #[must_use]
    pub fn needs_trust(&self) -> bool {
        !self.written.tools.is_empty() || !self.written.hooks.is_empty()
    }

    /// What it says of tools, by name.
    #[must_use]
    pub const fn tools(&self) -> &BTreeMap<String, ToolSettings> {
        &self.written.tools
    }

    /// Each hook that it names: the event, and the argument vector that would be started.
    #[must_use]
    pub fn hooks(&self) -> Vec<(String, Vec<String>)> {
        let Ok(Value::Table(hooks)) = Value::try_from(&self.written.hooks) else { return Vec::new() };
        let argv = |value: Value| value.try_into().unwrap_or_default();
        hooks.into_iter().map(|(event, value)| (event, self.pinned(argv(value)))).collect()
    }

    /// The profile that it brings along for the tool of this name, as it is written.
    ///
    /// # Errors
    /// [`ConfigError`] if that makes no sense.
    pub fn profile(&self, name: &str) -> Result<Option<profile::Written>, ConfigError> {
        let setting = self.written.tools.get(name).and_then(|tool| tool.profile.as_ref());
        Ok(match setting {
            None => None,
            Some(ProfileSetting::Here(profile)) => Some((**profile).clone()),
            Some(ProfileSetting::File(_)) => match self.profiles.get(name) {
                Some(part) => Some(error::read(&part.place(), &part.text)?),
                None => None,
            },
        })
    }

    /// What its trust is kept by: the folder without links, and the name in it.
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        Self::identity_of(&self.file.path)
    }

    /// The same of a file that need not be there.
    #[must_use]
    pub fn identity_of(path: &Path) -> PathBuf {
        folder_of(path).join(path.file_name().unwrap_or_default())
    }

    /// The folder of the file, without links.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// SHA-256 over where it is, what it says and what it includes, as 64 hex digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let mut put = |bytes: &[u8]| {
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        put(b"cluster.trust/1");
        put(self.identity().as_os_str().as_bytes());
        put(self.file.text.as_bytes());
        for part in &self.parts {
            put(part.path.as_os_str().as_bytes());
            put(part.text.as_bytes());
        }
        hex(&digest.finalize())
    }

    /// The layer of what holds of it.
    pub(super) fn layer(&self) -> Result<Table, ConfigError> {
        let mut table: Table = error::read(&self.file.place(), &self.file.text)?;
        if self.standing != Standing::Trusted {
            table.remove("tools");
            table.remove("hooks");
        } else if self.needs_trust() {
            let hooks = self.hooks().into_iter().map(|(event, argv)| (event, Value::from(argv)));
            table.insert("hooks".to_owned(), Value::Table(hooks.collect()));
        }
        Ok(table)
    }

    /// The profiles that it brings along, if it is trusted.
    pub(super) fn given(&self) -> BTreeMap<String, Given> {
        let tools = self.written.tools.iter().filter(|_| self.standing == Standing::Trusted);
        tools.filter_map(|(name, tool)| Some((name.clone(), self.give(name, tool)?))).collect()
    }

    fn give(&self, name: &str, tool: &ToolSettings) -> Option<Given> {
        let (origin, text) = match tool.profile.as_ref()? {
            ProfileSetting::File(_) => {
                let part = self.profiles.get(name)?;
                (Origin::File(part.path.clone()), part.text.clone())
            }
            ProfileSetting::Here(profile) => {
                let line = line_of(&self.file.text, &key(name, "profile")).unwrap_or(1);
                (Origin::Line(self.file.path.clone(), line), toml::to_string(profile).ok()?)
            }
        };
        Some(Given { origin, text, folder: self.folder.clone() })
    }

    /// With a program that is named by a relative path looked for beside the file, wherever the user is.
    fn pinned(&self, mut argv: Vec<String>) -> Vec<String> {
        if let Some(program) = argv.first_mut() {
            *program = pin(program, &self.folder);
        }
        argv
    }

    /// The tools of a pool are chosen by name: what a path leads to would start without having been trusted.
    fn check_pool(&self) -> Result<(), ConfigError> {
        let is_one_word = |tool: &str| !tool.contains(|c: char| c == ',' || c == '/' || c.is_whitespace());
        let is_name = |tool: &&String| is_one_word(tool) && !is_path(without_number(tool));
        let Some(tool) = self.written.pool.tools.iter().flatten().find(|tool| !is_name(tool)) else {
            return Ok(());
        };
        let reason = format!(
            "{tool:?} is no name of a tool: say profile = \"FILE\" below [tools.NAME], which 'cluster trust' asks about, \
             and NAME here"
        );
        Err(error::about(&self.file, "pool.tools", reason).into())
    }

    /// Names become parts of paths, and words of command lines.
    fn check_names(&self) -> Result<(), ConfigError> {
        let is_plain = |name: &str| {
            let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
            is_word && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !is_path(name)
        };
        let Some(name) = self.written.tools.keys().find(|name| !is_plain(name)) else { return Ok(()) };
        let reason = "is no name for a tool: use letters, digits and - _ . +, a letter or a digit first";
        Err(error::about(&self.file, &format!("tools.{}", bare(name)), reason).into())
    }

    /// A variable that says where programs are would let others run under names that are known.
    fn check_paths(&self) -> Result<(), ConfigError> {
        for (name, tool) in &self.written.tools {
            let set = tool.env.iter().flatten().any(|variable| variable.starts_with("PATH="));
            let own = self.profile(name)?.and_then(|profile| profile.env?.set);
            if set || own.is_some_and(|set| set.contains_key("PATH")) {
                let reason = "sets PATH, which is not a project's to set: name programs by their paths";
                return Err(error::about(&self.file, &format!("tools.{}", bare(name)), reason).into());
            }
        }
        Ok(())
    }
}

/// `bash:2` is bash.
fn without_number(tool: &str) -> &str {
    tool.rsplit_once(':').map_or(tool, |(name, _)| name)
}

/// The folder of a file, without links.
fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new("/"));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// A program that is named by a relative path, beside a file in `folder`.
pub(crate) fn pin(program: &str, folder: &Path) -> String {
    if !program.contains('/') {
        return program.to_owned();
    }
    let path: PathBuf = folder.join(program).components().collect();
    path.to_str().map_or_else(|| program.to_owned(), str::to_owned)
}

/// The name of a key of a tool.
fn key(name: &str, key: &str) -> String {
    format!("tools.{}.{key}", bare(name))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
