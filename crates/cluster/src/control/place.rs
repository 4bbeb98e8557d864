//! Where sockets are: one private folder of the user's, and in it a socket, a lock and the talk of each pool.
//!
//! `$XDG_RUNTIME_DIR/cluster`, or `/tmp/cluster-UID` where there is no such folder. It is ours alone (0700), and not
//! followed through a link. Whoever holds the lock owns the socket, so that a socket whose pool was killed is told from
//! one that is alive, and is taken over.

#[cfg(test)]
mod tests;

use crate::ledger::folder::FolderError;
use crate::ledger::lock::{LockError, RunLock};
use etcetera::BaseStrategy;
use rustix::fs::{Mode, OFlags};
use rustix::process::geteuid;
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The longest path that a socket may have, in bytes: the system's limit, without the NUL.
const LONGEST: usize = 107;

/// The longest name of a pool.
const LONGEST_NAME: usize = 64;

/// The folder of all sockets of this user.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
}

/// A pool whose controller lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Its name.
    pub name: String,
    /// Its controller.
    pub pid: u32,
    /// Its socket.
    pub socket: PathBuf,
}

/// The right to a name, and to the socket of it, until it is dropped.
#[derive(Debug)]
pub struct Claimed {
    pub(super) name: String,
    pub(super) socket: PathBuf,
    talk: PathBuf,
    /// The lock of a batch, whose name nobody takes again.
    swept: Option<PathBuf>,
    _lock: RunLock,
}

/// Why there is no socket, or none was found.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The name is no name.
    #[error(
        "{0:?} is no name for a pool: use up to 64 letters, digits, '.', '_' and '-', and none like 'r7'"
    )]
    Name(String),
    /// The folder is somebody else's.
    #[error("{} belongs to somebody else: set XDG_RUNTIME_DIR to a folder of your own", .0.display())]
    Foreign(PathBuf),
    /// The folder or a file in it cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A pool of this name is there.
    #[error("pool {name} is up (pid {pid})")]
    Taken {
        /// Its name.
        name: String,
        /// Its controller; 0 if it has not said so yet.
        pid: u32,
    },
    /// Nothing is there.
    #[error("no pool is up")]
    None,
    /// No pool of this name is there.
    #[error("no pool {name} is up{}", list(.others))]
    NoSuch {
        /// The name.
        name: String,
        /// Those that are.
        others: Vec<String>,
    },
    /// Several are there, and none was named.
    #[error("{} are up", .0.join(" and "))]
    Several(Vec<String>),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

impl Place {
    /// The user's, made if it is missing.
    ///
    /// # Errors
    /// [`PlaceError`] if it cannot be made, or is not ours alone.
    pub fn current() -> Result<Self, PlaceError> {
        let base = etcetera::choose_base_strategy().ok();
        let runtime = base.and_then(|base| base.runtime_dir()).filter(|folder| folder.is_dir());
        let folder = runtime.map(|folder| folder.join("cluster")).filter(|folder| fits(&folder.join(SHORT)));
        Self::at(folder.unwrap_or_else(|| PathBuf::from(format!("/tmp/cluster-{}", geteuid().as_raw()))))
    }

    /// The one that is this folder, made if it is missing.
    ///
    /// # Errors
    /// As [`Place::current`].
    pub fn at(folder: PathBuf) -> Result<Self, PlaceError> {
        private(&folder)?;
        Ok(Self { folder })
    }

    /// The socket of the pool of this name.
    #[must_use]
    pub fn socket(&self, name: &str) -> PathBuf {
        let path = self.folder.join(format!("{name}.sock"));
        if fits(&path) { path } else { self.folder.join(short(name)) }
    }

    /// Every pool whose controller lives, by name.
    ///
    /// # Errors
    /// [`PlaceError::Folder`] if the folder cannot be listed.
    pub fn live(&self) -> Result<Vec<Live>, PlaceError> {
        let live = |name: String| {
            let pid = RunLock::holder(&self.lock(&name))?;
            Some(Live { socket: self.socket(&name), name, pid })
        };
        let mut live: Vec<Live> = self.names()?.into_iter().filter_map(live).collect();
        live.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(live)
    }

    /// The pool of this name; without a name the only one that stays up, or else the only batch.
    ///
    /// # Errors
    /// [`PlaceError::None`], [`PlaceError::NoSuch`] or [`PlaceError::Several`].
    pub fn find(&self, name: Option<&str>) -> Result<Live, PlaceError> {
        let live = self.live()?;
        let names = |live: &[Live]| live.iter().map(|live| live.name.clone()).collect();
        if let Some(name) = name {
            let no_such = || PlaceError::NoSuch { name: name.to_owned(), others: names(&live) };
            return live.iter().find(|live| live.name == name).cloned().ok_or_else(no_such);
        }
        let (runs, pools): (Vec<Live>, Vec<Live>) = live.into_iter().partition(|live| is_run(&live.name));
        let among = if pools.is_empty() { runs } else { pools };
        match &among[..] {
            [] => Err(PlaceError::None),
            [only] => Ok(only.clone()),
            several => Err(PlaceError::Several(names(several))),
        }
    }

