//! What services call the tasks that jobs have become: kept with the intent, so that whoever goes on with the run asks after
//! a task instead of submitting it again.

use super::LedgerError;
use super::book::Entry;
use super::identity::Identity;
use super::machine::{Machine, State};
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::sync::Arc;

/// A record of an earlier program has no such table: it gets one when it is gone on with.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS task (
    identity BLOB NOT NULL PRIMARY KEY, -- of the job
    attempt  INTEGER NOT NULL,
    id       TEXT NOT NULL              -- what the service calls it
) STRICT, WITHOUT ROWID;
";

/// A task that is to be written.
#[derive(Debug)]
pub(super) struct Task {
    identity: Identity,
    attempt: u32,
    id: Arc<str>,
}

/// Tasks that the record has, by their jobs.
pub(super) type Tasks = HashMap<Identity, (u32, String)>;

impl Task {
    /// What this attempt has become, or asks after.
    pub(super) const fn of(entry: &Entry, attempt: u32, id: Arc<str>) -> Self {
        Self { identity: entry.identity, attempt, id }
    }

    /// Writes it; twice does no harm.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let insert = "INSERT OR REPLACE INTO task VALUES (?, ?, ?)";
        connection
            .prepare_cached(insert)?
            .execute(params![self.identity.0, self.attempt, &*self.id])
            .map(drop)
    }
}

/// Makes the table, if it is not there.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLE)
}

/// Reads them back.
///
/// # Errors
/// [`LedgerError`] if the record is damaged.
pub(super) fn read(connection: &Connection) -> Result<Tasks, LedgerError> {
    let mut tasks = connection.prepare("SELECT identity, attempt, id FROM task")?;
    let tasks = tasks.query_map([], |row| Ok((Identity(row.get(0)?), (row.get(1)?, row.get(2)?))))?;
    Ok(tasks.collect::<rusqlite::Result<_>>()?)
}

/// The task of a job that was sent and not heard of again, if it has one step: of several it is not known which it was.
pub(super) fn to_ask_after(
    tasks: &mut Tasks,
    identity: Identity,
    machine: Machine,
    prompts: &[String],
) -> Option<String> {
    let (attempt, id) = tasks.remove(&identity)?;
    let is_lost = machine.state() == State::Unknown && machine.attempts() == attempt;
    (is_lost && prompts.len() == 1).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::machine::{Event, Fate, Placed};
    use pool_core::message::{Outcome, SlotId};

    const JOB: Identity = Identity([7; 32]);

    fn after(events: &[Event]) -> Machine {
        events.iter().fold(Machine::new(), |machine, event| machine.after(*event).unwrap())
    }

    #[test]
    fn tasks_are_read_back_as_they_were_written_last() {
        let connection = Connection::open_in_memory().unwrap();
        begin(&connection).unwrap();
        begin(&connection).unwrap();
        for (attempt, id) in [(1, "a"), (2, "b"), (2, "b")] {
            Task { identity: JOB, attempt, id: id.into() }.write(&connection).unwrap();
        }
        assert_eq!(read(&connection).unwrap(), Tasks::from([(JOB, (2, "b".to_owned()))]));
    }

    #[test]
    fn a_task_is_asked_after_if_nobody_knows_how_its_attempt_ended() {
        let send = Event::Send(Placed { slot: SlotId(0), generation: 1 });
        let end = Event::End { attempt: 1, outcome: Outcome::Error, fate: Fate::Final };
        let table = [
            (vec![send, Event::Orphan], 1, true),
            (vec![send, send, Event::Orphan], 2, true),
            (vec![send, send, Event::Orphan], 1, false),
            (vec![send, end], 1, false),
            (vec![send], 1, false),
        ];
        let prompts = ["one".to_owned(), "two".to_owned()];
        for (events, attempt, expected) in table {
            for (count, expected) in [(1, expected), (2, false)] {
                let mut tasks = Tasks::from([(JOB, (attempt, "t".to_owned()))]);
                let found = to_ask_after(&mut tasks, JOB, after(&events), &prompts[..count]);
                assert_eq!(found.is_some(), expected, "{events:?} {attempt} {count}");
            }
        }
    }
}
