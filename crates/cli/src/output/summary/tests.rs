use super::*;
use crate::output::Shown;
use crate::output::states::tests::status;
use cluster::batch::ResultRecord;
use cluster::batch::plan::JobInfo;
use insta::assert_snapshot;
use pool_core::message::SlotId;
use pool_core::supervisor::InstanceState;

fn started(slot: u32, spawned: Option<u64>, ready: Option<u64>, warm: Option<u64>) -> InstanceStatus {
    let started = StartTimes { spawned_us: spawned, ready_us: ready, warm_us: warm };
    InstanceStatus { index: SlotId(slot), started, ..status(InstanceState::Ready, "") }
}

fn tally(turns: &[u64]) -> Tally {
    let mut tally = Tally::default();
    for turn_us in turns {
        let now = "2026-11-21T03:00:00Z".parse().unwrap();
        let record = ResultRecord::refused(JobInfo::default(), String::new(), now);
        tally.add(&ResultRecord { turn_us: *turn_us, ..record }, Shown::Whole);
    }
    tally
}

fn said(starts: &[InstanceStatus], turns: &[u64], wall: Duration) -> String {
    let mut seen = Starts::default();
    starts.iter().for_each(|status| seen.changed(status));
    lines(&seen, &tally(turns), wall).join("\n")
}

#[test]
fn what_the_pool_was_good_for() {
    let starts = [
        started(0, Some(4000), None, None),
        started(0, Some(4000), Some(410_000), Some(1_200_000)),
        started(1, Some(9000), Some(300_000), None),
        // A later life does not count.
        started(1, Some(99_000_000), Some(99_000_000), None),
        started(2, None, None, None),
    ];
    assert_snapshot!(said(&starts, &[60_000_000, 65_000_000], Duration::from_secs(70)), @r"
    instances: 2 spawned in 9.0ms, 2 ready in 410.0ms, 1 warm in 1.2s at most
    one instance: about 125.4s, 1.8 times as long (an estimate from all turns)
    ");
}

#[test]
fn what_would_be_no_news_is_not_said() {
    let one = [started(0, Some(4000), Some(5000), None)];
    assert_snapshot!(said(&one, &[1_000_000, 1_000_000], Duration::from_secs(2)), @r"instances: 1 spawned in 4.0ms, 1 ready in 5.0ms at most");
    assert_eq!(said(&[], &[], Duration::ZERO), "");
    let both = [one[0].clone(), started(1, None, None, None)];
    assert_eq!(said(&both, &[5], Duration::from_secs(1)).lines().count(), 1, "one job shows nothing");
}
