//! What instances say, seen in `cluster top` as they say it.

use crate::missing::is_missing;
use crate::tmux::Terminal;

/// Instance 0 has answered, 1 is at work until somebody cancels it, and 2 gets a prompt when the gate is opened.
const SCRIPT: &str = "export XDG_RUNTIME_DIR=$PWD
exec 3>&1 >before
cluster up bash:3 2>/dev/null
cluster send -q --to 0 'echo zero-$((40+2))'
cluster send -q --to 1 --no-wait 'echo one-$((40+2)); sleep 1000'
exec >&3
(read -r line <go; cluster send -q --to 2 'echo two-$((40+2))') >/dev/null &
cluster top; cluster down 2>/dev/null";

/// Whether a line of the screen is exactly this: the tool has printed it, and nobody has told it.
fn has_line(screen: &str, line: &str) -> bool {
    screen.lines().any(|found| found.trim_end() == line)
}

#[test]
fn top_follows_the_transcript_of_the_chosen_instance() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["go"], SCRIPT);
    let screen = terminal.is("what instance 0 said before", |screen| has_line(screen, "zero-42"));
    assert!(screen.contains("transcript of 0 bash") && !has_line(&screen, "one-42"), "{screen}");
    terminal.key("Down");
    let screen = terminal.is("what instance 1 says", |screen| has_line(screen, "one-42"));
    assert!(screen.contains("transcript of 1 bash") && !has_line(&screen, "zero-42"), "{screen}");
    terminal.key("Down");
    terminal.shows(&["transcript of 2 bash", "# "]);
    terminal.open("go");
    let screen = terminal.is("what instance 2 says now", |screen| has_line(screen, "two-42"));
    assert!(!has_line(&screen, "one-42"), "{screen}");
    terminal.key("t");
    terminal.is("the transcript alone", |screen| has_line(screen, "two-42") && !screen.contains(" events "));
    terminal.key("q");
    terminal.shows(&["status 0"]);
}

#[test]
fn what_began_before_top_was_opened_can_be_cancelled() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = Terminal::run(&["go"], SCRIPT);
    terminal
        .is("the ticket", |screen| screen.lines().any(|line| line.contains("works") && line.contains("t2")));
    terminal.key("Down");
    terminal.key("c");
    terminal.shows(&["cancel t2? [y/N]"]);
    terminal.key("y");
    terminal.shows(&["t2 has ended: cancelled"]);
    terminal.key("q");
    terminal.shows(&["status 0"]);
}
