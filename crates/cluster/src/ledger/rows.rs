//! Between rows and the database: the only statements that touch jobs, events and results.

use super::LedgerError;
use super::book::{Book, EventRow, Kind, Row};
use super::identity::Identity;
use super::machine::{Machine, Placed};
use super::pool::Pruned;
use pool_core::message::{Outcome, SlotId};
use rusqlite::{Connection, params};
use std::path::Path;

/// Writes a row of this controller's `epoch`, at this time of day.
pub(super) fn write(connection: &Connection, row: &Row, epoch: u32, at: &str) -> rusqlite::Result<()> {
    match row {
        Row::Job { number, entry } => {
            let prompts = serde_json::to_string(&entry.prompts).unwrap_or_default();
            connection.prepare_cached("INSERT INTO job VALUES (?, ?, ?, ?, ?, ?)")?.execute(params![
                number,
                entry.identity.0,
                entry.place,
                entry.id,
                entry.item,
                prompts
            ])?;
        }
        Row::Event(row) => {
            let (word, placed, outcome) = row.kind.columns();
            let (slot, generation) = placed.map(|placed| (placed.slot.0, placed.generation)).unzip();
            let outcome = outcome.map(Outcome::word);
            connection.prepare_cached("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?.execute(
                params![
                    row.number,
                    row.job,
                    word,
                    row.attempt,
                    epoch,
                    at,
                    slot,
                    generation,
                    outcome,
                    row.record
                ],
            )?;
        }
        Row::Result { job, round, outcome, record } => {
            connection.prepare_cached("INSERT INTO result VALUES (?, ?, ?, ?)")?.execute(params![
                job,
                round,
                outcome.word(),
                record
            ])?;
        }
        Row::Log { job, attempt, step, output } => {
            // A late answer to an attempt that has ended finds the output of its end.
            let insert = "INSERT OR IGNORE INTO log VALUES (?, ?, ?, ?)";
            connection.prepare_cached(insert)?.execute(params![job, attempt, step, output])?;
        }
    }
    Ok(())
}

/// Reads all jobs back; `path` is for errors.
///
/// # Errors
/// [`LedgerError::Damaged`] if what is there cannot have happened.
pub(super) fn load(connection: &Connection, path: &Path) -> Result<Book, LedgerError> {
    let damaged = |reason: String| LedgerError::damaged(path, reason);
    let mut book = Book::default();
    let mut jobs = connection.prepare("SELECT number, identity FROM job ORDER BY number")?;
    let mut found = jobs.query([])?;
    let pruned = Pruned::read(connection)?;
    let mut expected = pruned.next_kept(0);
    while let Some(row) = found.next()? {
        book.leave_out(expected);
        if row.get::<_, usize>(0)? != expected {
            return Err(damaged(format!("job {expected} is missing")));
        }
        if !book.known(Identity(row.get(1)?)) {
            return Err(damaged(format!("job {expected} is there twice")));
        }
        expected = pruned.next_kept(expected + 1);
    }
    book.leave_out(expected);
    let mut events = connection.prepare(&format!("SELECT {EVENT} FROM event ORDER BY number"))?;
    let mut found = events.query([])?;
    while let Some(row) = found.next()? {
        let row = event(row, path)?;
        book.replay(&row).map_err(|error| damaged(format!("event {} is {error}", row.number)))?;
    }
    Ok(book)
}

/// Reads one job back.
///
/// # Errors
/// As [`load`].
pub(super) fn machine(connection: &Connection, path: &Path, job: u64) -> Result<Machine, LedgerError> {
    let statement = format!("SELECT {EVENT} FROM event WHERE job = ? ORDER BY number");
    let mut events = connection.prepare_cached(&statement)?;
    let mut found = events.query([job])?;
    let mut machine = Machine::new();
    while let Some(row) = found.next()? {
        let row = event(row, path)?;
        let Some(event) = row.event() else { continue };
        let damaged = |error| LedgerError::damaged(path, format!("event {} is {error}", row.number));
        machine = machine.after(event).map_err(damaged)?;
    }
    Ok(machine)
}

/// The columns that [`event`] reads.
const EVENT: &str = "number, job, kind, attempt, slot, generation, outcome";

fn event(row: &rusqlite::Row<'_>, path: &Path) -> Result<EventRow, LedgerError> {
    let word: String = row.get(2)?;
    let outcome: Option<String> = row.get(6)?;
    let placed = match (row.get::<_, Option<u32>>(4)?, row.get::<_, Option<u32>>(5)?) {
        (Some(slot), Some(generation)) => Some(Placed { slot: SlotId(slot), generation }),
        _ => None,
    };
    let kind = Kind::read(&word, placed, outcome.as_deref().and_then(outcome_of))
        .ok_or_else(|| LedgerError::damaged(path, format!("there is no event {word:?}")))?;
    Ok(EventRow { number: row.get(0)?, job: row.get(1)?, kind, attempt: row.get(3)?, record: None })
}

/// The outcome that is called so.
pub(super) fn outcome_of(word: &str) -> Option<Outcome> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

impl Kind {
    const fn columns(self) -> (&'static str, Option<Placed>, Option<Outcome>) {
        match self {
            Self::Send(placed) => ("send", Some(placed), None),
            Self::End(outcome) => ("end", None, Some(outcome)),
            Self::Bury(outcome) => ("bury", None, Some(outcome)),
            Self::Late(outcome) => ("late", None, Some(outcome)),
            Self::Again(outcome) => ("again", None, Some(outcome)),
            Self::PutBack => ("put back", None, None),
            Self::Refuse => ("refuse", None, None),
            Self::Orphan => ("orphan", None, None),
            Self::Retry => ("retry", None, None),
            Self::Skip => ("skip", None, None),
            Self::Accept => ("accept", None, None),
            Self::Read => ("read", None, None),
        }
    }

    fn read(word: &str, placed: Option<Placed>, outcome: Option<Outcome>) -> Option<Self> {
        Some(match (word, placed, outcome) {
            ("send", Some(placed), _) => Self::Send(placed),
            ("end", _, Some(outcome)) => Self::End(outcome),
            ("bury", _, Some(outcome)) => Self::Bury(outcome),
            ("late", _, Some(outcome)) => Self::Late(outcome),
            ("again", _, Some(outcome)) => Self::Again(outcome),
            ("put back", ..) => Self::PutBack,
            ("refuse", ..) => Self::Refuse,
            ("orphan", ..) => Self::Orphan,
            ("retry", ..) => Self::Retry,
            ("skip", ..) => Self::Skip,
            ("accept", ..) => Self::Accept,
            ("read", ..) => Self::Read,
            _ => return None,
        })
    }
}
