//! What tools printed, out of a record.

use super::super::log::of_reply;
use super::super::store::LEDGER;
use super::{LedgerError, Run};
use crate::batch::ResultRecord;
use rusqlite::OptionalExtension;
use std::collections::BTreeMap;

/// The end of an attempt with its result, which is in the record of the round that it ended. What came late is taken
/// only where nothing else has.
const ENDED: &str = "
SELECT event.attempt, coalesce(event.record, result.record) FROM event
LEFT JOIN result ON result.job = event.job AND result.round = (
    SELECT count(*) FROM event AS earlier
    WHERE earlier.job = event.job AND earlier.kind = 'retry' AND earlier.number < event.number
)
WHERE event.job = ?1 AND event.kind IN ('end', 'bury', 'again', 'late') AND event.attempt = coalesce(?2, event.attempt)
ORDER BY event.kind = 'late', event.number DESC LIMIT 1";

impl Run {
    /// What the tool printed in each turn of an attempt at a job, from 1; by default of the last that has ended. Of a long
    /// output head and tail, as [`MAX_LOG`](super::super::log::MAX_LOG) has it. Nothing if no such attempt has ended.
    ///
    /// # Errors
    /// [`LedgerError`] if the record is damaged.
    pub fn log(&self, number: u64, attempt: Option<u32>) -> Result<Option<Vec<Vec<u8>>>, LedgerError> {
        let mut ended = self.connection.prepare_cached(ENDED)?;
        let found: Option<(u32, Option<String>)> =
            ended.query_row((number, attempt), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((attempt, Some(record))) = found else { return Ok(None) };
        let record: ResultRecord = serde_json::from_str(&record).map_err(|error| {
            LedgerError::damaged(&self.folder.join(LEDGER), format!("job {number}: {error}"))
        })?;
        let mut kept = self.kept(number, attempt)?;
        let output = |(place, reply): (usize, &str)| kept.remove(&place).unwrap_or_else(|| of_reply(reply));
        Ok(Some(record.steps.iter().map(|step| step.reply.as_str()).enumerate().map(output).collect()))
    }

    /// What was written down of an attempt, by the places of its turns.
    fn kept(&self, number: u64, attempt: u32) -> Result<BTreeMap<usize, Vec<u8>>, LedgerError> {
        // A record of before there were logs has no table for them.
        let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'log')";
        if !self.connection.prepare_cached(exists)?.query_row([], |row| row.get::<_, bool>(0))? {
            return Ok(BTreeMap::new());
        }
        let kept = "SELECT step, output FROM log WHERE job = ? AND attempt = ?";
        let mut kept = self.connection.prepare_cached(kept)?;
        let kept = kept.query_map((number, attempt), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(kept.collect::<rusqlite::Result<_>>()?)
    }
}
