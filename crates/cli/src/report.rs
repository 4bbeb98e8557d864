//! What a run leaves in files, besides what it prints: a JUnit report, and a folder of results.
//!
//! Every result is taken in as it leaves the runner, whether or not anybody reads standard output. A file that cannot be
//! written is told once, and is a failure of the run, because somebody waits for it.

mod junit;
mod results;

use crate::failure::Failure;
use crate::output::Shown;
use cluster::batch::ResultRecord;
use junit::Junit;
use results::Results;
use std::path::PathBuf;
use std::time::Duration;

/// Where the user wants results besides standard output.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// The file of the JUnit report.
    pub(crate) junit: Option<PathBuf>,
    /// The folder of results.
    pub(crate) results: Option<PathBuf>,
    /// What the run does, in words: a folder that an earlier run of the same left is taken again.
    pub(crate) of: String,
}

/// The files of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    junit: Option<Junit>,
    results: Option<Results>,
    /// Why something could not be written; the first reason.
    error: Option<String>,
}

impl Report {
    /// Opens what is wanted, before anything starts.
    pub(crate) fn open(wanted: &Wanted) -> Result<Self, Failure> {
        Ok(Self {
            junit: wanted.junit.as_deref().map(Junit::open).transpose()?,
            results: wanted.results.as_deref().map(|folder| Results::open(folder, &wanted.of)).transpose()?,
            error: None,
        })
    }

    /// Takes a result in.
    pub(crate) fn ended(&mut self, record: &ResultRecord, shown: Shown) {
        if let Some(junit) = &mut self.junit {
            junit.ended(record, shown);
        }
        if let Some(results) = &mut self.results
            && let Err(error) = results.write(record)
        {
            let place = results.place(record);
            self.error.get_or_insert(format!("cannot write results to {}: {error}", place.display()));
        }
    }

    /// Writes what is written at the end; the first reason why something is not there.
    pub(crate) fn finish(&mut self, wall: Duration) -> Option<String> {
        if let Some(junit) = self.junit.take()
            && let Err(reason) = junit.write(wall)
        {
            self.error.get_or_insert(reason);
        }
        self.error.take()
    }
}
