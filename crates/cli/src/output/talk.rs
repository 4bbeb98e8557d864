//! Standard error: what people want to know besides the data.

use super::paint::Paint;
use super::redact;
use super::sanitize;
use super::tally::Tally;
use cluster::batch::ResultRecord;
use std::io::Write;
use std::time::Duration;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Only what went wrong.
    Quiet,
    /// The plan, progress, failures, the end.
    Normal,
    /// Every job.
    Verbose,
    /// What the libraries say for those who look for an error.
    Debug,
}

impl Level {
    /// As `-q` and so many `-v` ask for.
    pub(crate) const fn of(quiet: bool, verbose: u8) -> Self {
        match (quiet, verbose) {
            (true, _) => Self::Quiet,
            (false, 0) => Self::Normal,
            (false, 1) => Self::Verbose,
            (false, _) => Self::Debug,
        }
    }
}

/// How much of a line of foreign text is shown.
pub(super) const WIDTH: usize = 200;

pub(super) struct Talk {
    err: Box<dyn Write>,
    paint: Paint,
    level: Level,
}

impl Talk {
    pub(super) fn new(err: Box<dyn Write>, paint: Paint, level: Level) -> Self {
        Self { err, paint, level }
    }

    pub(super) fn note(&mut self, text: &str) {
        if self.level >= Level::Normal {
            self.line(text);
        }
    }

    /// Whether more is wanted than usual.
    pub(super) fn is_verbose(&self) -> bool {
        self.level >= Level::Verbose
    }

    pub(super) fn progress(&mut self, text: &str) {
        self.note(&self.paint.dim(text));
    }

    pub(super) fn error(&mut self, text: &str) {
        let text = format!("{} {}", self.paint.bad("error:"), sanitize::line(text, 4 * WIDTH));
        self.line(&text);
    }

    pub(super) fn help(&mut self, text: &str) {
        let text = format!("{} {}", self.paint.good("help:"), sanitize::line(text, 4 * WIDTH));
        self.line(&text);
    }

    pub(super) fn remark(&mut self, word: &str, text: &str) {
        self.note(&format!("{} {}", self.paint.dim(&format!("{word}:")), sanitize::line(text, 4 * WIDTH)));
    }

    /// Whether there is anything to say about a job that has ended.
    pub(super) fn cares_for(&self, record: &ResultRecord) -> bool {
        let is_remarkable = !record.warnings.is_empty() || record.truncated || record.context_lost;
        !record.is_ok() || self.level >= Level::Verbose || is_remarkable
    }

    /// One line for a job that failed; for any other only if every job is wanted.
    pub(super) fn ended(&mut self, record: &ResultRecord, total: Option<u64>) {
        self.ended_as(record, &title(record, total));
    }

    /// The same of a job that is called so.
    pub(super) fn ended_as(&mut self, record: &ResultRecord, what: &str) {
        if !record.is_ok() {
            let why = record.error.as_deref().map(|why| format!(": {}", sanitize::line(why, WIDTH)));
            let word = self.paint.bad(record.outcome.word());
            self.line(&format!("{what}: {word}{}", why.unwrap_or_default()));
        } else if self.level >= Level::Verbose {
            let where_to = record.instance.as_ref().map_or(0, |instance| instance.slot);
            let turn = Duration::from_micros(record.turn_us);
            self.line(&format!("{what}: ok in {turn:.1?} on instance {where_to}"));
        }
        if self.level >= Level::Normal {
            self.remarks(record, what);
        }
    }

    fn remarks(&mut self, record: &ResultRecord, what: &str) {
        for warning in &record.warnings {
            self.line(&format!("{what}: warning: {}", sanitize::line(warning, WIDTH)));
        }
        if record.truncated {
            self.line(&format!("{what}: warning: the middle of the reply was cut out, it is too long"));
        }
        if record.context_lost {
            self.line(&format!("{what}: warning: the conversation it was to continue is gone"));
        }
    }

    /// Lines that somebody has asked for, whatever the level; safe already.
    pub(super) fn lines(&mut self, lines: impl IntoIterator<Item = String>) {
        lines.into_iter().for_each(|line| self.line(&line));
    }

    pub(super) fn summary(&mut self, tally: &Tally, wall: Duration) {
        self.note(&format!("{tally} in {wall:.1?}"));
    }

    /// Nobody is left to be told if standard error is gone.
    fn line(&mut self, text: &str) {
        let _ = self.err.write_all(format!("{}\n", redact::hide(text)).as_bytes());
        let _ = self.err.flush();
    }
}

/// `3/12 the item`: which job, for people.
pub(super) fn title(record: &ResultRecord, total: Option<u64>) -> String {
    title_of(record.index, record.item.as_deref().unwrap_or(&record.job), total)
}

/// As [`title`], of a job without a result.
pub(super) fn title_of(index: u64, name: &str, total: Option<u64>) -> String {
    let number = index + 1;
    let number = total.map_or_else(|| number.to_string(), |total| format!("{number}/{total}"));
    let name = redact::hide(name);
    let first = name.trim().lines().next().unwrap_or_default();
    let cut = if first.len() < name.trim().len() { "…" } else { "" };
    format!("{number} {}{cut}", sanitize::line(first, 60))
}
