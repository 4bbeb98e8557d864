//! Private folders and files: readable by their owner alone, whatever the umask, and never through a link.

use super::LedgerError;
use etcetera::BaseStrategy;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why a folder or a file cannot hold a record.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A link instead of the thing itself: somebody else may decide where it leads.
    #[error("{} is a symbolic link: remove it, or put the real folder there", .0.display())]
    Link(PathBuf),
    /// Something else is in the way.
    #[error("{} is not a {wanted}: move it away", .path.display())]
    Other {
        /// Where.
        path: PathBuf,
        /// What should be there.
        wanted: &'static str,
    },
    /// Locks and shared memory do not hold there.
    #[error("{} is on a network file system, where locks do not hold: set XDG_STATE_HOME to a local folder, or use --no-ledger", .0.display())]
    Network(PathBuf),
    /// The system refuses.
    #[error("cannot use {}: {error}", .path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// The system's word for it.
        error: std::io::Error,
    },
}

/// The user's folder for what programs keep: `$XDG_STATE_HOME`, or what stands for it.
///
/// # Errors
/// [`LedgerError::Nowhere`] if there is none.
pub(super) fn state() -> Result<PathBuf, LedgerError> {
    let base = etcetera::choose_base_strategy().map_err(|_| LedgerError::Nowhere)?;
    Ok(base.state_dir().unwrap_or_else(|| base.data_dir()))
}

/// Our private folder of this name within the folder `state`, made if it is missing.
///
/// # Errors
/// [`FolderError`] if it cannot be made, or made private.
pub(super) fn within(state: &Path, name: &str) -> Result<PathBuf, FolderError> {
    std::fs::create_dir_all(state).map_err(FolderError::system(state))?;
    // The user may have linked the folder to another place; what is ours in it must be real.
    let ours = state.canonicalize().map_err(FolderError::system(state))?.join("cluster");
    private_folder(&ours)?;
    let folder = ours.join(name);
    private_folder(&folder)?;
    Ok(folder)
}

impl FolderError {
    /// The system's word about `path`.
    pub(crate) fn system(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::System { path: path.to_owned(), error }
    }
}

/// A folder that is ours alone: made if it is missing, its permissions set to 0700.
///
/// # Errors
/// [`FolderError`] if it is a link, no folder, on a network file system, or somebody else's.
pub fn private_folder(path: &Path) -> Result<(), FolderError> {
    let mut made = false;
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => made = true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(FolderError::system(path)(error)),
    }
    let found = path.symlink_metadata().map_err(FolderError::system(path))?;
    if found.is_symlink() {
        return Err(FolderError::Link(path.to_owned()));
    }
    if !found.is_dir() {
        return Err(FolderError::Other { path: path.to_owned(), wanted: "folder" });
    }
    if found.mode() & 0o7777 != 0o700 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(FolderError::system(path))?;
    }
    if made && let Some(above) = path.parent() {
        sync(above);
    }
    refuse_network(path)
}

/// A file that is ours alone, for reading and writing: made if it is missing, its permissions set to 0600.
///
/// # Errors
/// As [`private_folder`].
pub fn private_file(path: &Path) -> Result<File, FolderError> {
    if path.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
        return Err(FolderError::Link(path.to_owned()));
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
        .map_err(FolderError::system(path))?;
    let found = file.metadata().map_err(FolderError::system(path))?;
    if !found.is_file() {
        return Err(FolderError::Other { path: path.to_owned(), wanted: "file" });
    }
    if found.mode() & 0o7777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600)).map_err(FolderError::system(path))?;
    }
    Ok(file)
}

/// Makes the names in a folder durable. A folder that cannot be synced is as good as it gets.
pub(super) fn sync(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// NFS, SMB and CIFS, by their magic numbers.
const NETWORK: [u32; 4] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42];

fn refuse_network(path: &Path) -> Result<(), FolderError> {
    let system = rustix::fs::statfs(path).map_err(|error| FolderError::system(path)(error.into()))?;
    // The magic number is 32 bits wide, whatever the field is.
    if NETWORK.contains(&(system.f_type as u32)) {
        Err(FolderError::Network(path.to_owned()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn what_is_made_or_found_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, file) = (dir.path().join("folder"), dir.path().join("file"));
        private_folder(&folder).unwrap();
        private_file(&file).unwrap();
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        private_folder(&folder).unwrap();
        private_file(&file).unwrap();
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    }

    /// Fault 80.
    #[test]
    fn a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(matches!(private_folder(&link), Err(FolderError::Link(_))));
        assert!(matches!(private_file(&link), Err(FolderError::Link(_))));
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("it");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(private_folder(&path), Err(FolderError::Other { wanted: "folder", .. })));
        assert!(private_folder(&path.join("below")).unwrap_err().to_string().contains("cannot use"));
    }
}
