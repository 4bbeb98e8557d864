//! Homes of their own for the instances of a tool: what one of them leaves there is nothing to the others.
//!
//! All homes of a tool are in one folder, which is there for as long as they are wanted, and then removed. Whoever wants it
//! holds a lock: the next controller removes what one that was killed has left.

use super::order::private_folder;
use crate::message::SlotId;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The file that is locked by who wants a folder of homes, and in the folder above by who looks whether anybody does.
const LOCK: &str = "lock";

/// Where the homes of a tool's instances are, and what is in them.
#[derive(Debug)]
pub struct Homes {
    root: PathBuf,
    vars: Vec<(String, PathBuf)>,
    files: Vec<(PathBuf, PathBuf)>,
    /// Held while there are homes.
    lock: Mutex<Option<File>>,
}

impl Homes {
    /// Homes in a folder of their own below `base`; nothing is made yet. `vars` are variables, each with the folder in the
    /// home that it names (`""`: the home itself); `files` are copied there from where they are, if they are there, and are
    /// their owner's alone.
    #[must_use]
    pub fn new(base: &Path, vars: Vec<(String, PathBuf)>, files: Vec<(PathBuf, PathBuf)>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { root: base.join(name), vars, files, lock: Mutex::default() }
    }

    /// The home of a slot.
    #[must_use]
    pub fn of(&self, slot: SlotId) -> PathBuf {
        self.root.join(slot.to_string())
    }

    /// The variables of a slot's process.
    pub(super) fn vars(&self, slot: SlotId) -> impl Iterator<Item = (String, String)> {
        let home = self.of(slot);
        // With an empty path behind it, it would end with a slash.
        let folder =
            move |path: &Path| if path.as_os_str().is_empty() { home.clone() } else { home.join(path) };
        self.vars.iter().map(move |(name, path)| (name.clone(), folder(path).to_string_lossy().into_owned()))
    }

    /// Makes the home of a slot. What is there already stays: a later life finds what an earlier one has left.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn make(&self, slot: SlotId) -> io::Result<()> {
        self.claim()?;
        let home = self.of(slot);
        private_folder(&home)?;
        for (_, path) in &self.vars {
            private_folder(&home.join(path))?;
        }
        self.files.iter().try_for_each(|(from, to)| copy(from, &home.join(to)))
    }

    /// Removes them all. Processes that live in them must have ended.
    pub fn remove(&self) {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        if lock.is_some()
            && let Err(error) = std::fs::remove_dir_all(&self.root)
        {
            tracing::warn!(folder = %self.root.display(), %error, "homes of instances are left");
        }
    }

    /// Makes the folder of all homes, and removes those that nobody wants any more.
    fn claim(&self) -> io::Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(base) = self.root.parent().filter(|_| lock.is_none()) else { return Ok(()) };
        private_folder(base)?;
        // Nobody looks between the making of a folder and the lock on it.
        let looks = lock_file(base)?;
        looks.lock()?;
        for entry in std::fs::read_dir(base)?.flatten() {
            let unwanted = lock_of(&entry.path()).is_some_and(|lock| lock.try_lock().is_ok());
            if unwanted {
                // Whatever cannot be removed now is left to the next one.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        private_folder(&self.root)?;
        let ours = lock_file(&self.root)?;
        ours.lock()?;
        *lock = Some(ours);
        Ok(())
    }
}

impl Drop for Homes {
    fn drop(&mut self) {
        self.remove();
    }
}

fn lock_file(folder: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK))
}

/// The lock of a folder of homes; none of anything else.
fn lock_of(folder: &Path) -> Option<File> {
    OpenOptions::new().write(true).open(folder.join(LOCK)).ok()
}

/// Copies a file that is there, unless its copy is.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(mut source) = File::open(from) else { return Ok(()) };
    if let Some(folder) = to.parent() {
        private_folder(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(to) {
        Ok(mut copy) => io::copy(&mut source, &mut copy).map(drop),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    #[test]
    fn each_slot_has_a_home_with_what_is_wanted_there_and_in_the_end_none_has() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("auth.json"), "secret").expect("a file");
        let base = dir.path().join("homes");
        let vars = vec![("HOME".to_owned(), "".into()), ("X_HOME".to_owned(), ".x".into())];
        let files = ["auth.json", "missing"].map(|name| (dir.path().join(name), Path::new(".x").join(name)));
        let homes = Homes::new(&base, vars, files.to_vec());
        assert!(!base.exists(), "nothing is made before it is needed");
        for slot in [SlotId(0), SlotId(1)] {
            homes.make(slot).expect("a home");
            let (home, copy) = (homes.of(slot), homes.of(slot).join(".x/auth.json"));
            assert_eq!(std::fs::read_to_string(&copy).expect("a copy"), "secret");
            assert_eq!((mode(&home), mode(&home.join(".x")), mode(&copy)), (0o700, 0o700, 0o600));
            let home = home.display();
            let named = [("HOME".to_owned(), home.to_string()), ("X_HOME".to_owned(), format!("{home}/.x"))];
            assert_eq!(homes.vars(slot).collect::<Vec<_>>(), named);
            // Its next life.
            std::fs::write(&copy, "renewed").expect("a file");
            homes.make(slot).expect("the same home");
            assert_eq!(std::fs::read_to_string(&copy).expect("a copy"), "renewed");
        }
        let root = homes.root.clone();
        drop(homes);
        assert!(!root.exists() && base.exists());
    }

    #[test]
    fn what_a_killed_controller_has_left_is_removed_and_what_is_wanted_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let [left, wanted, next] = [(); 3].map(|()| Homes::new(dir.path(), Vec::new(), Vec::new()));
        left.make(SlotId(0)).expect("a home");
        wanted.make(SlotId(0)).expect("a home");
        // Whoever is killed loses the lock, and removes nothing.
        *left.lock.lock().expect("no panic") = None;
        next.make(SlotId(0)).expect("a home");
        let is_there = [&left, &wanted, &next].map(|homes| homes.of(SlotId(0)).exists());
        assert_eq!(is_there, [false, true, true]);
    }
}
