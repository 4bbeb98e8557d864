//! Joins what the tool received with what was told and what the record says. No part of the product.

use crate::lab::Lab;
use serde_json::Value;
use std::collections::BTreeMap;

/// What may be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Nothing: what is in between is left alone.
    AtMostOnce,
    /// What was in between when its controller was killed.
    AtLeastOnce,
}

/// What has been seen of a run so far.
#[derive(Debug)]
pub(crate) struct Checker {
    pub(crate) items: Vec<String>,
    pub(crate) promise: Promise,
    pub(crate) kills: usize,
}

impl Checker {
    /// After a kill: whatever was told is in the record, and was told once.
    pub(crate) fn after_kill(&self, lab: &Lab) {
        let recorded = exported(lab);
        for (item, outcome) in told(lab) {
            assert_eq!(
                recorded.get(&item),
                Some(&outcome),
                "told and not recorded after {} kills",
                self.kills
            );
        }
        self.resent(lab);
    }

    /// At the end: every job has its one result, and nothing was sent that may not be.
    pub(crate) fn at_end(&self, lab: &Lab) {
        self.after_kill(lab);
        let recorded = exported(lab);
        assert_eq!(recorded.len(), self.items.len(), "lost: {recorded:?}");
        let received = lab.received();
        for (item, outcome) in &recorded {
            let count = received.iter().filter(|prompt| *prompt == item).count();
            match (outcome.as_str(), self.promise) {
                ("ok", Promise::AtMostOnce) => assert_eq!(count, 1, "{item}"),
                ("ok", Promise::AtLeastOnce) => assert!(count >= 1, "{item}"),
                ("unknown", Promise::AtMostOnce) => assert!(count <= 1, "{item}"),
                other => panic!("{item}: {other:?}"),
            }
        }
    }

    /// What was sent again: nothing, or no more than was under way at a kill.
    fn resent(&self, lab: &Lab) {
        let received = lab.received();
        let mut unique = received.clone();
        unique.sort();
        unique.dedup();
        let resent = received.len() - unique.len();
        // Two instances: two jobs at most are under way, and as many whose replies are on their way to the disk.
        let allowed = if self.promise == Promise::AtMostOnce { 0 } else { 4 * self.kills };
        assert!(resent <= allowed, "{resent} were sent again after {} kills", self.kills);
    }
}

/// What was printed, whole lines only: each item once.
fn told(lab: &Lab) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(lab.path("told")).unwrap_or_default();
    let mut told = BTreeMap::new();
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        // A kill may leave half a line, and the next run writes on.
        let Ok(record) = serde_json::from_str::<Value>(line) else { continue };
        let (item, outcome) = pair(&record);
        if outcome == "ok" {
            assert_eq!(told.insert(item.clone(), outcome), None, "{item} was done twice");
        }
    }
    told
}

/// What the records of all runs say about each item that has ended.
fn exported(lab: &Lab) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let runs: Vec<Value> = serde_json::from_str(&lab.run(&["runs", "--json"]).stdout).unwrap();
    for run in runs.iter().filter(|run| run["state"] != "unreadable") {
        let ran = lab.run(&["runs", "export", run["run"].as_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for line in ran.stdout.lines() {
            let (item, outcome) = pair(&serde_json::from_str(line).unwrap());
            assert_eq!(all.insert(item.clone(), outcome), None, "{item} has two results: {runs:#?}");
        }
    }
    all
}

fn pair(record: &Value) -> (String, String) {
    let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
    (text("item"), text("outcome"))
}
