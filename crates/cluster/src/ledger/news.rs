//! What happens to a run as a whole, beside its jobs: who had it, what held it up.

use super::LedgerError;
use super::tasks::Task;
use jiff::Timestamp;
use pool_core::message::Generation;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A record of an earlier program has no such table: it gets one with its next controller.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS news (
    epoch  INTEGER NOT NULL,            -- the controller whose news it is
    number INTEGER NOT NULL,            -- in its order, from 0
    at     TEXT NOT NULL,               -- RFC 3339, UTC
    news   TEXT NOT NULL,               -- one JSON object
    PRIMARY KEY (epoch, number)
) STRICT;
";

/// Something that happened to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum News {
    /// A controller took it up.
    Began {
        /// Its process id.
        pid: u32,
    },
    /// The controller let go of it in order.
    Left,
    /// A usage limit holds an account, or holds it longer than was said before.
    Limited {
        /// Whose limit it is.
        account: String,
        /// The tools that it holds.
        tools: Vec<String>,
        /// When they are tried again.
        until: Timestamp,
        /// In the tool's own words.
        reason: String,
    },
    /// The limit of this account is over.
    Unlimited {
        /// Whose limit it was.
        account: String,
    },
    /// An instance ended, and was not asked to.
    Ended {
        /// Its index.
        instance: u32,
        /// Its life.
        generation: Generation,
        /// Its tool.
        tool: String,
        /// How, and what is done about it.
        how: String,
    },
    /// A tool was given up: no instance of it is left, and none comes.
    GivenUp {
        /// Which one, and why.
        reason: String,
    },
    /// The disk took no more; nothing is sent until there is room.
    Full {
        /// What the disk said.
        reason: String,
    },
    /// The disk has room again.
    Room,
    /// What a later program knows.
    #[serde(other)]
    Other,
}

/// News as the record has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// Which controller of the run, from 1.
    pub controller: u32,
    /// What.
    pub news: News,
    /// The job that an instance had which ended: its number in the list from 1, and what the user calls it.
    pub job: Option<(u64, String)>,
}

/// What a record says of the run as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chronicle {
    /// In order.
    pub told: Vec<Told>,
    /// When each controller, from 1, was last heard of.
    pub last_heard: BTreeMap<u32, Timestamp>,
    /// How many jobs a controller, from 1, had under way when it was gone without a word.
    pub orphans: BTreeMap<u32, u64>,
}

/// News of a controller that are to be written, in order.
#[derive(Debug)]
pub(super) struct Notes {
    /// The number of the first of them.
    first: u32,
    waiting: Vec<(Timestamp, News)>,
    /// What jobs have become at services.
    tasks: Vec<Task>,
}

impl Notes {
    /// Of a controller whose beginning is written.
    pub(super) const fn new() -> Self {
        Self { first: 1, waiting: Vec::new(), tasks: Vec::new() }
    }

    pub(super) fn add(&mut self, at: Timestamp, news: News) {
        self.waiting.push((at, news));
    }

    /// What a job has become at a service.
    pub(super) fn submitted(&mut self, task: Option<Task>) {
        self.tasks.extend(task);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.tasks.is_empty()
    }

    /// Writes them; twice does no harm.
    pub(super) fn write(&self, connection: &Connection, epoch: u32) -> rusqlite::Result<()> {
        for (number, (at, news)) in (self.first..).zip(&self.waiting) {
            insert(connection, (epoch, number), *at, news)?;
        }
        self.tasks.iter().try_for_each(|task| task.write(connection))
    }

    /// They are on disk.
    pub(super) fn written(&mut self) {
        self.first = self.first.saturating_add(u32::try_from(self.waiting.len()).unwrap_or(u32::MAX));
        self.waiting.clear();
        self.tasks.clear();
    }
}

/// A controller of this epoch takes the run up.
pub(super) fn begin(connection: &Connection, epoch: u32, at: Timestamp, pid: u32) -> rusqlite::Result<()> {
    connection.execute_batch(TABLE)?;
    insert(connection, (epoch, 0), at, &News::Began { pid })
}

fn insert(
    connection: &Connection,
    (epoch, number): (u32, u32),
    at: Timestamp,
    news: &News,
) -> rusqlite::Result<()> {
    let text = serde_json::to_string(news).unwrap_or_default();
    let insert = "INSERT OR IGNORE INTO news VALUES (?, ?, ?, ?)";
    connection.prepare_cached(insert)?.execute(params![epoch, number, at.to_string(), text]).map(drop)
}

