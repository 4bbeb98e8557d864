//! Somebody sits down at an instance: typed, seen, resized, detached; the pool goes on; the terminal is left as it was.

use crate::missing::is_missing;
use crate::tmux::Terminal;

/// A pool of shells with terminals, then a sitting at the first, then what the pool and the terminal are like.
const SITS: &str = r#"
export XDG_RUNTIME_DIR=$PWD/run
mkdir run
cluster up 'bash --norc --noprofile -i' -n 2 --pty --until 'bash-[.0-9]*[$#] $' >/dev/null 2>&1
stty -a | tail -n +2 >before
cluster attach 0
echo "left with $?"
stty -a | tail -n +2 >after
cmp before after && echo "the terminal is as it was"
cluster send --to 0 'echo "back in $LINES"' 2>/dev/null
read -r line <gate
cluster down 2>/dev/null
"#;

#[test]
fn typed_seen_resized_and_left_as_it_was() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["gate"], SITS);
    terminal.shows(&["bash-"]);
    terminal.key("'echo seen $((6*7))' Enter");
    terminal.shows(&["seen 42"]);
    terminal.resize(70, 20);
    terminal.key("'stty size; echo sleeps; sleep 1000' Enter");
    terminal.shows(&["20 70\nsleeps\n"]);
    terminal.key("C-c");
    terminal.is("the third prompt", |screen| screen.matches("bash-").count() == 3);
    terminal.key("'echo interrupted' Enter");
    terminal.shows(&["\ninterrupted\n"]);
    terminal.key("C-]");
    let screen = terminal.shows(&["the terminal is as it was", "back in "]);
    for part in ["detached from instance 0", "left with 0"] {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
    terminal.open("gate");
    terminal.shows(&["status 0"]);
}

/// The same with a client that is told to end while somebody sits there.
const ENDS: &str = r#"
export XDG_RUNTIME_DIR=$PWD/run
mkdir run
cluster up 'bash --norc --noprofile -i' -n 1 --pty --until 'bash-[.0-9]*[$#] $' >/dev/null 2>&1
stty -a >before
(read -r line <gate; kill -TERM "$(cat pid)") &
bash -c 'echo $$ >pid; exec cluster attach 0'
echo "left with $?"
stty -a >after
cmp before after && echo "the terminal is as it was"
cluster send --to 0 'echo back' 2>/dev/null
cluster down 2>/dev/null
"#;

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["gate"], ENDS);
    terminal.shows(&["bash-"]);
    terminal.key("'printf \"\\\\033[?25l\"' Enter");
    terminal.open("gate");
    let screen = terminal.shows(&["status 0"]);
    for part in ["left with 143", "the terminal is as it was", "back\n"] {
        assert!(screen.contains(part), "{part:?} is not in\n{screen}");
    }
}
