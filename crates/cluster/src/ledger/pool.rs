//! The record of a pool that stays up: what it was sent, what came of it, and who has read that.
//!
//! It is a record like that of a run, in a folder of its own: `$XDG_STATE_HOME/cluster/pools/main/`. What differs is where
//! jobs come from. There is no list to read again, so a prompt is on disk before it is said to be accepted, with all that
//! is needed to send it. Its ticket is its number in the record.

mod command;
mod load;
mod prune;
mod sweep;
#[cfg(test)]
mod tests;

pub(super) use command::PoolCommand;
pub use load::{Left, Waiting};
pub(super) use prune::{Pruned, Which, prune};

use super::LedgerError;
use super::book::{Entry, Written};
use super::folder::{FolderError, private_file, private_folder, sync};
use super::identity::Identities;
use super::lock::RunLock;
use super::log::Log;
use super::machine::Fate;
use super::recorder::Intent;
use super::store::{LEDGER, LOCK, digest, join, take_over};
use super::writer::{Command, Keeper, ListEnd, Writer};
use super::{reserve, schema};
use crate::batch::ResultRecord;
use crate::batch::clock::wall;
use crate::batch::list::OnUnknown;
use crate::batch::plan::JobInfo;
use rusqlite::{Connection, params};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// The folder of the records of all pools.
#[derive(Debug, Clone)]
pub struct Pools {
    folder: PathBuf,
}

/// What is known of a pool when it is started.
#[derive(Debug, Clone)]
pub struct NewPool {
    /// What it does, for people, in a line.
    pub plan: String,
    /// Whether its tools may change anything.
    pub writes: bool,
    /// What tells its tools from others.
    pub tools: Vec<String>,
    /// What is done with a prompt that was sent, and whose end nobody knows.
    pub on_unknown: OnUnknown,
}

/// The record of a pool that is up. Cheap to clone; the last one that is dropped gives it free.
#[derive(Debug, Clone)]
pub struct PoolRecord(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    writer: Writer,
    reader: Mutex<Connection>,
    _lock: RunLock,
}

/// A prompt, as its record has it.
#[derive(Debug, Clone)]
pub(crate) struct Prompt(Arc<Entry>);

/// What has become of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It is over.
    Ended,
    /// Somebody has taken it back: it is never sent again.
    Withdrawn,
    /// Nothing of its last attempt was sent: it is still to be done.
    Back,
}

impl Pools {
    /// The user's: `$XDG_STATE_HOME/cluster/pools`, made if it is missing.
    ///
    /// # Errors
    /// [`LedgerError`] if there is no such place, or it cannot be made private.
    pub fn current() -> Result<Self, LedgerError> {
        Self::under(&super::folder::state()?)
    }

    /// Those in the folder `state`, made if it is missing.
    ///
    /// # Errors
    /// As [`Pools::current`].
    pub fn under(state: &Path) -> Result<Self, LedgerError> {
        Ok(Self { folder: super::folder::within(state, "pools")? })
    }

    /// Opens the record of this name, or begins it; and what earlier controllers have left in it.
    ///
    /// # Errors
    /// [`LedgerError::Held`] if a controller has it; [`LedgerError::OtherTools`] if prompts wait in it that are for other
    /// tools; what is wrong with it else.
    pub fn open(&self, name: &str, pool: &NewPool) -> Result<(PoolRecord, Left), LedgerError> {
        let folder = self.folder.join(name);
        private_folder(&folder)?;
        let lock = RunLock::take(&folder.join(LOCK)).map_err(|error| LedgerError::locked(name, error))?;
        let path = folder.join(LEDGER);
        reserve::give_up(&folder);
        let mut connection =
            if schema::is_missing(&path) { begin(&path, name, pool)? } else { schema::open(&path)? };
        let (epoch, mut book) = take_over(&mut connection, &path)?;
        prune(&connection, &mut book, Which::Ended, wall())?;
        let left = load::left(&connection, &path, &book, pool.on_unknown)?;
        let tools = digest(&pool.tools).0;
        let begun_with: [u8; 32] = connection.query_row("SELECT tools FROM run", [], |row| row.get(0))?;
        if begun_with != tools {
            if !left.waiting.is_empty() {
                return Err(LedgerError::OtherTools(name.to_owned()));
            }
            connection.execute("UPDATE run SET tools = ?, plan = ?", params![tools, pool.plan])?;
        }
        let reader = Mutex::new(schema::read(&path)?);
        let writer = Writer::start(Keeper::new(connection, path, epoch, book)?.pruning())?;
        if pool.on_unknown == OnUnknown::Skip {
            left.unknown.iter().for_each(|number| skip(&writer, *number));
        }
        let inner = Inner { name: name.to_owned(), writer, reader, _lock: lock };
        Ok((PoolRecord(Arc::new(inner)), left))
    }

    /// Forgets everything that is recorded under this name.
    ///
    /// # Errors
    /// [`LedgerError::Held`] if a controller has it.
    pub fn forget(&self, name: &str) -> Result<(), LedgerError> {
        let folder = self.folder.join(name);
        if !folder.is_dir() {
            return Ok(());
        }
        let _lock = RunLock::take(&folder.join(LOCK)).map_err(|error| LedgerError::locked(name, error))?;
        std::fs::remove_dir_all(&folder).map_err(FolderError::system(&folder))?;
        sync(&self.folder);
        Ok(())
    }
}

