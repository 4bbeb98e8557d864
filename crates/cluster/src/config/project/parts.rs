//! What a project's file includes: profiles, and programs and other files of the project that its command lines name.

use super::super::error::{self, ConfigError, Wrong};
use super::super::file;
use super::super::find::File;
use super::super::written::ProfileSetting;
use super::{Project, hex, key};
use crate::profile::written as profile;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// A file may include so many others.
const MOST: usize = 64;

/// The programs of a project may have so many bytes, all together.
const LONGEST: u64 = 64 << 20;

/// The profiles that are files, by the names of their tools.
pub(super) fn profiles(project: &Project) -> Result<BTreeMap<String, File>, ConfigError> {
    stays(project)?;
    let mut profiles = BTreeMap::new();
    for (name, tool) in project.tools() {
        if let Some(ProfileSetting::File(path)) = &tool.profile {
            let file = include(&project.folder, path).map_err(|error| {
                error::about(&project.file, &key(name, "profile"), format!("{path:?}: {error}"))
            })?;
            profiles.insert(name.clone(), file);
        }
    }
    Ok(profiles)
}

/// All of them, by path.
pub(super) fn of(project: &Project) -> Result<Vec<File>, ConfigError> {
    let profiles = project.profiles.values().map(|file| (file.path.clone(), file.text.clone()));
    let mut parts: BTreeMap<PathBuf, String> = profiles.collect();
    // Each word once, with a key that names it.
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for (name, tool) in project.tools() {
        let mut said: Vec<(String, String)> = Vec::new();
        let mut say =
            |key: &str, all: Vec<String>| said.extend(all.into_iter().map(|word| (word, key.into())));
        if let Some(profile) = project.profile(name)? {
            say(&key(name, "profile"), named(&profile));
        }
        say(&key(name, "tool-arg"), tool.tool_arg.clone().unwrap_or_default());
        say(&key(name, "env"), tool.env.iter().flatten().filter_map(|it| value(it)).collect());
        let is_watched = |word: &String| !tool.changes.iter().flatten().any(|changes| changes == word);
        words.extend(said.into_iter().filter(|(word, _)| is_watched(word)));
    }
    for (event, argv) in project.hooks() {
        words.extend(argv.into_iter().map(|word| (word, format!("hooks.{event}"))));
    }
    let mut left = LONGEST;
    for (word, key) in words {
        let seen = program(&project.folder, &word, &mut left)
            .map_err(|error| error::about(&project.file, &key, format!("{word:?}: {error}")))?;
        parts.extend(seen);
        if parts.len() > MOST {
            let reason = format!("with this, its tools and hooks name more than {MOST} files of the project");
            return Err(error::about(&project.file, &key, reason).into());
        }
    }
    Ok(parts.into_iter().map(|(path, text)| File { path, text }).collect())
}

/// A file that is somewhere else is another project's: its trust must not be borrowed.
fn stays(project: &Project) -> Result<(), ConfigError> {
    match project.identity().canonicalize() {
        Ok(real) if !real.starts_with(&project.folder) => {
            let reason =
                "leads out of its folder, and says how something is started: put the file itself there";
            Err(Wrong { place: project.file.place(), key: String::new(), reason: reason.into() }.into())
        }
        _ => Ok(()),
    }
}

/// A profile of the project.
fn include(folder: &Path, name: &str) -> Result<File, Error> {
    let wrong = |reason| Err(Error::new(ErrorKind::InvalidInput, reason));
    let is_below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if name.is_empty() || !Path::new(name).components().all(is_below) {
        return wrong("must be a path below the folder of this file");
    }
    let path = folder.join(name).canonicalize()?;
    if !path.starts_with(folder) {
        return wrong("leads out of the folder of this file");
    }
    let text = file::text(&path)?;
    Ok(File { path, text })
}

/// Every word of a profile that may be a file which is run or read.
fn named(profile: &profile::Written) -> Vec<String> {
    let args = profile.args.clone().unwrap_or_default();
    let set = profile.env.clone().unwrap_or_default().set.unwrap_or_default();
    let lists = [Some(profile.command.clone()), profile.version.clone(), args.extra, args.model];
    lists.into_iter().flatten().flatten().chain(set.into_values()).collect()
}

/// What a variable is set to.
fn value(variable: &str) -> Option<String> {
    Some(variable.split_once('=')?.1.to_owned())
}

/// A file of the project that a command line names: its digest, or where it leads. Others can change it with the project,
/// and it is what would run.
fn program(folder: &Path, word: &str, left: &mut u64) -> Result<Option<(PathBuf, String)>, Error> {
    let path = folder.join(word);
    let Ok(real) = path.canonicalize() else { return Ok(None) };
    if !real.is_file() {
        return Ok(None);
    }
    if real.starts_with(folder) {
        return Ok(Some((real.clone(), format!("sha256 {}\n", digest(&real, left)?))));
    }
    let is_ours = path.starts_with(folder) && !word.split('/').any(|part| part == "..");
    Ok(is_ours.then(|| (path, format!("leads to {}\n", real.display()))))
}

/// Of a file that has no more bytes than are left.
fn digest(path: &Path, left: &mut u64) -> Result<String, Error> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no plain file"));
    }
    let (mut digest, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    let mut file = file.take(*left + 1);
    while let count @ 1.. = file.read(&mut piece)? {
        digest.update(&piece[..count]);
        let Some(rest) = left.checked_sub(count as u64) else {
            let reason =
                format!("programs of the project have more than {LONGEST} bytes: keep them outside of it");
            return Err(Error::new(ErrorKind::InvalidData, reason));
        };
        *left = rest;
    }
    Ok(hex(&digest.finalize()))
}
