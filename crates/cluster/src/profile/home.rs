//! `home = "per-instance"`: what is in the home of an instance, and which variables lead there.

use super::Surroundings;
use super::env::Environment;
use super::meant::Wrong;
use super::written::{Home, Written};
use pool_core::process::home::Homes;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Variables that name folders of a home, whatever the tool.
const USUAL: [(&str, &str); 5] = [
    ("HOME", ""),
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_DATA_HOME", ".local/share"),
    ("XDG_STATE_HOME", ".local/state"),
    ("XDG_CACHE_HOME", ".cache"),
];

/// The homes of a tool's instances; none if they share their user's.
///
/// # Errors
/// There is no place for them, or a path leads out of them.
pub(super) fn homes(
    written: &Written,
    env: &Environment,
    around: &Surroundings,
) -> Result<Option<Arc<Homes>>, Wrong> {
    if written.home.unwrap_or_default() == Home::Shared {
        return Ok(None);
    }
    let Some(state) = &around.state else {
        let reason = "there is no place for homes: let HOME or XDG_STATE_HOME be an absolute path";
        return Err(("home", reason.to_owned()));
    };
    let own = written.env.as_ref().and_then(|env| env.home.as_ref()).into_iter().flatten();
    let own = own.map(|(name, folder)| (name.as_str(), folder.as_path()));
    let vars: Vec<_> = USUAL.map(|(name, folder)| (name, Path::new(folder))).into_iter().chain(own).collect();
    let wanted = written.home_files.as_deref().unwrap_or_default();
    if let Some(path) = vars.iter().map(|(_, path)| *path).find(|path| leads_out(path)) {
        return Err(("env.home", format!("{} is not below the home", path.display())));
    }
    if let Some(path) = wanted.iter().find(|path| leads_out(path)) {
        return Err(("home_files", format!("{} is not below the home", path.display())));
    }
    let files = wanted.iter().map(|path| (source(path, &vars, env), path.clone())).collect();
    let vars = vars.iter().map(|(name, folder)| ((*name).to_owned(), folder.to_path_buf())).collect();
    Ok(Some(Arc::new(Homes::new(&state.with_file_name("homes"), vars, files))))
}

fn leads_out(path: &Path) -> bool {
    !path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Where a file of the user's home is: in the folder of the variable that names the longest part of its path, if that is
/// set.
fn source(path: &Path, vars: &[(&str, &Path)], env: &Environment) -> PathBuf {
    let folders = vars.iter().filter_map(|(name, folder)| {
        let value = env.passed.iter().find(|(passed, _)| passed == name).map(|(_, value)| value);
        let rest = path.strip_prefix(folder).ok()?;
        Some((folder.as_os_str().len(), Path::new(OsStr::new(value?)).join(rest)))
    });
    folders.max_by_key(|(length, _)| *length).map_or_else(|| path.to_owned(), |(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_from_where_its_folder_is() {
        let vars = [("HOME", Path::new("")), ("CODEX_HOME", Path::new(".codex"))];
        let set = |env: &[(&str, &str)]| Environment {
            passed: env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            ..Environment::default()
        };
        let (home, both) = (set(&[("HOME", "/u")]), set(&[("HOME", "/u"), ("CODEX_HOME", "/etc/codex")]));
        for (path, env, expected) in [
            (".codex/auth.json", &home, "/u/.codex/auth.json"),
            (".codex/auth.json", &both, "/etc/codex/auth.json"),
            (".codexes/x", &both, "/u/.codexes/x"),
        ] {
            assert_eq!(source(Path::new(path), &vars, env), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn no_path_leads_out() {
        for (path, expected) in
            [(".a/b", false), ("", false), ("../a", true), ("/etc/passwd", true), ("a/../../b", true)]
        {
            assert_eq!(leads_out(Path::new(path)), expected, "{path}");
        }
    }
}
