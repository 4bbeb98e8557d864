//! Reading a record, beside its writer if there is one.

mod log;

use super::identity::Identity;
use super::machine::State;
use super::news::{self, Chronicle};
use super::store::{INPUT, LEDGER, Store};
use super::{LedgerError, rows, schema, spool, store};
use crate::batch::ResultRecord;
use crate::batch::plan::JobInfo;
use jiff::Timestamp;
use pool_core::message::Outcome;
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A record, open for reading: as it stood when it was opened, whatever its writer does meanwhile.
#[derive(Debug)]
pub struct Run {
    connection: Connection,
    folder: PathBuf,
    holder: Option<u32>,
}

/// A run in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// What it is called.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
    /// When its last job was settled; none while it is unfinished.
    pub ended: Option<Timestamp>,
    /// Where it was begun.
    pub folder: PathBuf,
    /// Its command line, without the program.
    pub words: Vec<OsString>,
    /// What it does, for people.
    pub plan: String,
    /// Whether its tools may change anything.
    pub writes: bool,
    /// Its first job.
    pub first: Identity,
    /// How many controllers have had it.
    pub controllers: u32,
    /// The controller that has it now.
    pub holder: Option<u32>,
    /// How many jobs its list has, if that is known.
    pub total: Option<u64>,
    /// How many jobs ended how.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Jobs that are being sent, or whose end nobody knows.
    pub in_between: u64,
}

/// A job of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedJob {
    /// Its place in the list, from 0.
    pub place: u64,
    /// Its id in the list, or its number from 1.
    pub id: String,
    /// The item it was made from.
    pub item: Option<String>,
    /// What its steps say.
    pub prompts: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// How often it was sent.
    pub attempts: u32,
    /// How it ended, if it did.
    pub result: Option<ResultRecord>,
    /// What happened to it, in order.
    pub story: Vec<Happening>,
}

/// A line of a job's story.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What, in a word: `send`, `end`, `bury`, `late`, `refuse`, `orphan`, `retry`, `skip`.
    pub what: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Which controller of the run, from 1.
    pub controller: u32,
    /// The instance it was sent to.
    pub slot: Option<u32>,
    /// How the attempt ended.
    pub outcome: Option<Outcome>,
    /// The result of an attempt that was not the last, or came late.
    pub record: Option<ResultRecord>,
}

impl Run {
    /// Opens the record of a run.
    ///
    /// # Errors
    /// [`LedgerError`] if there is none, or it is damaged.
    pub fn open(store: &Store, name: &str) -> Result<Self, LedgerError> {
        let folder = store.folder(name)?;
        let connection = schema::read(&folder.join(LEDGER))?;
        connection.execute_batch("BEGIN")?;
        Ok(Self { connection, folder, holder: store.holder(name) })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it was begun in this folder, is at work or has sent something, has not ended, and has this job as its first
    /// or has sent it.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn holds(&self, folder: &Path, first: Identity) -> Result<bool, LedgerError> {
        let holds = "SELECT count(*) FROM run
            WHERE folder = ?1 AND ended IS NULL AND (?3 OR EXISTS (SELECT 1 FROM event))
            AND (first = ?2 OR EXISTS (SELECT 1 FROM job WHERE identity = ?2))";
        let found = (folder.as_os_str().as_bytes(), first.0, self.holder.is_some());
        Ok(self.connection.query_row(holds, found, |row| row.get::<_, u32>(0))? > 0)
    }

