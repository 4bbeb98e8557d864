//! Somebody is shown what a project would start, and answers.

use crate::missing::is_missing;
use crate::tmux::Terminal;

/// A project that would start something, and `cluster trust` in it; beside it somebody else writes into its file.
const ASKS: &str = "mkdir project; cd project; printf '[hooks]\\non_run_done = [\"./done\"]\\n' >pool.toml
(read -r line <../change; echo '# more' >>pool.toml; echo changed; : >../changed) &
cluster trust; echo \"code $?\"; cluster trust --list; (exit 7)";

#[test]
fn yes_trusts_what_was_shown_and_not_what_the_file_is_by_then() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["change"], ASKS);
    terminal.shows(&["hook on_run_done", "/project/done", "Trust this? [y/N]"]);
    terminal.open("change");
    terminal.shows(&["changed"]);
    terminal.key("y");
    terminal.key("Enter");
    let screen = terminal.shows(&["code 0", "status 7"]);
    assert!(screen.contains("is trusted, until it changes\n") && screen.contains("changed  /"), "{screen}");
}

#[test]
fn anything_else_is_no() {
    if is_missing("tmux") {
        return;
    }
    for key in ["n", "x", "", "C-d"] {
        let mut terminal = Terminal::run(&["change"], ASKS);
        terminal.shows(&["Trust this? [y/N]"]);
        if !key.is_empty() {
            terminal.key(key);
        }
        terminal.key("Enter");
        let screen = terminal.shows(&["code 4", "status 7"]);
        assert!(screen.contains("is not trusted\n") && !screen.contains("trusted  /"), "{screen}");
        terminal.open("change");
    }
}
