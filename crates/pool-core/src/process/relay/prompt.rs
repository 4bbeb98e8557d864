//! A prompt in a file: in a folder and a file that only their owner may enter and read, for as long as it is needed.

use crate::error::StartError;
use crate::message::SlotId;
use crate::spec::ToolSpec;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Distinguishes the files of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A prompt on disk. Dropping it removes it.
pub(super) struct PromptFile(PathBuf);

impl PromptFile {
    /// Writes `text` into a file of its own.
    pub(super) async fn write(spec: &ToolSpec, slot: SlotId, text: String) -> Result<Self, StartError> {
        let folder = spec.slot_dir(slot).ok_or_else(|| StartError::System("a prompt has no place".into()))?;
        let folder = folder.join("prompts");
        let written = tokio::task::spawn_blocking(move || create(&folder, &text)).await;
        let written = written.unwrap_or_else(|error| Err(io::Error::other(error)));
        written.map_err(|error| StartError::System(format!("the file of a prompt: {error}")))
    }

    /// Where it is.
    pub(super) fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for PromptFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the file of a prompt stays behind");
        }
    }
}

fn create(folder: &Path, text: &str) -> io::Result<PromptFile> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // It may have been there, and open to others.
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    clear(folder);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{}-{number}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let prompt = PromptFile(path);
    file.write_all(text.as_bytes())?;
    Ok(prompt)
}

/// Removes what a program has left that was killed.
fn clear(folder: &Path) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str());
        let of: Option<u32> = name.and_then(|name| name.split_once('-')?.0.parse().ok());
        if of.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Somebody else may have been faster.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_its_owners_alone_and_does_not_stay() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/prompts");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let first = create(&folder, "a secret").unwrap();
        let second = create(&folder, "another").unwrap();
        assert_eq!((mode(&folder), mode(&first.0), mode(&second.0)), (0o700, 0o600, 0o600));
        assert_eq!(fs::read_to_string(&first.0).unwrap(), "a secret");
        let left = folder.join("4194999-0");
        fs::write(&left, "of one that was killed").unwrap();
        drop(first);
        let third = create(&folder, "").unwrap();
        assert!(!left.exists(), "its process is gone: numbers of processes do not go that far");
        assert!(second.0.exists(), "this process is there");
        drop((second, third));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}