    /// When its last job was settled; none while it is unfinished.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn ended(&self) -> Result<Option<Timestamp>, LedgerError> {
        Ok(self.connection.query_row("SELECT ended FROM run", [], |row| time(row, 0))?)
    }

    /// Its command line, without the program.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn words(&self) -> Result<Vec<OsString>, LedgerError> {
        let words: Vec<u8> = self.connection.query_row("SELECT words FROM run", [], |row| row.get(0))?;
        Ok(store::split(&words))
    }

    /// The run in short.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn overview(&self) -> Result<Overview, LedgerError> {
        let run = "SELECT name, began, ended, folder, words, plan, writes, first, epoch, total FROM run";
        let overview = self.connection.query_row(run, [], |row| {
            let (folder, words): (Vec<u8>, Vec<u8>) = (row.get(3)?, row.get(4)?);
            Ok(Overview {
                name: row.get(0)?,
                began: time(row, 1)?.unwrap_or_default(),
                ended: time(row, 2)?,
                folder: store::path(&folder),
                words: store::split(&words),
                plan: row.get(5)?,
                writes: row.get(6)?,
                first: Identity(row.get(7)?),
                controllers: row.get(8)?,
                holder: self.holder,
                total: row.get(9)?,
                outcomes: BTreeMap::new(),
                in_between: 0,
            })
        })?;
        let book = rows::load(&self.connection, &self.folder.join(LEDGER))?;
        Ok(book.jobs().fold(overview, |mut overview, (_, job)| {
            match job.state() {
                State::Done => *overview.outcomes.entry(Outcome::Ok).or_default() += 1,
                State::Failed(outcome) | State::DeadLetter(outcome) => {
                    *overview.outcomes.entry(outcome).or_default() += 1;
                }
                State::Pending | State::Leased => {}
                State::Sending(_) | State::Unknown => overview.in_between += 1,
            }
            overview
        }))
    }

    /// What happened to the run as a whole.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn chronicle(&self) -> Result<Chronicle, LedgerError> {
        news::read(&self.connection)
    }

    /// The copy of its standard input, if its list came from there, and whether that is whole.
    #[must_use]
    pub fn input(&self) -> Option<(PathBuf, bool)> {
        spool::found(&self.folder.join(INPUT))
    }

    /// Every job that was sent or refused, in the order of the list: what [`Run::job`] takes.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn jobs(&self) -> Result<Vec<u64>, LedgerError> {
        let mut jobs = self.connection.prepare("SELECT number FROM job ORDER BY place, number")?;
        let jobs = jobs.query_map([], |row| row.get(0))?;
        Ok(jobs.collect::<rusqlite::Result<_>>()?)
    }

    /// Those of [`Run::jobs`] that have not succeeded.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn jobs_not_done(&self) -> Result<Vec<u64>, LedgerError> {
        let book = rows::load(&self.connection, &self.folder.join(LEDGER))?;
        let is_done = |number: &u64| book.state(*number as usize) == Some(State::Done);
        Ok(self.jobs()?.into_iter().filter(|number| !is_done(number)).collect())
    }

    /// The latest job with this id.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn find(&self, id: &str) -> Result<Option<u64>, LedgerError> {
        let find = "SELECT max(number) FROM job WHERE id = ?";
        Ok(self.connection.query_row(find, [id], |row| row.get(0))?)
    }

    /// All that is known of a job.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged, or has no such job.
    pub fn job(&self, number: u64) -> Result<RecordedJob, LedgerError> {
        let find = "SELECT place, id, item, prompts FROM job WHERE number = ?";
        let (place, id, item, prompts) =
            self.connection.prepare_cached(find)?.query_row([number], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
            })?;
        let damaged = |error: serde_json::Error| {
            LedgerError::damaged(&self.folder.join(LEDGER), format!("job {number}: {error}"))
        };
        let prompts = serde_json::from_str(&prompts).map_err(damaged)?;
        let machine = rows::machine(&self.connection, &self.folder.join(LEDGER), number)?;
        let of_round = "SELECT record FROM result WHERE job = ? AND round = ?";
        let mut of_round = self.connection.prepare_cached(of_round)?;
        let result: Option<String> =
            of_round.query_row((number, machine.round()), |row| row.get(0)).optional()?;
        let result = result.map(|text| serde_json::from_str(&text)).transpose().map_err(damaged)?;
        let story = self.story(number)?;
        let mut job = RecordedJob {
            place,
            id,
            item,
            prompts,
            state: machine.state(),
            attempts: machine.attempts(),
            result,
            story,
        };
        job.result = job.result.take().or_else(|| self.left_alone(&job));
        Ok(job)
    }

    /// The result of a job that somebody gave up: it never brought one of its own.
    fn left_alone(&self, job: &RecordedJob) -> Option<ResultRecord> {
        let State::Failed(outcome) = job.state else { return None };
        let error = match outcome {
            Outcome::Unknown => "it was sent, nobody knows how it ended, and it was left alone",
            _ => "it was never sent, and is no longer in the list",
        };
        let info = JobInfo {
            index: job.place,
            id: job.id.clone(),
            item: job.item.clone(),
            prompts: job.prompts.clone(),
            on_unknown: None,
        };
        let at = job.story.last().map(|line| line.at).unwrap_or_default();
        let run = self.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let record = ResultRecord::refused(info, error.to_owned(), at);
        Some(ResultRecord { run, outcome, attempt: job.attempts.max(1), ..record })
    }

    fn story(&self, number: u64) -> Result<Vec<Happening>, LedgerError> {
        let story =
            "SELECT at, kind, attempt, epoch, slot, outcome, record FROM event WHERE job = ? ORDER BY number";
        let mut story = self.connection.prepare_cached(story)?;
        let story = story.query_map([number], |row| {
            let (outcome, record): (Option<String>, Option<String>) = (row.get(5)?, row.get(6)?);
            Ok(Happening {
                at: time(row, 0)?.unwrap_or_default(),
                what: row.get(1)?,
                attempt: row.get(2)?,
                controller: row.get(3)?,
                slot: row.get(4)?,
                outcome: outcome.as_deref().and_then(rows::outcome_of),
                record: record.and_then(|text| serde_json::from_str(&text).ok()),
            })
        })?;
        Ok(story.collect::<rusqlite::Result<_>>()?)
    }
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
