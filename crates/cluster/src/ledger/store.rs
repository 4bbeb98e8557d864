//! Where records are: one folder a run, made, found, opened and removed.

use super::LedgerError;
use super::crash::{Point, reached};
use super::folder::{FolderError, private_file, private_folder, sync};
use super::identity::{Identities, Identity};
use super::lock::RunLock;
use super::machine::Machine;
use super::recorder::{Policy, Recorder};
use super::retention::changed;
use super::writer::{Keeper, Writer};
use super::{news, read, reserve, rows, schema, tasks};
use crate::batch::clock::wall;
use crate::batch::list::OnUnknown;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::DirBuilder;
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The record of a run, in its folder.
pub(super) const LEDGER: &str = "ledger.db";
pub(super) const LOCK: &str = "run.lock";
/// There until the run has ended: a hint, so that ended runs need not be opened to know.
pub(super) const OPEN: &str = "open";
/// The exit code of the last controller, for whoever waits for the run.
const EXIT: &str = "exit";
/// What came on standard input; see [`super::spool`].
pub(super) const INPUT: &str = "input";

/// The folder of all runs.
#[derive(Debug, Clone)]
pub struct Store {
    runs: PathBuf,
}

/// What is known of a run when it begins.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its command line, without the program.
    pub words: Vec<OsString>,
    /// Where it is begun.
    pub folder: PathBuf,
    /// What it does, for people, in a line.
    pub plan: String,
    /// Whether its tools may change anything.
    pub writes: bool,
    /// Its first job.
    pub first: Identity,
}

impl Store {
    /// The user's: `$XDG_STATE_HOME/cluster/runs`, made if it is missing.
    ///
    /// # Errors
    /// [`LedgerError`] if there is no such place, or it cannot be made private.
    pub fn current() -> Result<Self, LedgerError> {
        Self::under(&super::folder::state()?)
    }

    /// The one in the folder `state`, made if it is missing.
    ///
    /// # Errors
    /// As [`Store::current`].
    pub fn under(state: &Path) -> Result<Self, LedgerError> {
        Ok(Self { runs: super::folder::within(state, "runs")? })
    }

    /// The names of all runs that have a record, or whose controller is about to begin one; oldest first.
    ///
    /// # Errors
    /// As [`Store::names`].
    pub fn begun(&self) -> Result<Vec<String>, LedgerError> {
        let mut names = self.names()?;
        names.retain(|name| self.is_begun(name));
        Ok(names)
    }

    /// The last of them.
    ///
    /// # Errors
    /// As [`Store::names`].
    pub fn last(&self) -> Result<Option<String>, LedgerError> {
        Ok(self.names()?.into_iter().rev().find(|name| self.is_begun(name)))
    }

    /// The last of them that has not ended.
    ///
    /// # Errors
    /// As [`Store::names`].
    pub fn last_open(&self) -> Result<Option<String>, LedgerError> {
        let is_it = |name: &String| self.is_open(name) && self.is_begun(name);
        Ok(self.names()?.into_iter().rev().find(is_it))
    }

    fn is_begun(&self, name: &str) -> bool {
        self.holder(name).is_some() || !self.was_never_begun(name)
    }

    /// The names of all folders of runs, oldest first.
    ///
    /// # Errors
    /// [`FolderError::System`] if the folder cannot be listed.
    pub fn names(&self) -> Result<Vec<String>, LedgerError> {
        let entries = std::fs::read_dir(&self.runs).map_err(FolderError::system(&self.runs))?;
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        let mut names: Vec<(u64, String)> =
            entries.filter_map(name).filter_map(|name| Some((number(&name)?, name))).collect();
        names.sort_unstable();
        Ok(names.into_iter().map(|(_, name)| name).collect())
    }

    /// The folder of a run.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchRun`].
    pub fn folder(&self, name: &str) -> Result<PathBuf, LedgerError> {
        let path = self.runs.join(name);
        let is_there = number(name).is_some() && path.is_dir();
        if is_there { Ok(path) } else { Err(LedgerError::NoSuchRun(name.to_owned())) }
    }

    /// Whether the run has not ended, as far as its folder tells.
    #[must_use]
    pub fn is_open(&self, name: &str) -> bool {
        self.runs.join(name).join(OPEN).exists()
    }

