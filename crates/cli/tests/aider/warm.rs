//! What the results of a run say about the time after its instances were warm.

use cluster::batch::ResultRecord;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// How a run went after the last of its instances had begun its first job, to the end of the last job: while an instance
/// was loading does not count, the wait for the last job does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Warm {
    lasted: Duration,
    /// How many jobs were done in that time; of one that was under way at its beginning the rest.
    jobs: f64,
}

impl Warm {
    /// Nothing if there are no jobs, or one that reached no instance.
    pub(crate) fn of(records: &[ResultRecord]) -> Option<Self> {
        let mut first: BTreeMap<u32, Timestamp> = BTreeMap::new();
        for record in records {
            let slot = record.instance.as_ref()?.slot;
            let began = first.entry(slot).or_insert(record.started_at);
            *began = record.started_at.min(*began);
        }
        let since = first.into_values().max()?;
        let end = records.iter().map(end).max()?;
        let jobs = records.iter().map(|record| share_after(record, since)).sum();
        Some(Self { lasted: end.duration_since(since).unsigned_abs(), jobs })
    }

    /// The time that a job took, all instances together.
    pub(crate) fn a_job(&self) -> Duration {
        self.lasted.div_f64(self.jobs)
    }
}

fn end(record: &ResultRecord) -> Timestamp {
    record.started_at + Duration::from_micros(record.turn_us)
}

/// Which part of a job was done after this moment.
fn share_after(record: &ResultRecord, since: Timestamp) -> f64 {
    let after = end(record).duration_since(record.started_at.max(since));
    let whole = end(record).duration_since(record.started_at);
    if whole.is_zero() { 1.0 } else { (after.as_secs_f64() / whole.as_secs_f64()).max(0.0) }
}

#[cfg(test)]
mod tests {
    use cluster::batch::ResultRecord;
    use serde_json::json;

    /// On this slot, sent so many milliseconds after twelve, over so many milliseconds later.
    type Job = (u32, u64, u64);

    fn record((slot, began, took): Job) -> ResultRecord {
        let instance = json!({ "tool": "aider", "version": null, "slot": slot, "generation": 1 });
        let started_at = format!("2026-11-21T12:00:{:02}.{:03}Z", began / 1000, began % 1000);
        serde_json::from_value(json!({
            "schema": "cluster.result/1", "run": "r1", "job": "1", "index": 0, "item": null, "outcome": "ok",
            "reply": "", "steps": [], "instance": instance, "attempt": 1, "started_at": started_at,
            "queued_us": 0, "turn_us": took * 1000, "files": [], "commit": null, "verify": null, "usage": null,
            "context_lost": false, "truncated": false, "warnings": [], "error": null
        }))
        .unwrap()
    }

    #[test]
    fn what_a_job_takes_once_all_are_warm() {
        // What a job takes, in ms.
        let cases: [(&[Job], u128); 5] = [
            (&[(0, 0, 1000), (0, 1000, 1000), (0, 2000, 1000)], 1000),
            // What is between jobs counts.
            (&[(0, 0, 1000), (0, 1100, 1000)], 1050),
            (&[(0, 0, 1000), (1, 0, 1000), (0, 1000, 1000), (1, 1000, 1000)], 500),
            // In the 1.5 s after the second one began: half a job, and two whole ones.
            (&[(0, 0, 1000), (0, 1000, 1000), (0, 2000, 1000), (1, 1500, 1000)], 600),
            // The wait for the last job counts: two jobs in 3 s.
            (&[(0, 0, 1000), (1, 0, 3000)], 1500),
        ];
        for (jobs, takes) in cases {
            let records: Vec<_> = jobs.iter().copied().map(record).collect();
            assert_eq!(super::Warm::of(&records).unwrap().a_job().as_millis(), takes, "{jobs:?}");
        }
    }

    #[test]
    fn nothing_is_said_without_an_instance() {
        let unsent = ResultRecord { instance: None, ..record((0, 0, 1000)) };
        assert!(super::Warm::of(&[]).is_none() && super::Warm::of(&[record((0, 0, 1000)), unsent]).is_none());
    }
}