/// Reads them back; none from a record that never had any.
///
/// # Errors
/// [`LedgerError`] if the record is damaged.
pub(super) fn read(connection: &Connection) -> Result<Chronicle, LedgerError> {
    let is_there = "SELECT count(*) FROM sqlite_schema WHERE name = 'news'";
    if connection.query_row(is_there, [], |row| row.get::<_, u32>(0))? == 0 {
        return Ok(Chronicle::default());
    }
    let mut chronicle = Chronicle::default();
    let mut found = connection.prepare("SELECT at, epoch, news FROM news ORDER BY epoch, number")?;
    let mut found = found.query([])?;
    while let Some(row) = found.next()? {
        let (at, controller, text): (String, u32, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // What cannot be read tells nothing, and is no reason to hide the rest.
        if let (Ok(at), Ok(news)) = (at.parse(), serde_json::from_str(&text)) {
            let job = job_of(connection, controller, &news)?;
            chronicle.told.push(Told { at, controller, news, job });
        }
    }
    chronicle.last_heard = each(
        connection,
        "SELECT epoch, max(at) FROM (SELECT epoch, at FROM event UNION ALL SELECT epoch, at FROM news) GROUP BY epoch",
        |text: String| text.parse().ok(),
    )?;
    // They are found and counted by the controller that comes after.
    let orphans = "SELECT epoch - 1, count(*) FROM event WHERE kind = 'orphan' GROUP BY epoch";
    chronicle.orphans = each(connection, orphans, Some)?;
    Ok(chronicle)
}

/// The job that an instance had which ended: the last one that was sent to it, unless that ended well.
fn job_of(connection: &Connection, epoch: u32, news: &News) -> rusqlite::Result<Option<(u64, String)>> {
    let News::Ended { instance, generation, .. } = news else { return Ok(None) };
    let find = "SELECT place + 1, coalesce(item, id), EXISTS (SELECT 1 FROM event AS later
            WHERE later.job = event.job AND later.attempt = event.attempt AND later.outcome = 'ok')
        FROM event JOIN job ON job.number = event.job
        WHERE kind = 'send' AND epoch = ? AND slot = ? AND generation = ? ORDER BY event.number DESC LIMIT 1";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(2)?, (row.get(0)?, row.get(1)?)));
    let found = connection.prepare_cached(find)?.query_row(params![epoch, instance, generation], row);
    let found: Option<(bool, (u64, String))> = found.optional()?;
    Ok(found.filter(|(ended_well, _)| !ended_well).map(|(_, job)| job))
}

/// What the statement says for each controller.
fn each<T: rusqlite::types::FromSql, V>(
    connection: &Connection,
    statement: &str,
    value: impl Fn(T) -> Option<V>,
) -> rusqlite::Result<BTreeMap<u32, V>> {
    let mut statement = connection.prepare(statement)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, T>(1)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(rows.into_iter().filter_map(|(epoch, found)| Some((epoch, value(found)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = "CREATE TABLE job (number, place, id, item);
        CREATE TABLE event (number, job, kind, attempt, epoch, at, slot, generation, outcome)";
    const EVENTS: &str = "INSERT INTO job VALUES (0, 4, '5', 'a.py'), (1, 5, '6', 'b.py');
        INSERT INTO event VALUES
            (1, 0, 'send', 1, 1, '2026-11-21T22:00:05Z', 0, 1, NULL),
            (2, 1, 'send', 1, 1, '2026-11-21T22:00:06Z', 0, 2, NULL),
            (3, 1, 'end', 1, 1, '2026-11-21T22:00:06Z', NULL, NULL, 'ok'),
            (4, 0, 'orphan', 1, 2, '2026-11-21T22:00:09Z', NULL, NULL, NULL)";

    #[test]
    fn news_are_read_back_in_order_and_written_once() {
        let connection = Connection::open_in_memory().unwrap();
        assert_eq!(read(&connection).unwrap(), Chronicle::default(), "a record without the table");
        connection.execute_batch(TABLES).unwrap();
        let at = |second: u32| format!("2026-11-21T22:00:{second:02}Z").parse::<Timestamp>().unwrap();
        begin(&connection, 1, at(0), 7).unwrap();
        let mut notes = Notes::new();
        notes.add(at(1), News::Full { reason: "full".into() });
        notes.write(&connection, 1).unwrap();
        notes.write(&connection, 1).unwrap();
        notes.written();
        notes.add(at(2), News::Room);
        for (second, generation) in [(6, 1), (7, 2)] {
            let (tool, how) = ("aider".into(), "it exited with code 3".into());
            notes.add(at(second), News::Ended { instance: 0, generation, tool, how });
        }
        notes.write(&connection, 1).unwrap();
        begin(&connection, 2, at(9), 8).unwrap();
        connection.execute_batch(EVENTS).unwrap();
        let chronicle = read(&connection).unwrap();
        let told: Vec<_> = chronicle
            .told
            .iter()
            .map(|told| {
                let word = serde_json::to_value(&told.news).unwrap()["what"].as_str().unwrap().to_owned();
                (told.controller, word, told.job.as_ref().map(|(number, name)| format!("{number} {name}")))
            })
            .collect();
        let expected = [
            (1, "began", None),
            (1, "full", None),
            (1, "room", None),
            (1, "ended", Some("5 a.py")),
            (1, "ended", None),
            (2, "began", None),
        ];
        let expected = expected.map(|(epoch, word, job)| (epoch, word.to_owned(), job.map(str::to_owned)));
        assert_eq!(told, expected, "an instance that ended after a job went well had none");
        assert_eq!(chronicle.last_heard, BTreeMap::from([(1, at(7)), (2, at(9))]));
        assert_eq!(chronicle.orphans, BTreeMap::from([(1, 1)]));
    }

    #[test]
    fn what_a_later_program_tells_is_passed_over() {
        assert_eq!(serde_json::from_str::<News>(r#"{"what":"eclipse","of":"moon"}"#).unwrap(), News::Other);
    }
}
