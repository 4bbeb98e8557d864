//! The results of a run for other programs.

use super::Format;
use super::show::print_each;
use crate::failure::Failure;
use cluster::batch::ResultRecord;
use cluster::ledger::read::{RecordedJob, Run};
use pool_core::message::Outcome;
use std::fmt::Write;

/// Prints the results of the jobs that have ended, in the order of the list, some at a time.
pub(super) fn export(run: &Run, format: Format) -> Result<(), Failure> {
    let head = match format {
        Format::Jsonl => String::new(),
        Format::Csv => {
            "job,index,item,outcome,attempt,started_at,queued_us,turn_us,tool,slot,error,reply\n".to_owned()
        }
        Format::Joblog => {
            "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n".to_owned()
        }
    };
    print_each(run, head, |job, text| {
        let Some(result) = &job.result else { return Ok(()) };
        *text += &match format {
            Format::Jsonl => serde_json::to_string(result).map_err(std::io::Error::from)?,
            Format::Csv => csv(result),
            Format::Joblog => joblog(job, result),
        };
        text.push('\n');
        Ok(())
    })
}

fn csv(result: &ResultRecord) -> String {
    let instance = result.instance.as_ref();
    let fields = [
        result.job.clone(),
        result.index.to_string(),
        result.item.clone().unwrap_or_default(),
        result.outcome.to_string(),
        result.attempt.to_string(),
        result.started_at.to_string(),
        result.queued_us.to_string(),
        result.turn_us.to_string(),
        instance.map(|instance| instance.tool.clone()).unwrap_or_default(),
        instance.map(|instance| instance.slot.to_string()).unwrap_or_default(),
        result.error.clone().unwrap_or_default(),
        result.reply.clone(),
    ];
    fields.map(|field| quoted(&field)).join(",")
}

/// As RFC 4180 wants it.
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// A line of GNU parallel's job log. Jobs have no exit value: it is
/// 0 for success, -1 by signal 15 out of time, as there, and 1 for any other failure.
fn joblog(job: &RecordedJob, result: &ResultRecord) -> String {
    let seconds = |us: u64| format!("{}.{:03}", us / 1_000_000, us / 1000 % 1000);
    let sent: usize = job.prompts.iter().map(String::len).sum();
    let start = u64::try_from(result.started_at.as_microsecond()).unwrap_or_default();
    let mut line = format!("{}\t:\t{}\t{}", result.index + 1, seconds(start), seconds(result.turn_us));
    let (status, signal) = match result.outcome {
        Outcome::Ok => (0, 0),
        Outcome::TimedOut => (-1, 15),
        _ => (1, 0),
    };
    let command = job.item.as_deref().unwrap_or(&job.id).replace(['\t', '\n', '\r'], " ");
    let _ = write!(line, "\t{sent}\t{}\t{status}\t{signal}\t{command}", result.reply.len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_cannot_hold_is_quoted() {
        let table = [("a", "a"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\""), ("", "")];
        for (field, expected) in table {
            assert_eq!(quoted(field), expected);
        }
    }
}
