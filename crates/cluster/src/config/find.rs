//! Where settings are found.

use super::error::{ConfigError, Wrong};
use super::file;
use super::project::{Project, Standing};
use super::trust::Trusts;
use super::written::Key;
use crate::profile::Surroundings;
use etcetera::BaseStrategy;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Everything that settings are made of, before it is read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The user's file.
    pub user: Option<File>,
    /// The project's file.
    pub project: Option<Project>,
    /// The environment.
    pub env: Vec<(OsString, OsString)>,
    /// What flags say.
    pub flags: Vec<(&'static Key, String)>,
    /// Where files were looked for.
    pub files: Vec<Found>,
}

/// A file and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

impl File {
    /// What errors call it.
    pub(super) fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// Where a file was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Here(PathBuf),
    /// It would be there.
    Nothing(PathBuf),
    /// There is no place for it.
    Nowhere,
}

impl Found {
    /// Where it is, or would be.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Here(path) | Self::Nothing(path) => Some(path),
            Self::Nowhere => None,
        }
    }
}

impl Sources {
    /// Reads the user's file and the project's.
    ///
    /// # Errors
    /// [`ConfigError`] if one is there and cannot be read.
    pub fn find(around: &Surroundings) -> Result<Self, ConfigError> {
        Self::with(around, project(around))
    }

    /// Where the project's file is, or would be.
    #[must_use]
    pub fn place(around: &Surroundings) -> Option<PathBuf> {
        project(around)
    }

    /// The same with this file as the project's.
    ///
    /// # Errors
    /// As [`Sources::find`].
    pub fn with(around: &Surroundings, project: Option<PathBuf>) -> Result<Self, ConfigError> {
        let (user, users) = look(around.config.as_ref().map(|folder| folder.join("config.toml")))?;
        let (project, projects) = look(project)?;
        let mut project = project.map(Project::read).transpose()?;
        if let Some(project) = project.as_mut().filter(|project| project.needs_trust()) {
            project.standing = match Trusts::at(around.trust.as_deref()) {
                Ok(trusts) => trusts.standing(project),
                Err(error) => Standing::Barred(error.to_string()),
            };
        }
        Ok(Self { user, project, env: around.env.clone(), flags: Vec::new(), files: vec![users, projects] })
    }

    /// The value of a variable; an empty one counts as none.
    pub(super) fn variable(&self, name: &str) -> Result<Option<&str>, ConfigError> {
        let value = self.env.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
        let not_text = || Wrong {
            place: name.to_owned(),
            key: String::new(),
            reason: "it is not UTF-8 text".to_owned(),
        };
        Ok(Some(value.to_str().ok_or_else(not_text)?))
    }
}

fn look(path: Option<PathBuf>) -> Result<(Option<File>, Found), ConfigError> {
    let Some(path) = path else { return Ok((None, Found::Nowhere)) };
    match file::text(&path) {
        Ok(text) => Ok((Some(File { path: path.clone(), text }), Found::Here(path))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok((None, Found::Nothing(path)))
        }
        Err(error) => Err(ConfigError::Unreadable { path, reason: error.to_string() }),
    }
}

/// The project's file: the nearest one from the working folder up to the root of its repository, or to the user's home.
/// Outside of both, only that of the working folder itself: what lies above may be anybody's.
fn project(around: &Surroundings) -> Option<PathBuf> {
    let is_top = |folder: &Path| {
        folder.join(".git").exists() || around.home.as_ref().is_some_and(|home| folder == home)
    };
    let folders: Vec<&Path> = around.cwd.ancestors().collect();
    let top = folders.iter().position(|folder| is_top(folder)).unwrap_or(0);
    let files = folders.iter().take(top + 1).map(|folder| folder.join("pool.toml"));
    let mut files = files.filter(|path| path.is_absolute());
    let first = files.next()?;
    if first.exists() {
        return Some(first);
    }
    Some(files.find(|path| path.exists()).unwrap_or(first))
}

/// The folders of the user: `$XDG_CONFIG_HOME` and the like; a relative one counts as none, as the standard wants it.
fn base() -> Option<impl BaseStrategy> {
    etcetera::choose_base_strategy().ok()
}

/// The user's home.
pub(crate) fn home() -> Option<PathBuf> {
    absolute(base()?.home_dir().to_owned())
}

/// The folder of the user's files: `$XDG_CONFIG_HOME/cluster`.
pub(crate) fn folder() -> Option<PathBuf> {
    absolute(base()?.config_dir().join("cluster"))
}

/// The folder of what the program keeps: `$XDG_STATE_HOME/cluster`.
#[must_use]
pub fn state() -> Option<PathBuf> {
    let base = base()?;
    absolute(base.state_dir().unwrap_or_else(|| base.data_dir()).join("cluster"))
}

fn absolute(path: PathBuf) -> Option<PathBuf> {
    Some(path).filter(|path| path.is_absolute())
}
