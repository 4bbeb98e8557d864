//! The record as a database: what its tables are, and how it is opened.
//!
//! One SQLite file a run. Write-ahead logging with `synchronous=FULL`: what is committed is on the disk, and readers
//! never wait for the writer nor it for them.

mod reading;

pub(super) use reading::read;

use super::{LedgerError, tasks};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// "clst": says that a database is one of ours.
const APPLICATION: i32 = 0x636c_7374;
/// The shape below. A later one is refused, and nothing is touched.
const VERSION: i32 = 1;
/// SQLite before this can corrupt a database that two connections write and checkpoint.
const SOUND: i32 = 3_051_003;
/// For how long a statement waits for a lock that another connection has.
const BUSY: Duration = Duration::from_secs(10);

const TABLES: &str = "
CREATE TABLE run (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    name    TEXT NOT NULL,
    program TEXT NOT NULL,              -- the version of the program that began it
    began   TEXT NOT NULL,              -- RFC 3339, UTC
    folder  BLOB NOT NULL,              -- where it was begun
    words   BLOB NOT NULL,              -- its command line, NUL-terminated words
    plan    TEXT NOT NULL,              -- the same for people
    writes  INTEGER NOT NULL,           -- whether its tools may change anything
    first   BLOB NOT NULL,              -- the identity of its first job
    tools   BLOB NOT NULL,              -- the digest of its tools, with their command lines and models
    epoch   INTEGER NOT NULL,           -- how many controllers have had it
    pid     INTEGER NOT NULL,           -- the last of them
    total   INTEGER,                    -- how many jobs the list has, once that is known
    ended   TEXT                        -- when its last job was settled
) STRICT;
CREATE TABLE job (
    number   INTEGER PRIMARY KEY,       -- in the order in which they were first sent
    identity BLOB NOT NULL,             -- no two alike; without an index, for digests would each change another page
    place    INTEGER NOT NULL,          -- in the list, from 0
    id       TEXT NOT NULL,
    item     TEXT,
    prompts  TEXT NOT NULL              -- a JSON array of what its steps say
) STRICT;
CREATE TABLE event (
    number     INTEGER PRIMARY KEY,
    job        INTEGER NOT NULL REFERENCES job,
    kind       TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    epoch      INTEGER NOT NULL,
    at         TEXT NOT NULL,
    slot       INTEGER,
    generation INTEGER,
    outcome    TEXT,
    record     TEXT                     -- the result of an attempt that is not the last: one JSON object
) STRICT;
CREATE INDEX event_of_job ON event (job);
-- One intent an attempt.
CREATE UNIQUE INDEX one_send ON event (job, attempt) WHERE kind = 'send';
-- One terminal result a job, in each round.
CREATE TABLE result (
    job     INTEGER NOT NULL REFERENCES job,
    round   INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    record  TEXT NOT NULL,              -- one JSON object
    PRIMARY KEY (job, round)
) STRICT;
";

/// A record of before there were logs gets the table when it is gone on with. Who does not know it can do without it, so
/// that it is no other shape.
const LOG: &str = "
-- What a tool printed in a turn, if that is not its reply and a line end.
CREATE TABLE IF NOT EXISTS log (
    job     INTEGER NOT NULL REFERENCES job,
    attempt INTEGER NOT NULL,
    step    INTEGER NOT NULL,           -- from 0
    output  BLOB NOT NULL,              -- head and tail, with a line that says what was cut
    PRIMARY KEY (job, attempt, step)
) STRICT;
";

/// Makes the tables in an empty file.
///
/// # Errors
/// [`LedgerError`] if the disk refuses.
pub(super) fn create(path: &Path) -> Result<Connection, LedgerError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    durable(&connection)?;
    let transaction = connection.unchecked_transaction()?;
    // The tables that always have something in them are last in the file: what is cut off it is missed.
    tasks::begin(&transaction)?;
    transaction.execute_batch(LOG)?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(connection)
}

/// Opens a record that exists, for writing, and checks that it is whole.
///
/// # Errors
/// [`LedgerError::Damaged`], [`LedgerError::Newer`], or what the disk says.
pub(super) fn open(path: &Path) -> Result<Connection, LedgerError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check(&connection, path)?;
    durable(&connection)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(LedgerError::damaged(path, verdict));
    }
    connection.execute_batch(LOG)?;
    tasks::begin(&connection)?;
    Ok(connection)
}

/// Whether there is no database, or one without a table: its making was broken off.
pub(super) fn is_missing(path: &Path) -> bool {
    let begun = || {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        connection.query_row("SELECT EXISTS (SELECT 1 FROM run)", [], |row| row.get::<_, bool>(0)).ok()
    };
    !path.exists() || (is_empty(path) && begun() != Some(true))
}

/// Whether there is a database without a table, or with a run that was never written down, or that has not sent
/// anything: to begin it once more does nothing twice, and to go on with it later would.
pub(super) fn is_empty(path: &Path) -> bool {
    let count = |what: &str| {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        connection.query_row(what, [], |row| row.get::<_, u32>(0)).ok()
    };
    match count("SELECT count(*) FROM sqlite_schema") {
        Some(0) => true,
        Some(_) => count("SELECT EXISTS (SELECT 1 FROM run) AND EXISTS (SELECT 1 FROM event)") == Some(0),
        None => false,
    }
}

fn connect(path: &Path, how: OpenFlags) -> Result<Connection, LedgerError> {
    connect_by(path, how, None)
}

/// The same by another of SQLite's ways to use files.
fn connect_by(path: &Path, how: OpenFlags, files: Option<&str>) -> Result<Connection, LedgerError> {
    if rusqlite::version_number() < SOUND {
        return Err(LedgerError::OldSqlite(rusqlite::version()));
    }
    let flags = how | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = match files {
        None => Connection::open_with_flags(path, flags)?,
        Some(files) => Connection::open_with_flags_and_vfs(path, flags, files)?,
    };
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn durable(connection: &Connection) -> Result<(), LedgerError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

fn check(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, later) if later > VERSION => Err(LedgerError::Newer(path.to_owned())),
        _ => Err(LedgerError::damaged(path, "it is no record of a run, or was never finished being made")),
    }
}