/// Makes the record.
fn begin(path: &Path, name: &str, pool: &NewPool) -> Result<Connection, LedgerError> {
    // What a controller has left that was killed in the middle of this.
    let _ = std::fs::remove_file(path);
    private_file(path)?;
    let connection = schema::create(path)?;
    let folder = std::env::current_dir().unwrap_or_default();
    connection.execute(
        "INSERT INTO run VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, NULL, NULL)",
        params![
            name,
            env!("CARGO_PKG_VERSION"),
            wall().to_string(),
            folder.as_os_str().as_bytes(),
            join(&[]),
            pool.plan,
            pool.writes,
            Identities::ticket(0).0,
            digest(&pool.tools).0
        ],
    )?;
    if let Some(folder) = path.parent() {
        sync(folder);
        folder.parent().map(sync);
    }
    Ok(connection)
}

/// A prompt whose end nobody knows is taken for failed.
fn skip(writer: &Writer, number: u64) {
    let record = load::unknown(number, "", 1);
    let entry = Prompt::new(number, Vec::new(), 0, false).0;
    // Nobody waits for it: it is written with what comes next, or found once more.
    let (answer, _) = oneshot::channel();
    let record = Written::new(&record, Log::default());
    writer.tell(Command::Pool(PoolCommand::Withdraw { entry, record, answer }));
}

impl PoolRecord {
    /// What the pool is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Puts the prompt of a new ticket on disk, with what is needed to send it. It is accepted when the answer comes.
    ///
    /// The numbers of tickets follow each other: whoever gives them calls this in their order.
    pub(crate) fn accept(&self, number: u64, prompts: &[String], request: String) -> (Prompt, Accepted) {
        let prompt = Prompt::new(number, prompts.to_vec(), 0, false);
        let (answer, accepted) = oneshot::channel();
        let entry = prompt.0.clone();
        self.0.writer.tell(Command::Pool(PoolCommand::Accept { entry, request, answer }));
        (prompt, Accepted(accepted))
    }

    /// The errand by which its intent is on disk before its first byte is sent.
    pub(crate) fn errand(&self, prompt: &Prompt) -> impl pool_core::message::Errand + 'static + use<> {
        Intent::new(self.0.writer.clone(), prompt.0.clone())
    }

    /// Puts a result on disk. It may be told when this is over.
    ///
    /// # Errors
    /// [`LedgerError`] if the record can take no more; then nobody should be told.
    pub(crate) async fn keep(
        &self,
        prompt: &Prompt,
        mut record: ResultRecord,
        end: End,
    ) -> Result<ResultRecord, Arc<LedgerError>> {
        record.run = Some(self.0.name.clone());
        let entry = prompt.0.clone();
        let attempt = entry.attempt();
        if attempt.is_some() {
            record.attempt += entry.before;
        }
        let written = Written::new(&record, Log::default());
        let writer = &self.0.writer;
        match (end, attempt) {
            (End::Withdrawn, _) => {
                let withdraw = |answer| PoolCommand::Withdraw { entry, record: written, answer };
                writer.ask(|answer| Command::Pool(withdraw(answer))).await?;
            }
            (End::Back, Some(_)) => writer.ask(|answer| Command::PutBack { entry, answer }).await?,
            (End::Back, None) => {}
            (End::Ended, Some(attempt)) => {
                let (fate, record) = (Fate::Final, written);
                writer.ask(|answer| Command::End { entry, attempt, fate, record, answer }).await?;
            }
            (End::Ended, None) => {
                writer.ask(|answer| Command::Refuse { entry, record: written, answer }).await?;
            }
        }
        Ok(record)
    }

    /// Somebody has read the result of this ticket. Nobody waits for it: after a crash it may be unread again.
    pub(crate) fn read(&self, number: u64) {
        self.0.writer.tell(Command::Pool(PoolCommand::Read(number)));
    }

    /// The result of this ticket; none if it has none, or there is no such ticket.
    pub(crate) fn result(&self, number: u64) -> Option<ResultRecord> {
        let reader = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let result = load::result(&reader, number);
        result
            .inspect_err(|error| tracing::warn!("the result of t{number} cannot be read: {error}"))
            .ok()
            .flatten()
    }

    /// The pool is over for this controller.
    ///
    /// # Errors
    /// [`LedgerError`] if the disk does not take it; the record can be gone on with all the same.
    pub async fn close(&self) -> Result<(), Arc<LedgerError>> {
        let list = ListEnd { total: None, unsent: 0 };
        self.0.writer.ask(|answer| Command::Close { list, answer }).await.map(drop)
    }
}

/// Resolves when a prompt is on disk.
#[derive(Debug)]
pub(crate) struct Accepted(oneshot::Receiver<Result<(), Arc<LedgerError>>>);

impl Accepted {
    /// # Errors
    /// [`LedgerError`] if the record can take no more.
    pub(crate) async fn wait(self) -> Result<(), Arc<LedgerError>> {
        self.0.await.unwrap_or_else(|_| Err(Arc::new(LedgerError::Ended)))
    }
}

impl Prompt {
    /// Of this ticket, which earlier controllers sent so often; `again`: it is sent once more, although it was sent.
    fn new(number: u64, prompts: Vec<String>, before: u32, again: bool) -> Self {
        let info = info(number, prompts);
        Self(Arc::new(Entry::new(Identities::ticket(number), &info, before, again)))
    }
}

/// What results call it.
pub(crate) fn info(number: u64, prompts: Vec<String>) -> JobInfo {
    JobInfo { index: number.saturating_sub(1), id: format!("t{number}"), prompts, ..JobInfo::default() }
}
