//! Which projects the user trusts: one record each, in a private folder of the user's, by where it is and what it says.
//!
//! A record holds what was shown, so that a later change can be told from it. It is found by the digest of the path, and
//! believed only if the folder and the file are the user's own and nobody else may read or write them.

#[cfg(test)]
mod tests;

use super::project::{Project, Standing, hex};
use crate::ledger::folder::{FolderError, private_folder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A longer record is none of ours: a project's file and all that it includes are shorter.
const LONGEST: u64 = 256 << 20;

/// The records of what the user trusts.
#[derive(Debug, Clone)]
pub struct Trusts {
    folder: PathBuf,
}

/// What was trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// The version of this format.
    schema: Schema,
    /// The project's file, without links in its path.
    pub path: PathBuf,
    /// [`Project::digest`].
    pub digest: String,
    /// The file, then what it includes.
    pub parts: Vec<Part>,
}

/// The version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Schema {
    #[serde(rename = "cluster.trust/1")]
    V1,
}

/// A file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Where it was.
    pub path: PathBuf,
    /// What it said; of a program, what tells it from others.
    pub text: String,
}

/// Why trust can be neither found nor kept.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// There is no folder for it.
    #[error("there is no folder for what you trust: let HOME or XDG_STATE_HOME be an absolute path")]
    Nowhere,
    /// The project could trust itself.
    #[error("{}, where trust is kept, is part of the project: move its pool.toml into a folder of its own", .0.display())]
    Inside(PathBuf),
    /// Others may have written it.
    #[error("{} must be yours, and nobody else's to read or write", .0.display())]
    NotPrivate(PathBuf),
    /// It is no record.
    #[error("{} cannot be read: {reason}: remove it, and trust again", .path.display())]
    Broken {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It cannot be kept.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

impl Trusts {
    /// The records in this folder; it is made when the first one is kept.
    ///
    /// # Errors
    /// [`TrustError::Nowhere`] without one.
    pub fn at(folder: Option<&Path>) -> Result<Self, TrustError> {
        folder.map(|folder| Self { folder: folder.to_owned() }).ok_or(TrustError::Nowhere)
    }

    /// Whether what has been read of a project is trusted.
    #[must_use]
    pub fn standing(&self, project: &Project) -> Standing {
        match self.trusted(project) {
            Ok(Some(trusted)) if trusted.digest == project.digest() => Standing::Trusted,
            Ok(Some(_)) => Standing::Changed,
            Ok(None) => Standing::New,
            Err(error) => Standing::Barred(error.to_string()),
        }
    }

    /// What was trusted of a project.
    ///
    /// # Errors
    /// [`TrustError`] if that cannot be believed.
    pub fn trusted(&self, project: &Project) -> Result<Option<Trusted>, TrustError> {
        self.refuse_inside(project)?;
        let path = project.identity();
        Ok(self.read(&self.place(&path))?.filter(|trusted| trusted.path == path))
    }

    /// Trusts what has been read of a project.
    ///
    /// # Errors
    /// [`TrustError`] if that cannot be kept.
    pub fn keep(&self, project: &Project) -> Result<(), TrustError> {
        self.refuse_inside(project)?;
        let (folder, path) = (&self.folder, project.identity());
        if let Some(above) = folder.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(system(above))?;
        }
        private_folder(folder)?;
        self.refuse_others()?;
        let files = std::iter::once(&project.file).chain(&project.parts);
        let mut parts: Vec<Part> =
            files.map(|file| Part { path: file.path.clone(), text: file.text.clone() }).collect();
        parts[0].path.clone_from(&path);
        let place = self.place(&path);
        let trusted = Trusted { schema: Schema::V1, path, digest: project.digest(), parts };
        let json = serde_json::to_vec_pretty(&trusted).map_err(|error| broken(&place, error))?;
        write(folder, &place, &json).map_err(system(&place))?;
        Ok(())
    }

    /// Forgets what was trusted of the file at this path; whether there was anything.
    ///
    /// # Errors
    /// [`TrustError`] if the system refuses.
    pub fn revoke(&self, path: &Path) -> Result<bool, TrustError> {
        let place = self.place(path);
        match std::fs::remove_file(&place) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(system(&place)(error).into()),
        }
    }

    /// All that is trusted, by path.
    ///
    /// # Errors
    /// [`TrustError`] if some of it cannot be believed.
    pub fn list(&self) -> Result<Vec<Trusted>, TrustError> {
        let names = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(system(&self.folder)(error).into()),
        };
        let records = names.iter().filter(|path| path.extension().is_some_and(|it| it == "json"));
        let read: Result<Vec<Option<Trusted>>, _> = records.map(|path| self.read(path)).collect();
        let mut all: Vec<Trusted> = read?.into_iter().flatten().collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(all)
    }

    fn place(&self, path: &Path) -> PathBuf {
        self.folder.join(hex(&Sha256::digest(path.as_os_str().as_bytes()))).with_extension("json")
    }

    fn read(&self, place: &Path) -> Result<Option<Trusted>, TrustError> {
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(place) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(broken(place, error)),
        };
        self.refuse_others()?;
        let found = file.metadata().map_err(|error| broken(place, error))?;
        if !found.is_file() || !is_private(&found) {
            return Err(TrustError::NotPrivate(place.to_owned()));
        }
        let mut json = Vec::new();
        file.take(LONGEST).read_to_end(&mut json).map_err(|error| broken(place, error))?;
        serde_json::from_slice(&json).map(Some).map_err(|error| broken(place, error))
    }

    /// Who can write into the folder, can trust.
    fn refuse_others(&self) -> Result<(), TrustError> {
        let found = self.folder.symlink_metadata().map_err(|error| broken(&self.folder, error))?;
        if found.is_dir() && is_private(&found) {
            return Ok(());
        }
        Err(TrustError::NotPrivate(self.folder.clone()))
    }

    /// A variable that moves the folder into a project, or a project around it, would let that trust itself.
    fn refuse_inside(&self, project: &Project) -> Result<(), TrustError> {
        let there = self.folder.ancestors().find_map(|folder| Some((folder, folder.canonicalize().ok()?)));
        let real = there.map(|(folder, real)| match self.folder.strip_prefix(folder) {
            Ok(rest) => real.join(rest),
            Err(_) => real,
        });
        match real {
            Some(real) if real.starts_with(project.folder()) => Err(TrustError::Inside(self.folder.clone())),
            _ => Ok(()),
        }
    }
}

fn is_private(found: &Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0
}

/// Whole or not at all.
fn write(folder: &Path, place: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

fn system(path: &Path) -> impl FnOnce(Error) -> FolderError {
    move |error| FolderError::System { path: path.to_owned(), error }
}

fn broken(path: &Path, reason: impl std::fmt::Display) -> TrustError {
    TrustError::Broken { path: path.to_owned(), reason: reason.to_string() }
}
