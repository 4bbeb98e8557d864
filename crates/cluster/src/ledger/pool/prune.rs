//! Tickets that ended long ago leave the record of a pool, which would grow as long as the pool is up.
//!
//! What goes is all that is known of a ticket, but for its number, which is never given again: the record keeps the
//! ranges of numbers that have gone, so that a number that is missing for another reason is found as damage.

use crate::ledger::book::Book;
use crate::ledger::identity::Identities;
use crate::ledger::retention::Retention;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

/// Made when the first ticket goes: most records never have it.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS pruned (
    first INTEGER PRIMARY KEY,          -- a range of jobs of which nothing is kept; none touches another
    last  INTEGER NOT NULL
) STRICT;
";
/// How many tickets are looked at together while a pool is up: nobody is answered meanwhile.
const AT_ONCE: i64 = 4096;

/// Which of those that ended long ago may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger) enum Which {
    /// All: no client knows of any, because the pool is only starting.
    Ended,
    /// Those whose result somebody has read.
    Read,
}

/// Forgets tickets to which nothing has happened for [`Retention::DEFAULT`]'s time; how many. One whose end is not known
/// stays.
///
/// # Errors
/// What the disk says; then nothing has changed.
pub(in crate::ledger) fn prune(
    connection: &Connection,
    book: &mut Book,
    which: Which,
    now: Timestamp,
) -> rusqlite::Result<usize> {
    let Ok(before) = now.checked_sub(Retention::DEFAULT.keep) else { return Ok(0) };
    let before = before.to_string();
    let first = "SELECT at FROM event ORDER BY number LIMIT 1";
    let first: Option<String> = connection.query_row(first, [], |row| row.get(0)).optional()?;
    // The usual case, and cheap.
    if first.is_none_or(|first| first >= before) {
        return Ok(0);
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut old = quiet_since(&transaction, &before, which)?;
    old.retain(|job| book.state(*job).is_some_and(|state| state.is_terminal()));
    if old.is_empty() {
        return Ok(0);
    }
    for job in &old {
        remove(&transaction, *job)?;
    }
    let mut pruned = Pruned::read(&transaction)?;
    old.iter().for_each(|job| pruned.add(*job));
    pruned.write(&transaction)?;
    transaction.commit()?;
    old.iter().for_each(|job| book.forget(Identities::ticket(*job as u64 + 1)));
    Ok(old.len())
}

/// Jobs to which nothing has happened since then.
fn quiet_since(connection: &Connection, before: &str, which: Which) -> rusqlite::Result<Vec<usize>> {
    let ended = "SELECT job FROM event GROUP BY job HAVING max(at) < ?1 ORDER BY job LIMIT ?2";
    let read = "SELECT job FROM event
        WHERE job IN (SELECT job FROM event WHERE kind = 'read' AND at < ?1 ORDER BY number LIMIT ?2)
        GROUP BY job HAVING max(at) < ?1 AND max(number) FILTER (WHERE kind = 'read')
            > max(number) FILTER (WHERE kind NOT IN ('read', 'accept', 'late'))
        ORDER BY job";
    let (quiet, limit) = match which {
        Which::Ended => (ended, -1),
        Which::Read => (read, AT_ONCE),
    };
    let mut quiet = connection.prepare_cached(quiet)?;
    quiet.query_map(params![before, limit], |row| row.get(0))?.collect()
}

fn remove(connection: &Connection, job: usize) -> rusqlite::Result<()> {
    let of_job = [
        "DELETE FROM log WHERE job = ?",
        "DELETE FROM result WHERE job = ?",
        "DELETE FROM event WHERE job = ?",
        "DELETE FROM job WHERE number = ?",
    ];
    for statement in of_job {
        connection.prepare_cached(statement)?.execute([job])?;
    }
    let task = Identities::ticket(job as u64 + 1).0;
    connection.prepare_cached("DELETE FROM task WHERE identity = ?")?.execute([task]).map(drop)
}

/// Jobs of which nothing is kept: ranges, first and last, ascending, none of which touches another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::ledger) struct Pruned(Vec<(usize, usize)>);

impl Pruned {
    /// Of a record, which may never have lost any.
    pub(in crate::ledger) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let is_there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'pruned')";
        if !connection.query_row(is_there, [], |row| row.get::<_, bool>(0))? {
            return Ok(Self::default());
        }
        let mut ranges = connection.prepare("SELECT first, last FROM pruned ORDER BY first")?;
        let ranges = ranges.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        ranges.collect::<rusqlite::Result<_>>().map(Self)
    }

    /// The first job from this one on that is not among them.
    pub(in crate::ledger) fn next_kept(&self, job: usize) -> usize {
        let after = self.0.partition_point(|(_, last)| *last < job);
        self.0.get(after).filter(|(first, _)| *first <= job).map_or(job, |(_, last)| last + 1)
    }

    fn add(&mut self, job: usize) {
        let at = self.0.partition_point(|(first, _)| *first <= job);
        self.0.insert(at, (job, job));
        self.0.dedup_by(|next, range| {
            let touches = next.0 <= range.1 + 1;
            if touches {
                range.1 = range.1.max(next.1);
            }
            touches
        });
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch(TABLE)?;
        connection.execute("DELETE FROM pruned", [])?;
        for (first, last) in &self.0 {
            connection.execute("INSERT INTO pruned VALUES (?, ?)", params![first, last])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn ranges_hold_what_was_added_and_none_touches_another(jobs in proptest::collection::vec(0usize..40, 0..40)) {
            let (mut pruned, mut set) = (Pruned::default(), BTreeSet::new());
            for job in jobs {
                pruned.add(job);
                set.insert(job);
            }
            for job in 0..42 {
                let kept = (job..).find(|job| !set.contains(job)).unwrap();
                prop_assert_eq!(pruned.next_kept(job), kept);
            }
            prop_assert!(pruned.0.windows(2).all(|two| two[0].1 + 1 < two[1].0));
            let connection = Connection::open_in_memory().unwrap();
            prop_assert_eq!(Pruned::read(&connection).unwrap(), Pruned::default());
            pruned.write(&connection).unwrap();
            prop_assert_eq!(Pruned::read(&connection).unwrap(), pruned);
        }
    }
}
