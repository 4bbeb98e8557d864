//! What earlier controllers of a pool have left in its record.

use super::{Prompt, info};
use crate::batch::ResultRecord;
use crate::batch::clock::wall;
use crate::batch::list::OnUnknown;
use crate::ledger::LedgerError;
use crate::ledger::book::Book;
use crate::ledger::machine::State;
use crate::ledger::rows::outcome_of;
use pool_core::message::Outcome;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashSet;
use std::path::Path;

/// What is left.
#[derive(Debug, Default)]
pub struct Left {
    /// How many tickets were given.
    pub(crate) last: u64,
    /// Those that are to be sent, by number.
    pub(crate) waiting: Vec<Waiting>,
    /// Those with a result that nobody has read, in the order in which they ended.
    pub(crate) unread: Vec<(u64, Outcome)>,
    /// Those that were sent, whose end nobody knows, and that are left so.
    pub(crate) unknown: Vec<u64>,
}

/// A prompt that is to be sent.
#[derive(Debug)]
pub struct Waiting {
    pub(crate) number: u64,
    /// What is needed to send it, as it was accepted.
    pub(crate) request: String,
    pub(crate) prompt: Prompt,
}

impl Left {
    /// How many prompts are to be sent, how many results nobody has read, and how many ends nobody knows.
    #[must_use]
    pub const fn counts(&self) -> [usize; 3] {
        [self.waiting.len(), self.unread.len(), self.unknown.len()]
    }
}

/// Reads it from a record that was taken over.
pub(super) fn left(
    connection: &Connection,
    path: &Path,
    book: &Book,
    on_unknown: OnUnknown,
) -> Result<Left, LedgerError> {
    let mut left = Left { last: book.given() as u64, ..Left::default() };
    let mut jobs = connection.prepare("SELECT number, place, prompts FROM job ORDER BY number")?;
    let mut found = jobs.query([])?;
    let mut ended = HashSet::new();
    while let Some(row) = found.next()? {
        let (job, place): (u64, u64) = (row.get(0)?, row.get(1)?);
        if job != place {
            return Err(LedgerError::damaged(
                path,
                format!("ticket {} is in the place of another", place + 1),
            ));
        }
        let Some(machine) = book.machine(job as usize) else { continue };
        let again = match (machine.state(), on_unknown) {
            (State::Unknown, OnUnknown::Retry) => true,
            (State::Unknown, OnUnknown::Ask | OnUnknown::Skip) => {
                left.unknown.push(job + 1);
                ended.insert(job);
                continue;
            }
            (state, _) if state.is_terminal() => {
                ended.insert(job);
                continue;
            }
            _ => false,
        };
        let accepted = "SELECT record FROM event WHERE job = ? AND kind = 'accept'";
        let request: Option<String> =
            connection.prepare_cached(accepted)?.query_row([job], |row| row.get(0)).optional()?;
        let request =
            request.ok_or_else(|| LedgerError::damaged(path, format!("ticket {} is empty", job + 1)))?;
        let prompts = serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default();
        let prompt = Prompt::new(job + 1, prompts, machine.attempts(), again);
        left.waiting.push(Waiting { number: job + 1, request, prompt });
    }
    for job in unread(connection)?.into_iter().filter(|job| ended.contains(job)) {
        let word = "SELECT outcome FROM result WHERE job = ? ORDER BY round DESC LIMIT 1";
        let word: Option<String> =
            connection.prepare_cached(word)?.query_row([job], |row| row.get(0)).optional()?;
        left.unread.push((job + 1, word.as_deref().and_then(outcome_of).unwrap_or(Outcome::Unknown)));
    }
    Ok(left)
}

/// The jobs to which something has happened that nobody has read, the oldest news first.
fn unread(connection: &Connection) -> Result<Vec<u64>, LedgerError> {
    let last = "SELECT job, max(number) FILTER (WHERE kind = 'read') AS read,
            max(number) FILTER (WHERE kind NOT IN ('read', 'accept', 'late')) AS moved
        FROM event GROUP BY job HAVING read IS NULL OR read < moved ORDER BY moved";
    let mut last = connection.prepare(last)?;
    Ok(last.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// The result of a ticket, if it has one: what nobody knows the end of has one that says so.
pub(super) fn result(connection: &Connection, number: u64) -> rusqlite::Result<Option<ResultRecord>> {
    let job = number.saturating_sub(1);
    let text = "SELECT record FROM result WHERE job = ?1 UNION ALL
        SELECT * FROM (SELECT record FROM event
            WHERE job = ?1 AND kind = 'end' AND record IS NOT NULL ORDER BY number DESC LIMIT 1)";
    let texts = connection
        .prepare_cached(text)?
        .query_map([job], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    if let Some(record) = texts.first().and_then(|text| serde_json::from_str(text).ok()) {
        return Ok(Some(record));
    }
    let orphan = "SELECT prompts, (SELECT count(*) FROM event WHERE job = ?1 AND kind = 'send') FROM job
        WHERE number = ?1 AND EXISTS (SELECT 1 FROM event WHERE job = ?1 AND kind = 'orphan')";
    let orphan = connection.prepare_cached(orphan)?.query_row([job], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(orphan.optional()?.map(|(prompts, attempts): (String, u32)| unknown(number, &prompts, attempts)))
}

/// What is told of a ticket whose end nobody knows.
pub(super) fn unknown(number: u64, prompts: &str, attempts: u32) -> ResultRecord {
    let prompts = serde_json::from_str(prompts).unwrap_or_default();
    let why = "it was sent, and nobody knows how it ended: 'cluster up --on-unknown retry' sends it again"
        .to_owned();
    let record = ResultRecord::refused(info(number, prompts), why, wall());
    ResultRecord { outcome: Outcome::Unknown, attempt: attempts.max(1), ..record }
}
