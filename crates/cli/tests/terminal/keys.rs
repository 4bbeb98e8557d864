//! Ctrl-C, once, twice, thrice.

use crate::missing::is_missing;
use crate::tmux::Terminal;

/// One instance: the first job waits for a pipe, the second one for the first.
const WAITS: &str = "cluster run bash -n 1 -s \"read -r line <{}; echo \\$line\" a b";

#[test]
fn once_finishes_what_runs() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["a", "b"], WAITS);
    terminal.shows(&["0 bash working", "1/2 a"]);
    terminal.key("C-c");
    terminal.shows(&["finishing 1 job, beginning no more; again to cancel", "0 bash working"]);
    terminal.open("a");
    let screen = terminal.shows(&["status 130"]);
    for part in ["through\n", "2/2 b: cancelled", "2 jobs: 1 ok, 1 cancelled in "] {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
}

#[test]
fn twice_cancels() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["a", "b"], WAITS);
    terminal.shows(&["0 bash working", "1/2 a"]);
    terminal.key("C-c");
    terminal.shows(&["finishing 1 job"]);
    terminal.key("C-c");
    let screen = terminal.shows(&["status 130"]);
    for part in ["cancelling 1 job; again to kill the tools\n", "1/2 a: cancelled", "2 jobs: 2 cancelled in "]
    {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
}

#[test]
fn who_is_suspended_leaves_the_terminal_to_the_shell() {
    if is_missing("tmux") {
        return;
    }
    let run = "cluster run bash -n 1 -s 'read -r line <{}; echo $line' a";
    let script = format!("set -m\n{run}\necho \"code $?\"\nread -r line <b\nfg >/dev/null");
    let mut terminal = Terminal::run(&["a", "b"], &script);
    terminal.shows(&["0 bash working", "1/1 a"]);
    terminal.key("C-z");
    let screen = terminal.shows(&["suspended: 1 job goes on in their tools", "code 147"]);
    assert!(!screen.contains("working"), "rows are left\n{screen}");
    terminal.open("b");
    terminal.shows(&["0 bash working", "1/1 a"]);
    terminal.open("a");
    let screen = terminal.shows(&["status 0"]);
    assert!(screen.contains("── 1/1 a ──\nthrough\n") && !screen.contains("working"), "{screen}");
}

/// A tool that is deaf to signals, and may be for an hour.
const DEAF: &str = r#"
cat >deaf.toml <<'END'
schema = "cluster.profile/1"
command = ["bash", "-c", """trap '' INT TERM; while read -r line; do
    case $line in /end*) echo "${line#/}";; ?*) read -r line <never;; esac
done"""]
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "^end {nonce}$"
[cancel]
by = "interrupt"
within = "1h"
END
cluster run ./deaf.toml -n 1 a b"#;

#[test]
fn thrice_kills() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["never"], DEAF);
    terminal.shows(&["0 deaf working", "1/2 a"]);
    for says in ["finishing 1 job", "cancelling 1 job", "killing the tools"] {
        terminal.key("C-c");
        terminal.shows(&[says]);
    }
    let screen = terminal.shows(&["status 130"]);
    assert!(!screen.contains("panicked") && !screen.contains("working"), "{screen}");
}
