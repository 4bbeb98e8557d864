//! Where profiles and programs are found.

use super::{Origin, ProfileError};
use crate::batch::nearest::nearest;
use crate::config::{self, Tools, folder};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The profiles that come with the program: name and text.
pub(super) const BUILT_IN: [(&str, &str); 18] = [
    ("aider", include_str!("../../profiles/aider.toml")),
    ("bash", include_str!("../../profiles/bash.toml")),
    ("bc", include_str!("../../profiles/bc.toml")),
    ("claude", include_str!("../../profiles/claude.toml")),
    ("codex", include_str!("../../profiles/codex.toml")),
    ("copilot", include_str!("../../profiles/copilot.toml")),
    ("dc", include_str!("../../profiles/dc.toml")),
    ("gdb", include_str!("../../profiles/gdb.toml")),
    ("gemini", include_str!("../../profiles/gemini.toml")),
    ("jq", include_str!("../../profiles/jq.toml")),
    ("jules", include_str!("../../profiles/jules.toml")),
    ("node", include_str!("../../profiles/node.toml")),
    ("opencode", include_str!("../../profiles/opencode.toml")),
    ("psql", include_str!("../../profiles/psql.toml")),
    ("python", include_str!("../../profiles/python.toml")),
    ("qwen", include_str!("../../profiles/qwen.toml")),
    ("sqlite3", include_str!("../../profiles/sqlite3.toml")),
    ("tclsh", include_str!("../../profiles/tclsh.toml")),
];

/// What a profile depends on besides itself, read once from the process or made up by a test.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The environment of this process.
    pub env: Vec<(OsString, OsString)>,
    /// The folder of the user's settings.
    pub config: Option<PathBuf>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// What settings say of tools, by name: [`config::Config::tools`].
    pub tools: Tools,
    /// Where is kept which projects the user trusts: [`config::Trusts`].
    pub trust: Option<PathBuf>,
    /// The user's profiles, one `NAME.toml` each.
    pub profiles: Option<PathBuf>,
    /// Where private folders of instances are made.
    pub state: Option<PathBuf>,
    /// The folder that relative paths start from.
    pub cwd: PathBuf,
}

impl Surroundings {
    /// Those of this process: `$XDG_CONFIG_HOME/cluster/profiles`, `$XDG_STATE_HOME/cluster/instances`. Settings of the
    /// user's are not read.
    #[must_use]
    pub fn current() -> Self {
        let config = folder();
        let home = config::home().map(|home| home.canonicalize().unwrap_or(home));
        Self {
            env: std::env::vars_os().collect(),
            profiles: config.as_ref().map(|folder| folder.join("profiles")),
            config,
            home,
            tools: Tools::default(),
            trust: config::state().map(|state| state.join("trust")),
            state: config::state().map(|state| state.join("instances")),
            cwd: std::env::current_dir().unwrap_or_default(),
        }
    }

    fn user_profile(&self, name: &str) -> Option<PathBuf> {
        let path = self.profiles.as_ref()?.join(format!("{name}.toml"));
        // One that is there, but cannot be read, is told, and not passed over.
        path.symlink_metadata().is_ok().then_some(path)
    }

    /// The names of all profiles and where each is; a profile of the user's hides a built-in one.
    pub(super) fn names(&self) -> Vec<(String, Origin)> {
        let mut names: Vec<(String, Origin)> =
            BUILT_IN.iter().map(|(name, _)| ((*name).to_owned(), Origin::BuiltIn)).collect();
        let files = self.profiles.as_ref().and_then(|folder| std::fs::read_dir(folder).ok());
        for path in files.into_iter().flatten().flatten().map(|entry| entry.path()) {
            if let Some(name) = profile_name(&path) {
                names.retain(|(known, _)| *known != name);
                names.push((name, Origin::File(path)));
            }
        }
        for (name, given) in self.tools.all_given() {
            names.retain(|(known, _)| known != name);
            names.push((name.clone(), given.origin.clone()));
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names
    }
}

/// The name of the profile in this file, if it is one.
fn profile_name(path: &Path) -> Option<String> {
    path.extension().filter(|extension| *extension == "toml")?;
    Some(path.file_stem()?.to_str()?.to_owned())
}

/// A profile's text, before it is read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) text: String,
    /// What relative paths in it start from, if not from the working folder.
    pub(super) folder: Option<PathBuf>,
}

impl Source {
    /// What errors call it.
    pub(super) fn place(&self) -> String {
        match &self.origin {
            Origin::File(_) | Origin::Line(..) => self.origin.to_string(),
            _ => format!("built-in profile {}", self.name),
        }
    }
}

/// Whether the tool is named by a path: that has a slash or ends in `.toml`.
pub(crate) fn is_path(tool: &str) -> bool {
    tool.contains('/') || tool.ends_with(".toml")
}

/// Finds a profile by its name, or by a path.
pub(super) fn find(tool: &str, around: &Surroundings) -> Result<Source, ProfileError> {
    if !is_path(tool) {
        if let Some(withheld) = around.tools.withheld(tool) {
            let (file, advice) = (withheld.file.clone(), withheld.standing.advice());
            return Err(ProfileError::Withheld { tool: tool.to_owned(), file, advice });
        }
        if let Some(given) = around.tools.given(tool) {
            let (origin, text, folder) =
                (given.origin.clone(), given.text.clone(), Some(given.folder.clone()));
            return Ok(Source { name: tool.to_owned(), origin, text, folder });
        }
    }
    let path = if is_path(tool) { Some(around.cwd.join(tool)) } else { around.user_profile(tool) };
    if let Some(path) = path {
        let text = config::file_text(&path)
            .map_err(|error| ProfileError::Unreadable { path: path.clone(), reason: error.to_string() })?;
        let name = profile_name(&path).unwrap_or_else(|| tool.to_owned());
        return Ok(Source { name, origin: Origin::File(path), text, folder: None });
    }
    match BUILT_IN.iter().find(|(name, _)| *name == tool) {
        Some((name, text)) => Ok(Source {
            name: (*name).to_owned(),
            origin: Origin::BuiltIn,
            text: (*text).to_owned(),
            folder: None,
        }),
        None => {
            let names = around.names();
            let near = nearest(tool, names.iter().map(|(name, _)| name.as_str())).map(str::to_owned);
            Err(ProfileError::Unknown { tool: tool.to_owned(), nearest: near })
        }
    }
}

/// The program as an absolute path, by the tool's own PATH; as it was written if there is none, for the launcher to
/// complain. Done once, because the tool's environment is made from nothing.
pub(super) fn program(written: &str, env: &[(String, String)], cwd: &Path) -> String {
    let folders = || {
        let path = env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
        std::env::split_paths(path.unwrap_or_default()).collect::<Vec<_>>()
    };
    let found = if written.contains('/') {
        Some(cwd.join(written))
    } else {
        folders().into_iter().map(|folder| cwd.join(folder).join(written)).find(|path| is_program(path))
    };
    found.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| written.to_owned())
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