    /// When the run ended; none if it has not, or nobody can tell.
    #[must_use]
    pub fn ended(&self, name: &str) -> Option<Timestamp> {
        if self.is_open(name) {
            // Its controller may have died between the end and the removal of the mark.
            return read::Run::open(self, name).and_then(|run| run.ended()).ok().flatten();
        }
        changed(&self.runs.join(name).join(LEDGER))
    }

    /// Whether its controller died before there was a record, or before anything was sent.
    #[must_use]
    pub fn was_never_begun(&self, name: &str) -> bool {
        let ledger = self.runs.join(name).join(LEDGER);
        // The tables are made in one transaction; before it the file is empty, or has a header and no tables.
        !ledger.exists() || schema::is_empty(&ledger)
    }

    /// The controller that has the run now.
    #[must_use]
    pub fn holder(&self, name: &str) -> Option<u32> {
        RunLock::holder(&self.runs.join(name).join(LOCK))
    }

    /// Waits until nobody has the run.
    ///
    /// # Errors
    /// [`LedgerError`] if there is no such run, or its lock cannot be used.
    pub fn wait(&self, name: &str) -> Result<(), LedgerError> {
        let lock = self.folder(name)?.join(LOCK);
        RunLock::wait(&lock).map_err(|error| LedgerError::locked(name, error))
    }

    /// The exit code that the last controller left; none if it was killed.
    #[must_use]
    pub fn exit(&self, name: &str) -> Option<u8> {
        std::fs::read_to_string(self.runs.join(name).join(EXIT)).ok()?.trim().parse().ok()
    }

    /// The run that has not ended, was begun in `folder`, is at work or has sent something, and has `first` as its first job or has
    /// sent it: the latest, if there are several. A record that cannot be read holds nothing.
    ///
    /// # Errors
    /// As [`Store::names`].
    pub fn holding(&self, folder: &Path, first: Identity) -> Result<Option<String>, LedgerError> {
        let is_it = |name: &String| {
            let holds = || read::Run::open(self, name)?.holds(folder, first);
            self.is_open(name) && holds().unwrap_or(false)
        };
        Ok(self.names()?.into_iter().rev().find(is_it))
    }

    /// A folder for a new run, and the right to write in it.
    ///
    /// # Errors
    /// [`LedgerError`] if the disk refuses.
    pub fn draft(&self) -> Result<Draft, LedgerError> {
        let last = self.names()?.last().and_then(|name| number(name)).unwrap_or_default();
        for number in last + 1.. {
            let name = format!("r{number}");
            let path = self.runs.join(&name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(FolderError::system(&path)(error).into()),
            }
            private_folder(&path)?;
            let lock = RunLock::take(&path.join(LOCK)).map_err(|error| LedgerError::locked(&name, error))?;
            private_file(&path.join(OPEN))?;
            reached(Point::RunFolderMade);
            return Ok(Draft { name, path, lock: Some(lock) });
        }
        Err(LedgerError::Nowhere)
    }

    /// Opens a run that exists, to go on with it.
    ///
    /// # Errors
    /// [`LedgerError::Held`] if another controller has it; [`LedgerError::OtherTools`]; what is wrong with its record else.
    pub fn resume(&self, name: &str, tools: &[String], policy: Policy) -> Result<Recorder, LedgerError> {
        let folder = self.folder(name)?;
        let lock = RunLock::take(&folder.join(LOCK)).map_err(|error| LedgerError::locked(name, error))?;
        let path = folder.join(LEDGER);
        // What a controller that was killed has kept back is what is needed now, if the disk is full.
        reserve::give_up(&folder);
        let mut connection = schema::open(&path)?;
        let begun_with: [u8; 32] = connection.query_row("SELECT tools FROM run", [], |row| row.get(0))?;
        if begun_with != digest(tools).0 {
            return Err(LedgerError::OtherTools(name.to_owned()));
        }
        private_file(&folder.join(OPEN))?;
        let _ = std::fs::remove_file(folder.join(EXIT));
        let (epoch, book) = take_over(&mut connection, &path)?;
        reached(Point::AfterRecovery);
        let known: HashMap<Identity, Machine> = book.jobs().collect();
        let tasks = tasks::read(&connection)?;
        let writer = Writer::start(Keeper::new(connection, path, epoch, book)?)?;
        let recorder = Recorder::new(name.to_owned(), folder, lock, writer, known, (tools, policy));
        Ok(recorder.knowing(tasks))
    }

