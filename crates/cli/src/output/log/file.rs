//! A log in files: bounded in size and number, private, and shared by all runs of a user.
//!
//! The file is opened for each batch of lines, so that it does not matter who has renamed or removed it meanwhile.

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The newest file; older ones are `cluster.log.1` and so on.
const NAME: &str = "cluster.log";

/// Bytes of one file.
pub(super) const MOST: u64 = 2 << 20;

/// So many files, the newest included.
pub(super) const FILES: usize = 5;

/// The files of a folder.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    most: u64,
}

impl Files {
    /// In this folder, which is made if it is not there.
    pub(super) fn open(folder: &Path, most: u64) -> io::Result<Self> {
        make_private(folder)?;
        let files = Self { folder: folder.to_owned(), most };
        files.newest()?;
        Ok(files)
    }

    /// Adds whole lines.
    pub(super) fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut file = self.newest()?;
        let length = file.metadata()?.len();
        if length > 0 && length + lines.len() as u64 > self.most {
            self.rotate(lines.len() as u64)?;
            file = self.newest()?;
            // Somebody else rotates, and takes long: rather no line than no limit.
            if file.metadata()?.len() > 2 * self.most {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
        file.write_all(lines)
    }

    fn newest(&self) -> io::Result<File> {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut how = OpenOptions::new();
        let file = how.append(true).create(true).mode(0o600).custom_flags(flags).open(self.path(0))?;
        if file.metadata()?.permissions().mode() & 0o777 != 0o600 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }

    /// Renames each file to the next older name, unless another run has just done so, or does it now.
    fn rotate(&self, more: u64) -> io::Result<()> {
        let folder = File::open(&self.folder)?;
        if flock(&folder, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(());
        }
        let is_full = fs::metadata(self.path(0)).is_ok_and(|newest| newest.len() + more > self.most);
        if is_full {
            for age in (1..FILES).rev() {
                match fs::rename(self.path(age - 1), self.path(age)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn path(&self, age: usize) -> PathBuf {
        let name = if age == 0 { NAME.to_owned() } else { format!("{NAME}.{age}") };
        self.folder.join(name)
    }
}

/// Makes a folder that only the user may enter, and what is missing above it, whatever the umask is.
fn make_private(folder: &Path) -> io::Result<()> {
    let private = || fs::set_permissions(folder, Permissions::from_mode(0o700));
    match fs::metadata(folder) {
        Ok(found) if found.permissions().mode() & 0o777 == 0o700 => Ok(()),
        Ok(_) => private(),
        Err(_) => {
            if let Some(above) = folder.parent().filter(|above| !above.exists()) {
                make_private(above)?;
            }
            match DirBuilder::new().mode(0o700).create(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
                _ => private(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn size_and_number_are_bounded_and_the_newest_lines_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path(), 100).unwrap();
        for number in 0..200 {
            files.append(format!("line {number:03}\n").as_bytes()).unwrap();
        }
        let mut kept = String::new();
        for age in (0..FILES).rev() {
            let text = fs::read_to_string(files.path(age)).unwrap();
            assert!(text.len() <= 100 && !text.is_empty(), "{age}: {}", text.len());
            kept += &text;
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), FILES);
        let numbers: Vec<usize> = kept.lines().map(|line| line[5..].parse().unwrap()).collect();
        let expected: Vec<usize> = (200 - numbers.len()..200).collect();
        assert_eq!(numbers, expected, "in order, and nothing between is missing");
        files.append(&[b'x'; 300]).unwrap();
        assert_eq!(fs::metadata(files.path(0)).unwrap().len(), 300, "a long line is a file of its own");
    }

    #[test]
    fn several_write_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let write = |writer: usize| {
            let files = Files::open(dir.path(), 1000).unwrap();
            for number in 0..100 {
                // Somebody else may be rotating for long: then the line is given up.
                let _ = files.append(format!("{writer} {number:03} {}\n", "x".repeat(20)).as_bytes());
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|writer| drop(scope.spawn(move || write(writer)))));
        let mut lines = 0;
        for entry in fs::read_dir(dir.path()).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.len() <= 2100 && text.lines().all(|line| line.len() == 26), "{}", path.display());
            lines += text.lines().count();
        }
        assert!((30..=400).contains(&lines), "{lines}");
        assert!(fs::read_dir(dir.path()).unwrap().count() <= FILES);
    }

    #[test]
    fn a_file_that_was_removed_is_made_again_and_a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&dir.path().join("a/b"), MOST).unwrap();
        fs::remove_file(files.path(0)).unwrap();
        files.append(b"x\n").unwrap();
        assert_eq!(fs::read(files.path(0)).unwrap(), b"x\n");
        assert_eq!(
            [mode(&dir.path().join("a")), mode(&dir.path().join("a/b")), mode(&files.path(0))],
            [0o700, 0o700, 0o600]
        );
        fs::remove_file(files.path(0)).unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), files.path(0)).unwrap();
        assert!(files.append(b"x\n").is_err() && !dir.path().join("elsewhere").exists());
    }

    #[test]
    fn what_others_may_read_is_made_private() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("log");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.join(NAME), "old\n").unwrap();
        fs::set_permissions(folder.join(NAME), Permissions::from_mode(0o644)).unwrap();
        Files::open(&folder, MOST).unwrap();
        assert_eq!([mode(&folder), mode(&folder.join(NAME))], [0o700, 0o600]);
        assert!(Files::open(Path::new("/proc/nowhere/log"), MOST).is_err());
    }
}
