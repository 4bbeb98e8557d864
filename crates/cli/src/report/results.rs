//! `--results DIR`: a folder for each job, with its reply and its result.
//!
//! ```text
//! DIR/.cluster-results        which run it is of
//! DIR/000012-src_a.py/reply.txt
//! DIR/000012-src_a.py/result.json
//! ```
//!
//! The number is the job's place in the input, from 1, so that names sort as the items do and none comes twice. A job's
//! folder appears when the job has ended, whole: what is there is done.

use crate::failure::Failure;
use crate::output::sanitize;
use cluster::batch::ResultRecord;
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Says that the folder is ours, and which run left it.
const MARK: &str = ".cluster-results";

/// Where a folder is made before it is whole.
const DRAFT: &str = ".cluster-draft";

/// How much of an item goes into the name of its folder, in bytes.
const NAME: usize = 60;

/// A folder of results.
#[derive(Debug)]
pub(super) struct Results {
    folder: PathBuf,
    /// What an earlier run of the same left, by number: replaced as its jobs end again.
    earlier: HashMap<u64, PathBuf>,
}

impl Results {
    /// Takes a folder that is new, empty, or was left by an earlier run of the same.
    pub(super) fn open(folder: &Path, of: &str) -> Result<Self, Failure> {
        let no = |error: io::Error| Failure::usage(format!("--results: {}: {error}", folder.display()));
        match make_folder(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(no(error)),
            _ => {}
        }
        let mut earlier = HashMap::new();
        let mut is_empty = true;
        for entry in std::fs::read_dir(folder).map_err(no)? {
            is_empty = false;
            let entry = entry.map_err(no)?;
            let number = number(&entry.file_name().to_string_lossy());
            earlier.extend(number.map(|number| (number, entry.path())));
        }
        let mark = folder.join(MARK);
        if !is_empty && std::fs::read_to_string(&mark).ok().as_deref() != Some(of) {
            let failure = Failure::usage(format!("--results: {} is not empty", folder.display()));
            return Err(failure.help(
                "name a folder that is new, empty, or was left by a run of the same tool, steps and items",
            ));
        }
        write(&mark, of.as_bytes()).map_err(no)?;
        Ok(Self { folder: folder.to_owned(), earlier })
    }

    /// Where a job's results are.
    pub(super) fn place(&self, record: &ResultRecord) -> PathBuf {
        self.folder.join(name(record))
    }

    /// Writes the result of a job.
    pub(super) fn write(&mut self, record: &ResultRecord) -> io::Result<()> {
        let draft = self.folder.join(DRAFT);
        remove(&draft)?;
        make_folder(&draft)?;
        write(&draft.join("reply.txt"), record.reply.as_bytes())?;
        let mut json = serde_json::to_vec(record)?;
        json.push(b'\n');
        write(&draft.join("result.json"), &json)?;
        if let Some(earlier) = self.earlier.remove(&record.index) {
            remove(&earlier)?;
        }
        std::fs::rename(&draft, self.place(record))
    }
}

/// `000012-src_a.py`.
fn name(record: &ResultRecord) -> String {
    let item = record.item.as_deref().unwrap_or(&record.job);
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '@' | '=' | ',');
    let plain: String = item.trim().chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{:06}-{}", record.index + 1, sanitize::start(&plain, NAME))
}

/// The number of the job, from 0, whose folder has this name.
fn number(name: &str) -> Option<u64> {
    name.split_once('-')?.0.parse::<u64>().ok()?.checked_sub(1)
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    keep_private(&file)?;
    file.write_all(bytes)
}

/// For its owner only, whatever the umask.
pub(super) fn keep_private(file: &File) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(0o600))
}

fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
