//! A pool at a glance: seen, resized, acted on, left.

use crate::missing::is_missing;
use crate::tmux::Terminal;

/// Two instances, the screen of `cluster top`, and what is left of the terminal and of the pool.
fn script(after: &str) -> String {
    format!(
        "export XDG_RUNTIME_DIR=$PWD; stty -g >before; echo before top
cluster up bash:2 2>/dev/null
{after}
code=$?; stty -g >after; cmp before after && echo \"same terminal\"
cluster down 2>/dev/null; echo \"code $code\"; (exit 7)"
    )
}

#[test]
fn a_key_gives_an_instance_another_life_and_the_terminal_is_left_as_it_was() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&[], &script("cluster top"));
    let screen = terminal.shows(&["0    bash       ready", "1    bash       ready", "q quit"]);
    assert!(screen.contains("2 of 2 alive") && !screen.contains("before top"), "{screen}");
    terminal.resize(50, 12);
    terminal.is("a small screen", |screen| screen.contains("? help") && !screen.contains("events"));
    terminal.resize(100, 30);
    terminal.shows(&["events", "jobs         0.0/s", "1    bash       ready"]);
    terminal.key("Down");
    terminal.key("r");
    terminal.shows(&["restart instance 1, after the job at hand? [y/N]"]);
    terminal.key("y");
    terminal.shows(&["instance 1 gets another life", "1 restarts"]);
    terminal.is("the other life", |screen| {
        screen.lines().any(|line| line.starts_with(">1") && line.contains("ready"))
    });
    terminal.key("q");
    let screen = terminal.shows(&["same terminal", "code 0", "status 7"]);
    assert!(screen.contains("before top") && !screen.contains("q quit"), "{screen}");
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    if is_missing("tmux") {
        return;
    }
    let top = "(read -r line <go; pkill -TERM -P $$ -x cluster) & cluster top";
    let mut terminal = Terminal::run(&["go"], &script(top));
    terminal.shows(&["1    bash       ready"]);
    terminal.open("go");
    let screen = terminal.shows(&["same terminal", "code 143", "status 7"]);
    assert!(screen.contains("before top") && !screen.contains("q quit"), "{screen}");
}

#[test]
fn a_pool_that_goes_is_said_to_have_gone() {
    if is_missing("tmux") {
        return;
    }
    let top = "(read -r line <go; cluster send 'echo hello' >/dev/null; read -r line <go; cluster down) 2>/dev/null & cluster top";
    let mut terminal = Terminal::run(&["go"], &script(top));
    terminal.shows(&["1    bash       ready"]);
    terminal.open("go");
    terminal.shows(&["t1 has ended: ok", "1 done"]);
    terminal.open("go");
    terminal.shows(&["gone): "]);
    terminal.key("r");
    terminal.shows(&["the pool has gone: q quits"]);
    terminal.key("C-c");
    terminal.shows(&["same terminal", "code 0", "status 7"]);
}

#[test]
fn without_a_terminal_there_is_nothing_to_look_at() {
    let cluster = std::process::Command::new(env!("CARGO_BIN_EXE_cluster")).arg("top").output().unwrap();
    assert_eq!(cluster.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&cluster.stderr),
        "error: 'cluster top' needs a terminal\nhelp: 'cluster status --watch' prints every change as a line\n"
    );
}
