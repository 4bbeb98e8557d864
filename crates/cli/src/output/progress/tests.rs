use super::*;
use crate::output::states::tests::status as an_instance;
use insta::assert_snapshot;
use pool_core::message::SlotId;
use pool_core::supervisor::{InstanceState, InstanceStatus};
use unicode_width::UnicodeWidthStr;

const COUNTS: Counts =
    Counts { fed: 20, running: 5, waiting: 3, ended: 12, failed: 0, held: 3, blocked: false };

#[expect(clippy::disallowed_methods, reason = "any instant will do, and only the clock makes one")]
fn any_time() -> Instant {
    Instant::now()
}

fn status(slot: u32, state: InstanceState, seconds: u64, evidence: &str) -> InstanceStatus {
    let tool_id = if slot.is_multiple_of(2) { "aider" } else { "漢字\x1b[2J" }.into();
    let any = an_instance(state, evidence);
    InstanceStatus { index: SlotId(slot), tool_id, for_ms: seconds * 1000, ..any }
}

/// Several instances, each in a state of its own, after 75 seconds.
fn rows(columns: usize, rows: usize, total: Option<u64>) -> String {
    let began = any_time();
    let progress = Progress::new(total, Screen::default(), Paint::plain(), began);
    let now = began + Duration::from_secs(75);
    use InstanceState::{BackingOff, NeedsInput, Ready, Starting, Working};
    let seen = [
        (0, Working, 70, "", Some("13/100 src/a/long/path/to/a/file/that/has/a/name.py")),
        (1, NeedsInput, 5, "it asks: \x1b[2JProceed? (y/n)", Some("14/100 b.py")),
        (2, Ready, 1, "job 3 ended ok", None),
        (3, Starting, 0, "", None),
        (10, BackingOff, 3700, "exited with code 3; again in 4 s", None),
    ];
    let mut all = seen.map(|(slot, state, seconds, evidence, _)| status(slot, state, seconds, evidence));
    all.reverse();
    let job = |status: &InstanceStatus| {
        seen.iter().find(|(slot, ..)| *slot == status.index.0).and_then(|seen| seen.4).map(str::to_owned)
    };
    let board = Board::new(&all, &job);
    let shown = progress.rows(COUNTS, 2, &board, (columns, rows), now);
    assert!(shown.iter().all(|row| row.width() < columns), "{shown:?}");
    assert!(shown.len() < rows, "{shown:?}");
    shown.join("\n")
}

#[test]
fn a_terminal_of_any_size_is_readable() {
    assert_snapshot!(rows(100, 24, Some(100)), @r"
    ██░░░░░░░░░░░░░░░░░░ 12/100, 2 failed, 5 running  1:15, about 10 min left
      3 wait for an earlier one
       0 aider         working      1:10  13/100 src/a/long/path/to/a/file/that/has/a/name.py
       1 漢字\u{1b}[2J needs input  0:05  14/100 b.py: it asks: \u{1b}[2JProceed? (y/n)
       2 aider         ready        0:01
       3 漢字\u{1b}[2J starting     0:00
      10 aider         backing off 1:01:40  exited with code 3; again in 4 s
    ");
    assert_snapshot!(rows(80, 24, Some(100)), @r"
    ██░░░░░░░░░░░░░░░░░░ 12/100, 2 failed, 5 running  1:15, about 10 min left
      3 wait for an earlier one
       0 aider         working      1:10  13/100 src/a/long/path/to/a/file/that/ha…
       1 漢字\u{1b}[2J needs input  0:05  14/100 b.py: it asks: \u{1b}[2JProceed? …
       2 aider         ready        0:01
       3 漢字\u{1b}[2J starting     0:00
      10 aider         backing off 1:01:40  exited with code 3; again in 4 s
    ");
    assert_snapshot!(rows(40, 24, Some(100)), @r"
    12/100, 2 failed, 5 running  1:15, abo…
      3 wait for an earlier one
       0 working      1:10  13/100 src/a/l…
       1 needs input  0:05  14/100 b.py: i…
       2 ready        0:01
       3 starting     0:00
      10 backing off 1:01:40  exited with …
    ");
    assert_snapshot!(rows(80, 8, None), @r"
    12 done, 2 failed, 5 running  1:15
      3 wait for an earlier one
      1 漢字\u{1b}[2J needs input  0:05  14/100 b.py: it asks: \u{1b}[2JProceed? (…
      and 4 more
    ");
    assert_snapshot!(rows(12, 2, Some(100)), @r"12/100, 2 …");
}

#[test]
fn the_bar_is_full_at_the_end_only() {
    let cells = |done, of| bar(done, of).matches('█').count();
    assert_eq!([cells(0, 7), cells(6, 7), cells(7, 7), cells(9, 7), cells(0, 0)], [0, 17, 20, 20, 20]);
}

#[test]
fn a_line_now_and_then() {
    let began = any_time();
    let board = Board::new(&[], &|_| None);
    let mut progress = Progress::new(Some(100), Screen::default(), Paint::plain(), began);
    let mut tick = |seconds: u64| progress.tick(COUNTS, 2, &board, began + Duration::from_secs(seconds));
    assert_eq!(tick(29), None);
    let line =
        "9 of 100 jobs done after 30 s: 2 failed, 5 running, 3 wait for an earlier one; about 4 min left";
    assert_eq!(tick(30).as_deref(), Some(line));
    assert_eq!((tick(31), tick(59)), (None, None));
    assert!(tick(60).is_some());
}
