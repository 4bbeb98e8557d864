//! What hooks are told.

use crate::batch::ResultRecord;
use crate::batch::clock::wall;
use crate::batch::plan::JobInfo;
use crate::batch::result::InstanceRecord;
use pool_core::message::Outcome;
use pool_core::supervisor::InstanceStatus;
use serde::Serialize;
use std::collections::BTreeMap;

/// How much of a foreign text an event has, in characters: an item may be the whole of a file.
pub const TEXT: usize = 4096;

/// Something that happened: one JSON object, on one line. What is not known is `null`, never left out.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(title = "cluster.event/1")]
pub struct Event {
    /// Always `cluster.event/1`: a later shape has another number.
    pub schema: Schema,
    /// When; RFC 3339, UTC.
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub happened: Happened,
}

/// The name of the shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub enum Schema {
    /// The first shape.
    #[serde(rename = "cluster.event/1")]
    Event1,
}

/// What happened, and to whom. Texts have 4,096 characters at most.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happened {
    /// A run has ended.
    RunDone {
        /// The code that the program ends with.
        exit: u8,
        /// How many jobs have ended at all.
        jobs: u64,
        /// How many ended how; those that were not run because the pool gave up are in `jobs` only.
        outcomes: BTreeMap<String, u64>,
        /// How long it took, in µs.
        wall_us: u64,
    },
    /// A job has ended, and not well.
    JobFailed {
        /// Its id in the list, or its number from 1.
        job: String,
        /// Its place in the input, from 0.
        index: u64,
        /// The item it was made from.
        item: Option<String>,
        /// How it ended.
        outcome: Outcome,
        /// Why.
        error: Option<String>,
        /// Which attempt this was, from 1.
        attempt: u32,
        /// Who had it; null if it reached no instance.
        instance: Option<InstanceRecord>,
        /// From the first byte to the end of the last turn, in µs.
        turn_us: u64,
    },
    /// A tool asks, and nobody answers.
    NeedsInput {
        /// Its slot.
        slot: u32,
        /// Its name.
        tool: String,
        /// The id of the job that it has.
        job: Option<String>,
        /// The job's place in the input, from 0.
        index: Option<u64>,
        /// The item that the job was made from.
        item: Option<String>,
        /// What it asks.
        evidence: String,
    },
}

impl Event {
    /// A job has ended.
    #[must_use]
    pub fn job_failed(record: &ResultRecord) -> Self {
        Self::now(Happened::JobFailed {
            job: short(&record.job),
            index: record.index,
            item: record.item.as_deref().map(short),
            outcome: record.outcome,
            error: record.error.as_deref().map(short),
            attempt: record.attempt,
            instance: record.instance.clone(),
            turn_us: record.turn_us,
        })
    }

    /// An instance asks; `job` is the one that it has.
    #[must_use]
    pub fn needs_input(status: &InstanceStatus, job: Option<&JobInfo>) -> Self {
        Self::now(Happened::NeedsInput {
            slot: status.index.0,
            tool: status.tool_id.clone(),
            job: job.map(|job| short(&job.id)),
            index: job.map(|job| job.index),
            item: job.and_then(|job| job.item.as_deref()).map(short),
            evidence: short(&status.evidence),
        })
    }

    /// This, at this time of day.
    #[must_use]
    pub fn now(happened: Happened) -> Self {
        Self { schema: Schema::Event1, at: wall().to_string(), happened }
    }

    /// The line of JSON, with its end.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        // Nothing in it can fail: its keys are texts.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

fn short(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_json() {
        let info =
            JobInfo { index: 2, id: "3".into(), item: Some("a\nb".repeat(TEXT)), ..JobInfo::default() };
        let record =
            ResultRecord::refused(info, "no \u{1b}[2J".into(), "2026-11-21T03:00:00Z".parse().unwrap());
        let mut event = Event::job_failed(&record);
        event.at = "2026-11-21T03:00:00Z".into();
        if let Happened::JobFailed { item, .. } = &mut event.happened {
            assert_eq!(item.take().map(|item| item.chars().count()), Some(TEXT));
        }
        let line = String::from_utf8(event.line()).unwrap();
        insta::assert_snapshot!(line, @r#"{"schema":"cluster.event/1","at":"2026-11-21T03:00:00Z","event":"job_failed","job":"3","index":2,"item":null,"outcome":"refused","error":"no \u001b[2J","attempt":1,"instance":null,"turn_us":0}"#);
    }
}
