use super::*;
use insta::assert_snapshot;
use pool_core::instance::{Heard, Inside};
use pool_core::machine::breaker::Trust;
use pool_core::message::SlotId;
use pool_core::supervisor::{InstanceState, StartTimes};

/// An instance in this state.
pub(crate) fn status(state: InstanceState) -> InstanceStatus {
    InstanceStatus {
        index: SlotId(2),
        tool_id: "python".into(),
        state,
        for_ms: 65_000,
        evidence: "job 17 runs".into(),
        job: Some(17),
        alive: true,
        pid: None,
        generation: 2,
        restarts: 1,
        breaker: Trust::Closed,
        jobs: 4,
        started: StartTimes::default(),
        started_at: None,
        ended_at: None,
        return_code: None,
        last_exit: None,
    }
}

fn process(state: char, name: &str, waits_for: Option<&str>) -> Seen {
    Seen {
        pid: 4711,
        parent: 1,
        state,
        name: name.into(),
        ticks: 7,
        memory: 1 << 20,
        waits_in: None,
        waits_for: waits_for.map(str::to_owned),
    }
}

/// A dump of one in this state, with these processes.
pub(crate) fn dump(state: InstanceState, processes: Vec<Seen>) -> InstanceDump {
    InstanceDump {
        status: status(state),
        inside: Some(Inside {
            doing: "a step runs",
            step: Some((1, 2)),
            expects: "the sentinel 3f9c… as a line of its own".into(),
            received: 10,
            tail: Vec::new(),
            timers: vec![("stall", Duration::from_secs(590)), ("timeout", Duration::from_secs(1790))],
            processes,
        }),
        heard: Heard { said: 1234, silent: Some(Duration::from_secs(60)) },
        last: b"one\n\x1b[2Jtwo\r\n... ".to_vec(),
        timers: Vec::new(),
    }
}

#[test]
fn all_that_is_known_is_there_and_harmless() {
    let reads = process('S', "py\x1bthon", Some("reads from its input (pipe:[7])"));
    let why = Why::of(dump(InstanceState::Working, vec![reads]));
    assert_eq!(why.last_lines, ["one", "\\u{1b}[2Jtwo\\r", "... "]);
    assert_eq!((why.said, why.silent_ms), (1234, Some(60_000)));
    let timers: Vec<_> = why.timers.iter().map(|timer| (timer.name.as_str(), timer.left_ms)).collect();
    assert_eq!(timers, [("stall", 590_000), ("timeout", 1_790_000)]);
    assert_eq!(why.processes[0].name, "py\\u{1b}thon");
    let back: Why = serde_json::from_value(serde_json::to_value(&why).expect("JSON")).expect("the same");
    assert_eq!(back, why);
}

#[test]
fn lines_and_processes_are_bounded() {
    let many = vec![process('S', "sh", None); 100];
    let mut dump = dump(InstanceState::Working, many);
    dump.last = [&b"line\n".repeat(100)[..], &[b'x'; 4096]].concat();
    let why = Why::of(dump);
    assert_eq!((why.processes.len(), why.more_processes), (30, 70));
    assert_eq!((why.last_lines.len(), why.last_lines[19].chars().count()), (20, WIDTH + 1));
    assert_eq!(lines(b""), [""; 0]);
    assert_eq!(lines("a\u{202e}b\u{ff}".as_bytes()), ["a\\u{202e}b\u{ff}"]);
}

#[test]
fn the_next_step_follows_from_what_is_seen() {
    let next = |state, processes| Why::of(dump(state, processes)).next;
    let mut recent = dump(InstanceState::Working, Vec::new());
    recent.heard.silent = Some(Duration::from_secs(1));
    let told = [
        Why::of(recent).next,
        next(
            InstanceState::Working,
            vec![process('S', "curl", Some("receives from descriptor 5 (socket:[9])"))],
        ),
        next(InstanceState::Working, vec![process('S', "sh", None), process('R', "cc1", None)]),
        next(InstanceState::Working, vec![process('S', "python3", Some("reads from its input (pipe:[7])"))]),
        next(InstanceState::Starting, vec![process('S', "python3", Some("reads from its input (pipe:[7])"))]),
        next(InstanceState::Starting, Vec::new()),
        next(InstanceState::Stalled, vec![process('T', "vi", None)]),
        next(InstanceState::Stalled, vec![process('D', "cp", None)]),
        next(InstanceState::Stalled, Vec::new()),
        next(InstanceState::NeedsInput, Vec::new()),
        next(InstanceState::BackingOff, Vec::new()),
    ];
    assert_snapshot!(told.join("\n"));
}
