//! `--junit FILE`: the results as CI systems read them.
//!
//! A suite for the run, a case for each job. The tool's own `error` is a failure, whatever kept a job from a whole reply is
//! an error, what was not run or was taken back is skipped; the type is the outcome's word. Texts are made safe as for a
//! terminal, which is safe for XML as well.

use crate::failure::Failure;
use crate::output::{Shown, sanitize};
use cluster::batch::ResultRecord;
use pool_core::message::Outcome;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{Builder, NamedTempFile};

/// How much of a reply goes into the report, in bytes.
const REPLY: usize = 16 << 10;

/// How much text of replies a report has, in bytes: all of it is in memory until the end.
const ROOM: usize = 64 << 20;

/// How much of a name or a reason is shown, in characters.
const WIDTH: usize = 500;

/// The report of a run.
#[derive(Debug)]
pub(super) struct Junit {
    path: PathBuf,
    suite: TestSuite,
    /// How much more text of replies there may be.
    room: usize,
}

impl Junit {
    /// Checks that there can be a report, and leaves no trace.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let no = |why: &dyn std::fmt::Display| Failure::usage(format!("--junit: {}: {why}", path.display()));
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Err(no(&"is no regular file").help("name a file that is new, or may be replaced"));
        }
        // A link stays a link.
        let path_at_end = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        draft(&path_at_end).map_err(|error| no(&reason(&error)))?;
        Ok(Self { path: path_at_end, suite: TestSuite::new("cluster run"), room: ROOM })
    }

    /// Takes a result in.
    pub(super) fn ended(&mut self, record: &ResultRecord, shown: Shown) {
        let name = word(record.item.as_deref().unwrap_or(&record.job));
        let mut case = TestCase::new(format!("{} {name}", record.index + 1), status(record, shown));
        if let Some(instance) = &record.instance {
            case.set_classname(word(&instance.tool));
        }
        case.set_time(Duration::from_micros(record.turn_us));
        if !record.reply.is_empty() {
            let reply = excerpt(&record.reply, REPLY.min(self.room));
            self.room -= reply.len().min(self.room);
            case.set_system_out(reply);
        }
        self.suite.add_test_case(case);
    }

    /// Puts the report in its place, whole or not at all; else says why.
    pub(super) fn write(mut self, wall: Duration) -> Result<(), String> {
        self.suite.set_time(wall);
        let mut report = Report::new("cluster run");
        report.set_time(wall).add_test_suite(self.suite);
        let put = || {
            let mut file = draft(&self.path)?;
            let mut to = BufWriter::new(file.as_file_mut());
            report.serialize(&mut to).map_err(std::io::Error::other)?;
            to.flush()?;
            drop(to);
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            std::io::Result::Ok(())
        };
        put().map_err(|error| format!("cannot write {}: {}", self.path.display(), reason(&error)))
    }
}

/// A file beside it that goes by itself; for its owner only.
fn draft(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = Builder::new().prefix(".cluster-junit-").tempfile_in(folder)?;
    super::results::keep_private(file.as_file())?;
    Ok(file)
}

/// The system's word, without the name of the draft.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split_once(" at path ").map_or(text.as_str(), |(word, _)| word).to_owned()
}

fn status(record: &ResultRecord, shown: Shown) -> TestCaseStatus {
    let mut status = match (record.outcome, shown) {
        (_, Shown::NotRun) | (Outcome::Cancelled, _) => TestCaseStatus::skipped(),
        (Outcome::Ok, _) => return TestCaseStatus::success(),
        (Outcome::Error, _) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    status.set_type(if shown == Shown::NotRun { "not_run" } else { record.outcome.word() });
    if let Some(error) = &record.error {
        status.set_message(word(error));
    }
    status
}

/// A text in one row.
fn word(text: &str) -> String {
    known(&sanitize::line(text, WIDTH))
}

/// Two characters that no terminal minds are none in XML, not even escaped.
fn known(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// The beginning of a text, safe, with what the library would drop: tabs.
fn excerpt(text: &str, room: usize) -> String {
    let shown = sanitize::start(text, room);
    let safe = known(&sanitize::text(shown).replace('\t', "    "));
    let left = text.len() - shown.len();
    if left == 0 { safe } else { format!("{safe}\n… and {left} bytes more") }
}

#[cfg(test)]
mod tests;