    /// Removes a run and everything it left.
    ///
    /// # Errors
    /// [`LedgerError::Held`] if a controller has it.
    pub fn remove(&self, name: &str) -> Result<(), LedgerError> {
        let folder = self.folder(name)?;
        let lock = RunLock::take(&folder.join(LOCK)).map_err(|error| LedgerError::locked(name, error))?;
        std::fs::remove_dir_all(&folder).map_err(FolderError::system(&folder))?;
        sync(&self.runs);
        drop(lock);
        Ok(())
    }
}

/// A run that has a folder, and no record yet. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    name: String,
    path: PathBuf,
    /// Until it begins.
    lock: Option<RunLock>,
}

impl Draft {
    /// What the run is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its copy of standard input goes.
    #[must_use]
    pub fn input(&self) -> PathBuf {
        self.path.join(INPUT)
    }

    /// Begins the record. `tools`: what tells a tool from another, for [`super::identity`].
    ///
    /// # Errors
    /// [`LedgerError`] if the disk refuses.
    pub fn begin(mut self, run: &NewRun, tools: &[String]) -> Result<Recorder, LedgerError> {
        let path = self.path.join(LEDGER);
        private_file(&path)?;
        let mut connection = schema::create(&path)?;
        connection.execute(
            "INSERT INTO run VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, NULL, NULL)",
            params![
                self.name,
                env!("CARGO_PKG_VERSION"),
                wall().to_string(),
                run.folder.as_os_str().as_bytes(),
                join(&run.words),
                run.plan,
                run.writes,
                run.first.0,
                digest(tools).0
            ],
        )?;
        let (epoch, book) = take_over(&mut connection, &path)?;
        sync(&self.path);
        self.path.parent().map(sync);
        reached(Point::RunMade);
        let writer = Writer::start(Keeper::new(connection, path, epoch, book)?)?;
        let lock = self.lock.take().ok_or(LedgerError::Ended)?;
        let (name, folder) = (std::mem::take(&mut self.name), std::mem::take(&mut self.path));
        let nothing = Policy { on_unknown: OnUnknown::Ask, failed: false };
        Ok(Recorder::new(name, folder, lock, writer, HashMap::new(), (tools, nothing)))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.lock.is_some() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Takes the run over: an epoch of our own, so that whoever had it before can write no more; and what it had sent,
/// and not heard of, becomes unknown.
pub(super) fn take_over(
    connection: &mut Connection,
    path: &Path,
) -> Result<(u32, super::book::Book), LedgerError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute("UPDATE run SET epoch = epoch + 1, pid = ?, ended = NULL", [std::process::id()])?;
    let epoch: u32 = transaction.query_row("SELECT epoch FROM run", [], |row| row.get(0))?;
    let mut book = rows::load(&transaction, path)?;
    let mut orphans = Vec::new();
    book.orphan_all(&mut orphans);
    let now = wall();
    news::begin(&transaction, epoch, now, std::process::id())?;
    let at = now.to_string();
    for row in &orphans {
        rows::write(&transaction, row, epoch, &at)?;
    }
    transaction.commit()?;
    Ok((epoch, book))
}

/// Leaves the exit code of a controller in the folder of its run, if that is still there.
pub(super) fn leave_exit(folder: &Path, code: u8) {
    // Whoever waits can do without: it is a convenience.
    if folder.is_dir()
        && let Ok(mut file) = private_file(&folder.join(EXIT))
    {
        let _ = writeln!(file, "{code}");
    }
}

/// Of what tells tools from others.
pub(super) fn digest(tools: &[String]) -> Identity {
    Identities::new(tools.iter().map(String::as_str)).of_tools()
}

/// `r7` is 7.
fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix('r')?;
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Words, each with a NUL at its end: no word of a command line contains one.
pub(super) fn join(words: &[OsString]) -> Vec<u8> {
    words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect()
}

/// The words again.
pub(super) fn split(bytes: &[u8]) -> Vec<OsString> {
    let words = bytes.split_inclusive(|byte| *byte == 0);
    words.map(|word| OsString::from_vec(word.strip_suffix(b"\0").unwrap_or(word).to_vec())).collect()
}

/// A path as the record has it.
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
