//! What the database is asked on the way: whose it is, whether a group got in after all.

use super::ListEnd;
use crate::batch::clock::wall;
use rusqlite::Connection;

/// Whose record it is now.
pub(super) fn epoch(connection: &Connection) -> rusqlite::Result<u32> {
    connection.prepare_cached("SELECT epoch FROM run")?.query_row([], |row| row.get(0))
}

/// Whether the group was committed after all, although its writer was told otherwise.
pub(super) fn holds(connection: &Connection, last_event: i64) -> rusqlite::Result<bool> {
    let last: Option<i64> = connection.query_row("SELECT max(number) FROM event", [], |row| row.get(0))?;
    Ok(last.unwrap_or_default() >= last_event)
}

pub(super) fn close(connection: &Connection, list: ListEnd, finished: bool) -> rusqlite::Result<()> {
    connection.execute("UPDATE run SET total = coalesce(?, total)", [list.total])?;
    if finished {
        connection.execute("UPDATE run SET ended = ?", [wall().to_string()])?;
    }
    Ok(())
}