    /// Takes the name of a pool that stays up.
    ///
    /// # Errors
    /// [`PlaceError::Taken`] if such a pool lives; [`PlaceError::Name`].
    pub fn claim(&self, name: &str) -> Result<Claimed, PlaceError> {
        if !is_name(name) || is_run(name) {
            return Err(PlaceError::Name(name.chars().take(80).collect()));
        }
        self.take(name.to_owned())
    }

    /// Takes a name for a batch: that of its record, if that is free, or one made of the number of this process.
    ///
    /// # Errors
    /// As [`Place::claim`].
    pub fn claim_run(&self, run: Option<&str>) -> Result<Claimed, PlaceError> {
        self.sweep()?;
        let own = || format!("run-{}", std::process::id());
        // Records in different folders may have the same name.
        let is_free = |run: &&str| RunLock::holder(&self.lock(run)).is_none();
        match run.filter(is_free).map(|run| self.take(run.to_owned())) {
            None | Some(Err(PlaceError::Taken { .. })) => self.take(own()),
            Some(taken) => taken,
        }
    }

    /// Takes a name for a pool that ends with the client of this process: it is in nobody's way who names none.
    ///
    /// # Errors
    /// As [`Place::claim`].
    pub fn claim_client(&self, pid: u32) -> Result<Claimed, PlaceError> {
        self.sweep()?;
        self.take(format!("mcp-{pid}"))
    }

    fn take(&self, name: String) -> Result<Claimed, PlaceError> {
        let path = self.lock(&name);
        loop {
            match RunLock::take(&path) {
                // Somebody has swept it away in between.
                Ok(_) if !path.exists() => {}
                Ok(lock) => {
                    let (socket, talk) = (self.socket(&name), self.folder.join(format!("{name}.talk")));
                    let swept = is_run(&name).then_some(path);
                    return Ok(Claimed { name, socket, talk, swept, _lock: lock });
                }
                Err(LockError::Held { pid }) => return Err(PlaceError::Taken { name, pid }),
                Err(LockError::Folder(error)) => return Err(error.into()),
            }
        }
    }

    /// Removes what batches, and pools that ended with a client, have left that were killed.
    fn sweep(&self) -> Result<(), PlaceError> {
        for name in self.names()?.into_iter().filter(|name| is_run(name)) {
            let path = self.lock(&name);
            if RunLock::holder(&path).is_none()
                && let Ok(_lock) = RunLock::take(&path)
            {
                // Whoever else sweeps has removed it already.
                let _ = std::fs::remove_file(self.socket(&name));
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// Every name that somebody has, or has had.
    fn names(&self) -> Result<Vec<String>, PlaceError> {
        let entries = std::fs::read_dir(&self.folder).map_err(FolderError::system(&self.folder))?;
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.ok()?.file_name().to_str()?.strip_suffix(".lock").map(str::to_owned)
        };
        Ok(entries.filter_map(name).collect())
    }

    /// Waits until the controller of this name has let go of it: then its socket is gone, and the name is free.
    pub fn wait(&self, name: &str) {
        // No lock is no controller.
        let _ = RunLock::wait(&self.lock(name));
    }

    fn lock(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.lock"))
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        if let Some(lock) = &self.swept {
            let _ = std::fs::remove_file(lock);
        }
    }
}

impl Claimed {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file for what a pool in the background has to say.
    #[must_use]
    pub fn talk(&self) -> &Path {
        &self.talk
    }
}

/// Whether the name is that of a batch, or of a pool that ends with its client.
fn is_run(name: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits =
        name.strip_prefix("run-").or_else(|| name.strip_prefix("mcp-")).or_else(|| name.strip_prefix('r'));
    digits.is_some_and(is_number)
}

fn is_name(name: &str) -> bool {
    let may_be = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(may_be)
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn fits(path: &Path) -> bool {
    path.as_os_str().len() <= LONGEST
}

/// As long as every name that [`short`] gives.
const SHORT: &str = "0123456789abcdef.s";

/// Where the path would be too long: a name of fixed length.
fn short(name: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(name).into();
    let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}.s")
}

/// Makes a folder that is ours alone, or sees that it is; by its descriptor, so that nobody can put another in its place
/// meanwhile.
fn private(path: &Path) -> Result<(), PlaceError> {
    let system = |error: rustix::io::Errno| FolderError::system(path)(error.into());
    let only_ours = Mode::RWXU;
    match rustix::fs::mkdir(path, only_ours) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(system(error).into()),
    }
    let how = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(path, how, Mode::empty()).map_err(|error| match error {
        rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR => FolderError::Link(path.to_owned()),
        error => system(error),
    })?;
    let found = rustix::fs::fstat(&folder).map_err(system)?;
    if found.st_uid != geteuid().as_raw() {
        return Err(PlaceError::Foreign(path.to_owned()));
    }
    if found.st_mode & 0o7777 != 0o700 {
        rustix::fs::fchmod(&folder, only_ours).map_err(system)?;
    }
    Ok(())
}
