//! The record of one job: the one shape in which results leave the program.

use super::plan::JobInfo;
use jiff::Timestamp;
use pool_core::JobError;
use pool_core::message::{CompletedBy, JobResult, Outcome, Reply, StepReply, Usage};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How one job ended: one JSON object, on one line of its own.
///
/// What is not known is `null` or empty, never left out. Times are microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(title = "cluster.result/1")]
pub struct ResultRecord {
    /// Always `cluster.result/1`: a later shape has another number.
    pub schema: Schema,
    /// The run it belongs to, if the run is recorded.
    pub run: Option<String>,
    /// The job's id in the list, or its number from 1.
    pub job: String,
    /// The job's place in the input, from 0.
    pub index: u64,
    /// The item the job was made from.
    pub item: Option<String>,
    /// How it ended; only `ok` is success.
    pub outcome: Outcome,
    /// The text of the last turn; empty if no turn ended.
    pub reply: String,
    /// The turns that ended, in order.
    pub steps: Vec<StepRecord>,
    /// Who answered; null if the job reached no instance.
    pub instance: Option<InstanceRecord>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When the first byte was sent, or would have been; RFC 3339, UTC.
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// From submission to the first byte.
    pub queued_us: u64,
    /// From the first byte to the end of the last turn.
    pub turn_us: u64,
    /// Files that the job changed.
    pub files: Vec<String>,
    /// The commit that holds its changes.
    pub commit: Option<String>,
    /// What the check of its work said.
    pub verify: Option<String>,
    /// What the tool measured; null if it measures nothing. Never estimated.
    pub usage: Option<Usage>,
    /// The conversation that the job was to continue was gone.
    pub context_lost: bool,
    /// The middle of a reply was cut out because it was too long.
    pub truncated: bool,
    /// Things worth knowing that did not change the outcome.
    pub warnings: Vec<String>,
    /// Why, if the outcome is not `ok`.
    pub error: Option<String>,
}

/// The name of the shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Schema {
    /// The first shape.
    #[serde(rename = "cluster.result/1")]
    Result1,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepRecord {
    /// What was said; empty if it was not a step of the job's own.
    pub prompt: String,
    /// What came back.
    pub reply: String,
    /// The rule that ended the turn.
    pub completed_by: CompletedBy,
    /// What matched.
    pub evidence: String,
    /// From the first byte to the end of the turn.
    pub turn_us: u64,
}

/// Which process answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstanceRecord {
    /// The tool's name.
    pub tool: String,
    /// The tool's version, where known.
    pub version: Option<String>,
    /// The slot.
    pub slot: u32,
    /// How many lives the slot has had.
    pub generation: u32,
}

impl ResultRecord {
    /// The record of a job that was submitted at `submitted`, and took so many attempts.
    #[must_use]
    pub fn new(info: JobInfo, result: JobResult, submitted: Timestamp, attempt: u32) -> Self {
        let record = match result {
            Ok(reply) => Self::of_reply(info, reply, submitted),
            Err(error) => Self::unsent(info, outcome(&error), error.to_string(), submitted),
        };
        Self { attempt, ..record }
    }

    /// The record of a job that was refused before anybody saw it.
    #[must_use]
    pub fn refused(info: JobInfo, reason: String, now: Timestamp) -> Self {
        Self::unsent(info, Outcome::Refused, reason, now)
    }

    /// The record of the same job without what came of it, for when that could not be put on disk.
    pub(super) fn untold(&self) -> Self {
        let error = Some("its result could not be recorded".to_owned());
        Self { error, ..Self::blank(self.index, self.job.clone(), self.item.clone(), self.started_at) }
    }

    /// Every text of it that may come from a tool or an item.
    pub fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let steps = self.steps.iter_mut();
        let steps = steps.flat_map(|step| [&mut step.prompt, &mut step.reply, &mut step.evidence]);
        let own = [&mut self.job, &mut self.reply].into_iter().chain(&mut self.item).chain(&mut self.error);
        own.chain(&mut self.verify).chain(&mut self.files).chain(&mut self.warnings).chain(steps)
    }

    /// Whether the job succeeded.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.outcome == Outcome::Ok
    }

    /// How many bytes of text it holds, roughly: what a buffer of records counts.
    #[must_use]
    pub fn weight(&self) -> usize {
        let steps: usize = self.steps.iter().map(|step| step.prompt.len() + step.reply.len()).sum();
        size_of::<Self>() + self.reply.len() + steps + self.item.as_ref().map_or(0, String::len)
    }

    fn of_reply(info: JobInfo, reply: Reply, submitted: Timestamp) -> Self {
        let queued = micros(reply.timings.queued);
        let record = Self {
            outcome: reply.outcome,
            reply: reply.text().to_owned(),
            instance: Some(InstanceRecord {
                tool: reply.instance.tool.to_string(),
                version: reply.instance.version.as_ref().map(ToString::to_string),
                slot: reply.instance.slot.0,
                generation: reply.instance.generation,
            }),
            queued_us: queued,
            turn_us: micros(reply.timings.turn),
            usage: Usage::total(&reply.steps),
            truncated: reply.is_truncated(),
            context_lost: reply.context_lost,
            started_at: submitted.checked_add(Duration::from_micros(queued)).unwrap_or(submitted),
            ..Self::blank(info.index, info.id, info.item, submitted)
        };
        let prompts = info.prompts.into_iter().chain(std::iter::repeat_with(String::new));
        let steps = reply.steps.into_iter().zip(prompts).map(|(step, prompt)| StepRecord::new(step, prompt));
        Self { steps: steps.collect(), warnings: reply.warnings, error: reply.error, ..record }
    }

    fn unsent(info: JobInfo, outcome: Outcome, error: String, at: Timestamp) -> Self {
        Self { outcome, error: Some(error), ..Self::blank(info.index, info.id, info.item, at) }
    }

    const fn blank(index: u64, job: String, item: Option<String>, started_at: Timestamp) -> Self {
        Self {
            schema: Schema::Result1,
            run: None,
            job,
            index,
            item,
            outcome: Outcome::Unknown,
            reply: String::new(),
            steps: Vec::new(),
            instance: None,
            attempt: 1,
            started_at,
            queued_us: 0,
            turn_us: 0,
            files: Vec::new(),
            commit: None,
            verify: None,
            usage: None,
            context_lost: false,
            truncated: false,
            warnings: Vec::new(),
            error: None,
        }
    }
}

impl StepRecord {
    fn new(step: StepReply, prompt: String) -> Self {
        Self {
            prompt,
            reply: step.text,
            completed_by: step.completed_by,
            evidence: step.evidence,
            turn_us: micros(step.turn),
        }
    }
}

/// The word for a job that brought no reply.
#[must_use]
pub const fn outcome(error: &JobError) -> Outcome {
    match error {
        JobError::Overloaded { .. } | JobError::Unavailable(_) | JobError::GivenUp(_) => Outcome::Refused,
        JobError::Lost { .. } => Outcome::Lost,
        JobError::Cancelled | JobError::Closed => Outcome::Cancelled,
    }
}

/// Whether the job has come back, and is still to be done: nothing of its last attempt was sent, and the pool had not
/// refused it for good.
#[must_use]
pub const fn is_back(result: &JobResult) -> bool {
    matches!(result, Err(JobError::Cancelled | JobError::Closed | JobError::GivenUp(_)))
}

/// The sum over the steps, of what was measured at all.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
