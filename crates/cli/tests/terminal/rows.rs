//! Progress, replies and the summary, on a terminal.

use crate::missing::is_missing;
use crate::tmux::Terminal;

/// Two instances, three jobs that wait for a pipe each.
const THREE: &str = "cluster run bash -n 2 -s 'read -r line <{}; echo $line {}' a b c";

#[test]
fn a_row_for_each_instance_below_the_replies() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["a", "b", "c"], THREE);
    let first =
        terminal.shows(&["0/3, 0 failed, 2 running", "0 bash working", "1/3 a", "1 bash working", "2/3 b"]);
    assert!(!first.contains("left"), "nothing is known of the time before a job has ended\n{first}");
    terminal.open("a");
    let screen =
        terminal.shows(&["── 1/3 a ──\nthrough a\n", "1/3, 0 failed, 2 running", " left\n", "3/3 c"]);
    let reply = screen.find("through a").unwrap();
    assert!(screen[reply..].contains("1/3, 0 failed"), "the rows are below\n{screen}");
    terminal.open("c");
    terminal.shows(&["1 wait for an earlier one"]);
    terminal.open("b");
    terminal.shows(&["status 0"]);
    let all = terminal.everything();
    let replies = "── 1/3 a ──\nthrough a\n── 2/3 b ──\nthrough b\n── 3/3 c ──\nthrough c\n";
    assert!(all.contains(replies), "{all}");
    for part in [
        "\ninstances: 2 spawned in ",
        "\none instance: about ",
        "(an estimate from all turns)",
        "\n3 jobs: 3 ok in ",
    ] {
        assert!(all.contains(part), "{part:?} is not in\n{all}");
    }
    assert!(!all.contains("working") && !all.contains("running"), "rows are left\n{all}");
    assert!(all.lines().all(|line| line.chars().count() < 80), "{all}");
}

#[test]
fn a_terminal_that_is_resized_keeps_every_reply() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["a", "b", "c"], THREE);
    terminal.open("a");
    terminal.shows(&["1/3, 0 failed, 2 running", "bash working"]);
    for (columns, tool) in [(30, false), (100, true), (50, false), (80, true)] {
        terminal.resize(columns, 24);
        // A narrow row has no place for the tool's name.
        terminal.is("drawn anew", |screen| {
            screen.contains("0 bash working") == tool && screen.contains(" working")
        });
    }
    terminal.open("b");
    terminal.open("c");
    terminal.shows(&["status 0"]);
    let all = terminal.everything();
    let replies = "── 2/3 b ──\nthrough b\n── 3/3 c ──\nthrough c\n";
    let (before, after) = all.split_once(replies).unwrap_or_else(|| panic!("{all}"));
    assert!(before.contains("── 1/3 a ──\nthrough a\n"), "{all}");
    // tmux moves rows that do not fit out of sight, before anybody can take them away.
    assert!(!after.contains("working") && !after.contains("running"), "rows are left\n{all}");
}

#[test]
fn a_reader_who_has_enough_ends_the_run() {
    if is_missing("tmux") {
        return;
    }
    let script = "yes | cluster run bash -s 'echo {}' | head -n 2; (exit ${PIPESTATUS[1]})";
    let mut terminal = Terminal::run(&[], script);
    terminal.shows(&["status 4"]);
    let all = terminal.everything();
    let replies = all.lines().filter(|line| *line == "y").count();
    assert_eq!((replies, all.contains("working"), all.contains("error")), (2, false, false), "{all}");
}

#[test]
fn colours_are_for_those_who_want_them() {
    if is_missing("tmux") {
        return;
    }
    for (wish, coloured) in
        [("", true), ("NO_COLOR=1 ", false), ("TERM=dumb ", false), ("CLICOLOR=0 ", false)]
    {
        let mut terminal = Terminal::run(&[], &format!("{wish}cluster run bash -n 1 '(exit 3)'"));
        terminal.shows(&["1/1 (exit 3): error: exit status 3", "status 1"]);
        let screen = terminal.colours();
        assert_eq!(screen.contains('\u{1b}'), coloured, "{wish:?}: {screen:?}");
        assert_eq!(screen.contains("\u{1b}[1m\u{1b}[31merror"), coloured, "{wish:?}: {screen:?}");
    }
}

#[test]
fn a_person_who_gives_no_items_is_told_where_they_come_from() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&[], "cluster run bash");
    let screen = terminal.shows(&["status 2"]);
    assert!(screen.starts_with("error: no items\nhelp: "), "{screen}");
}

#[test]
fn what_a_tool_printed_does_not_act_on_the_terminal() {
    if is_missing("tmux") {
        return;
    }
    let run = "cluster run bash -q 'printf \"gone\\033[2J\\033]0;title\\007here\"' >/dev/null";
    let mut terminal = Terminal::run(&[], &format!("{run}; cluster runs logs"));
    let screen = terminal.shows(&["status 0"]);
    assert!(screen.starts_with("gone\\u{1b}[2J\\u{1b}]0;title\\u{7}here\nstatus 0"), "{screen}");
    let mut terminal = Terminal::run(&[], &format!("{run}; cluster runs logs --raw"));
    let screen = terminal.shows(&["status 0"]);
    assert!(!screen.contains("gone") && screen.contains("here"), "{screen}");
}
