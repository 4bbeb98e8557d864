//! Opening a record to read it, on whatever disk it is.
//!
//! Who reads beside a writer shares its index of the log, a file. On a disk without room that file cannot be made, on
//! one that cannot be written it cannot even be opened: then the index is made in memory, by a reader who is alone.

use super::super::LedgerError;
use super::{check, connect, connect_by};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Opens a record for reading, beside its writer.
///
/// # Errors
/// As [`super::open`], without the check of the whole.
pub(in crate::ledger) fn read(path: &Path) -> Result<Connection, LedgerError> {
    match shared(path) {
        // If there is another way: if not, it is this error that counts.
        Err(error) if error.may_pass() => alone(path).or_else(|_| frozen(path)).map_err(|_| error),
        other => other,
    }
}

fn shared(path: &Path) -> Result<Connection, LedgerError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check(&connection, path)?;
    Ok(connection)
}

/// The writer, if there is one, has closed the file because the disk refuses, and waits meanwhile as for the disk. To
/// have the lock takes the right to write; nothing is written.
fn alone(path: &Path) -> Result<Connection, LedgerError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "query_only", true)?;
    exclusively(connection, path)
}

/// Nobody can write here, so that no lock is needed.
fn frozen(path: &Path) -> Result<Connection, LedgerError> {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        let connection = connect_by(path, OpenFlags::SQLITE_OPEN_READ_ONLY, Some("unix-none"))?;
        return exclusively(connection, path);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = connect(Path::new(&immutable(path)), flags)?;
    check(&connection, path)?;
    Ok(connection)
}

fn exclusively(connection: Connection, path: &Path) -> Result<Connection, LedgerError> {
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    check(&connection, path)?;
    Ok(connection)
}

/// The name by which SQLite takes a file for one that nobody changes.
fn immutable(path: &Path) -> PathBuf {
    let mut name = b"file:".to_vec();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'?' | b'#' | b'%' => name.extend(format!("%{byte:02x}").bytes()),
            byte => name.push(*byte),
        }
    }
    name.extend(b"?immutable=1");
    PathBuf::from(OsStr::from_bytes(&name))
}
