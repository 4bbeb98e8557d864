use super::*;
use pool_core::machine::breaker::Trust;
use pool_core::supervisor::StartTimes;

fn status(slot: u32, state: InstanceState, evidence: &str) -> InstanceStatus {
    InstanceStatus {
        index: SlotId(slot),
        tool_id: "codex".into(),
        state,
        for_ms: 0,
        evidence: evidence.into(),
        job: Some(u64::from(slot)),
        alive: true,
        pid: None,
        generation: 1,
        restarts: 0,
        breaker: Trust::Closed,
        jobs: 0,
        started: StartTimes::default(),
        started_at: None,
        ended_at: None,
        return_code: None,
        last_exit: None,
    }
}

fn asks(slot: u32, words: &str) -> InstanceStatus {
    status(slot, InstanceState::NeedsInput, words)
}

fn works(slot: u32) -> InstanceStatus {
    status(slot, InstanceState::Working, "")
}

/// Which jobs are answered, and how; and whether another question is put.
fn answers(acts: &[Act]) -> (Vec<(u64, bool)>, bool) {
    let answer = |act: &Act| match act {
        Act::Answer { question, yes } => Some((question.job, *yes)),
        Act::Turn | Act::Help => None,
    };
    (acts.iter().filter_map(answer).collect(), acts.contains(&Act::Turn))
}

#[test]
fn one_question_is_put_after_the_other() {
    let mut asking = Asking::default();
    assert_eq!(asking.key(b'y'), [], "nothing is asked");
    assert_eq!(asking.changed(&asks(1, "a?")), [Act::Turn]);
    assert_eq!((asking.changed(&asks(1, "a?")), asking.changed(&asks(2, "b?"))), (vec![], vec![]));
    assert_eq!((asking.first().map(|it| it.words.as_str()), asking.behind()), (Some("a?"), 1));
    assert_eq!((asking.key(b'x'), asking.key(b'\r'), asking.key(b'?')), (vec![], vec![], vec![Act::Help]));
    assert_eq!(answers(&asking.key(b'N')), (vec![(1, false)], true));
    assert_eq!(answers(&asking.key(b'y')), (vec![(2, true)], true));
    assert_eq!(asking.first(), None);
}

#[test]
fn a_question_that_is_over_makes_room_for_the_next() {
    let mut asking = Asking::default();
    for slot in [1, 2, 3] {
        asking.changed(&asks(slot, "?"));
    }
    assert_eq!(asking.changed(&works(2)), [], "it was not the first");
    assert_eq!(asking.changed(&works(1)), [Act::Turn]);
    assert_eq!(asking.first().map(|it| it.job), Some(3));
    // Another one of the same instance stands behind, and is another one.
    assert_eq!(asking.changed(&asks(3, "and this?")), [Act::Turn]);
    assert_eq!(answers(&asking.key(b'y')), (vec![(3, true)], true));
}

#[test]
fn yes_to_everything_is_for_what_waits_and_what_comes() {
    let mut asking = Asking::default();
    for slot in [1, 2] {
        asking.changed(&asks(slot, "?"));
    }
    assert_eq!(answers(&asking.key(b'a')), (vec![(1, true), (2, true)], true));
    assert_eq!(answers(&asking.changed(&asks(3, "rm?"))), (vec![(3, true)], false));
}
