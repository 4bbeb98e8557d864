//! Replies too long for a client, in files of the user's own.

use cluster::ledger::folder::private_folder;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many are kept; the oldest give way.
const KEPT: usize = 256;

/// Leaves the text in a private file of this name; nothing if the user has no place for it, or no room.
pub(super) fn spill(name: &str, text: &str) -> Option<PathBuf> {
    let state = cluster::config::state()?;
    std::fs::create_dir_all(state.parent()?).ok()?;
    private_folder(&state).ok()?;
    let folder = state.join("mcp");
    private_folder(&folder).ok()?;
    let path = folder.join(name);
    write(&folder, &path, text)
        .inspect_err(|error| tracing::warn!("cannot write {}: {error}", path.display()))
        .ok()?;
    sweep(&folder, KEPT);
    Some(path)
}

/// All of it or nothing, through no link, and readable by its owner alone.
fn write(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// Removes the oldest beyond this number.
fn sweep(folder: &Path, kept: usize) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let aged = |entry: std::fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
    let mut files: Vec<(SystemTime, PathBuf)> = entries.filter_map(aged).collect();
    files.sort_unstable();
    for (_, path) in &files[..files.len().saturating_sub(kept)] {
        // Somebody else may have been faster.
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_file_is_its_owners_alone_and_replaces_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (victim, path) = (dir.path().join("victim"), dir.path().join("t1.txt"));
        std::fs::write(&victim, "kept").unwrap();
        symlink(&victim, &path).unwrap();
        write(dir.path(), &path, "reply").unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "reply");
        assert_eq!(path.symlink_metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    }

    #[test]
    fn the_oldest_give_way() {
        let dir = tempfile::tempdir().unwrap();
        for age in 0..5u64 {
            let file = std::fs::File::create(dir.path().join(age.to_string())).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(100 - age)).unwrap();
        }
        sweep(dir.path(), 2);
        let mut left: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["0", "1"]);
    }
}
