//! Which records of pools may go as a whole.

use super::Pools;
use crate::ledger::LedgerError;
use crate::ledger::folder::FolderError;
use crate::ledger::lock::RunLock;
use crate::ledger::retention::{Old, age, changed, size};
use crate::ledger::store::{LEDGER, LOCK};
use crate::ledger::{rows, schema};
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;

impl Pools {
    /// Those of pools that are down, in which nothing waits to be sent or is in doubt, and to which nothing has happened
    /// for so long. What nobody can read stays.
    ///
    /// # Errors
    /// [`FolderError::System`] if the folder cannot be listed.
    pub fn sweep(&self, keep: Duration, now: Timestamp) -> Result<Vec<Old>, LedgerError> {
        let entries = std::fs::read_dir(&self.folder).map_err(FolderError::system(&self.folder))?;
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        let mut old: Vec<Old> =
            entries.filter_map(name).filter_map(|name| self.old(name, keep, now)).collect();
        old.sort_by_key(|pool| pool.ended);
        Ok(old)
    }

    fn old(&self, name: String, keep: Duration, now: Timestamp) -> Option<Old> {
        let folder = self.folder.join(&name);
        if RunLock::holder(&folder.join(LOCK)).is_some() {
            return None;
        }
        let ledger = folder.join(LEDGER);
        // A controller that was killed has left its last words beside the file.
        let last = changed(&ledger).max(changed(&folder.join(format!("{LEDGER}-wal"))))?;
        let is_old = age(last, now) >= keep && is_settled(&ledger);
        is_old.then(|| Old { name, ended: Some(last), bytes: size(&folder) })
    }
}

fn is_settled(ledger: &Path) -> bool {
    let book = schema::read(ledger).and_then(|connection| rows::load(&connection, ledger));
    book.is_ok_and(|book| book.jobs().all(|(_, job)| job.state().is_terminal()))
}
