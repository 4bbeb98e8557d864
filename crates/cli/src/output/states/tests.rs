use super::*;
use cluster::inside::Why;
use insta::assert_snapshot;
use pool_core::instance::{Heard, Inside};
use pool_core::machine::breaker::Trust;
use pool_core::message::SlotId;
use pool_core::process::look::Seen;
use pool_core::supervisor::{InstanceDump, StartTimes};

/// An instance in this state.
pub(in crate::output) fn status(state: InstanceState, evidence: &str) -> InstanceStatus {
    InstanceStatus {
        started_at: None,
        ended_at: None,
        return_code: None,
        index: SlotId(2),
        tool_id: "aider".into(),
        state,
        for_ms: 12_300,
        evidence: evidence.into(),
        job: Some(17),
        alive: true,
        pid: Some(4711),
        restarts: 0,
        breaker: Trust::Closed,
        generation: 2,
        jobs: 4,
        started: StartTimes::default(),
        last_exit: Some("exited with code 3".into()),
    }
}

#[test]
fn what_stops_a_job_is_told_and_made_safe() {
    let mut states = States::default();
    let asks = status(InstanceState::NeedsInput, "it asks: \x1b[2JProceed? (y/n)");
    assert_eq!(
        states.changed(&asks, Some("3/12 a.py")).as_deref(),
        Some("instance 2 aider needs input (job 3/12 a.py): it asks: \\u{1b}[2JProceed? (y/n)")
    );
    let works = status(InstanceState::Working, "job 17 runs");
    let again = "instance 2 aider works again (job 3/12 a.py)".to_owned();
    assert_eq!(states.changed(&works, Some("3/12 a.py")), Some(again));
    let quiet = [InstanceState::Ready, InstanceState::Working, InstanceState::Throttled];
    assert!(quiet.iter().all(|state| states.changed(&status(*state, ""), None).is_none()));
    let failed = status(InstanceState::Failed, "no such program");
    assert!(states.changed(&failed, None).is_some());
    assert_eq!(states.changed(&failed, None), None, "once for all instances of the tool");
}

#[test]
fn a_dump_has_everything_and_is_safe() {
    let process = |pid, parent, name: &str, waits_in: Option<&str>| Seen {
        pid,
        parent,
        state: 'S',
        name: name.into(),
        ticks: 7,
        memory: 0,
        waits_in: waits_in.map(str::to_owned),
        waits_for: waits_in.map(|_| "reads from its input (pipe:[7])".to_owned()),
    };
    let shown = Inside {
        doing: "a step runs",
        step: Some((1, 2)),
        expects: "the sentinel 3f9c… as a line of its own".into(),
        received: 1234,
        tail: Vec::new(),
        timers: vec![("stall", Duration::from_secs(590)), ("timeout", Duration::from_secs(1790))],
        processes: vec![process(4711, 1, "aider", Some("do_select")), process(4712, 4711, "g\x1bit", None)],
    };
    let stalled = status(InstanceState::Stalled, "neither output nor processor time for 600s");
    let dump = InstanceDump {
        status: InstanceStatus { pid: None, ..stalled },
        inside: Some(shown),
        heard: Heard { said: 5000, silent: Some(Duration::from_secs(600)) },
        last: [&b"not shown\n".repeat(9)[..], &b"x\n".repeat(18), b"\x1b]0;title\x07\n\xffProceed? "]
            .concat(),
        timers: Vec::new(),
    };
    let lines = why(&Why::of(dump), Some("3/12 a.py"), advice(InstanceState::Stalled)).join("\n");
    assert!(!lines.contains("not shown") && !lines.contains('\u{1b}'));
    assert_eq!(lines.matches("    | ").count(), 20);
    assert_snapshot!(lines.replace("    | x\n", ""), @r"
    instance 2 aider stalled for 12.3s: neither output nor processor time for 600s (life 2, 4 jobs); before: it exited with code 3
      doing     job 3/12 a.py, step 1 of 2: a step runs
      awaits    the sentinel 3f9c… as a line of its own
      timers    stall in 590s, timeout in 1790s
      process   4711 aider (child of 1): state S, 7 ticks, reads from its input (pipe:[7]), in do_select
      process   4712 g\u{1b}it (child of 4711): state S, 7 ticks
      output    1234 bytes since the prompt, 5000 in this life; the last 600s ago
        | \u{1b}]0;title\u{7}
        | �Proceed? 
      next      wait, if a slow model is likely; else Ctrl-C twice takes its job back, and --kill-stalled does so by itself
    ");
}
