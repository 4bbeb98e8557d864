//! `--allow=ask`: an agent asks, and keys answer.

use crate::missing::is_missing;
use crate::tmux::Terminal;

/// An agent that speaks as claude does. Before it answers a prompt it wants to touch a file of that name; what it may is its
/// answer. A prompt that begins with `plain` it answers at once.
const AGENT: &str = r#"
cat >asker.sh <<'END'
say() { printf '%s\n' "$1"; }
while read -r line; do case $line in
*'"initialize"'*) say '{"type":"control_response","response":{"subtype":"success","request_id":"initialize","response":{}}}';;
*'"user"'*)
    [[ $line =~ \"text\":\"([^\"]*)\" ]]
    said=plain
    if [[ ${BASH_REMATCH[1]} != plain* ]]; then
        say '{"type":"control_request","request_id":"r","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"touch '"${BASH_REMATCH[1]}"'\u001b[2J"}}}'
        # It may talk on while it waits.
        say '{"type":"system","subtype":"status"}'
        read -r line
        case $line in *'"allow"'*) said=allowed;; *'"deny"'*) said=denied;; esac
    fi
    say '{"type":"result","subtype":"success","result":"'$said'"}';;
esac; done
END
cat >asker.toml <<'END'
schema = "cluster.profile/1"
command = ["bash", "asker.sh"]
[turn]
by = "stream_json"
[cancel]
by = "restart"
END
"#;

fn run(words: &str) -> Terminal {
    Terminal::run(&[], &format!("{AGENT}\ncluster run ./asker.toml --allow=ask {words}"))
}

#[test]
fn a_key_answers_and_one_answers_everything() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = run("-n 1 a b c d");
    terminal.shows(&["instance 0 asker asks (job 1/4 a): may it use Bash: touch a", "[y] yes  [n] no"]);
    terminal.key("y");
    terminal.shows(&["instance 0 asker: yes, it may", "── 1/4 a ──\nallowed\n", "asks (job 2/4 b)"]);
    terminal.key("n");
    terminal.shows(&["instance 0 asker: no, it may not", "── 2/4 b ──\ndenied\n", "asks (job 3/4 c)"]);
    terminal.key("x");
    terminal.key("?");
    terminal.shows(&["no is no failure"]);
    terminal.key("a");
    terminal.shows(&["status 0"]);
    let all = terminal.everything();
    assert!(all.contains("── 3/4 c ──\nallowed\n") && all.contains("── 4/4 d ──\nallowed\n"), "{all}");
    assert!(!all.contains("asks (job 4/4 d)"), "{all}");
    assert!(all.contains("4 jobs: 4 ok in "), "{all}");
}

#[test]
fn others_go_on_while_one_asks_and_questions_wait_for_each_other() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = run("-n 3 --unordered a b plain1 plain2 plain3");
    let screen = terminal.shows(&["plain3 ──\nplain\n", "plain2 ──\nplain\n", "(1 more wait)", "asks (job "]);
    assert_eq!(screen.matches(" asks (job ").count(), 1, "one at a time\n{screen}");
    terminal.shows(&["3/5, 0 failed, 2 running", "[y] yes"]);
    terminal.key("y");
    terminal.is("one left", |screen| screen.contains("4/5, 0 failed") && !screen.contains("more wait)  [y]"));
    terminal.key("y");
    let screen = terminal.shows(&["status 0", "5 jobs: 5 ok in "]);
    assert!(!screen.contains("[y] yes"), "rows are left\n{screen}");
}

#[test]
fn who_interrupts_has_a_terminal_as_before() {
    if is_missing("tmux") {
        return;
    }
    let words = "-n 1 a b; code=$?; stty -a | grep -Eo -e '-?(icanon|echo)\\b'; (exit $code)";
    let mut terminal = run(words);
    terminal.shows(&["asks (job 1/2 a)", "[y] yes"]);
    terminal.key("C-c");
    terminal.shows(&["finishing 1 job", "[y] yes"]);
    terminal.key("C-c");
    let screen = terminal.shows(&["status 130"]);
    assert!(screen.contains("\nicanon\necho\n"), "{screen}");
    assert!(screen.contains("2 jobs: 2 cancelled in "), "{screen}");
}

#[test]
fn a_suspended_run_asks_again() {
    if is_missing("tmux") {
        return;
    }
    let run = "cluster run ./asker.toml --allow=ask -n 1 a";
    let script =
        format!("{AGENT}\nset -m\n{run}\nstty -a | grep -Eo -e '-?icanon'\nread -r line <b\nfg >/dev/null");
    let mut terminal = Terminal::run(&["b"], &script);
    terminal.shows(&["asks (job 1/1 a)", "[y] yes"]);
    terminal.key("C-z");
    let screen = terminal.shows(&["suspended: 1 job goes on", "\nicanon\n"]);
    assert!(!screen.contains("[y] yes"), "rows are left\n{screen}");
    terminal.open("b");
    terminal.shows(&["[y] yes"]);
    terminal.key("y");
    terminal.shows(&["── 1/1 a ──\nallowed\n", "status 0"]);
}

#[test]
fn whoever_wants_quiet_is_asked_all_the_same() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = run("-q -n 1 a");
    terminal.shows(&["instance 0 asker asks (job 1/1 a): may it use Bash: touch a", "[y] yes"]);
    terminal.key("y");
    terminal.shows(&["allowed\n", "status 0"]);
}

#[test]
fn where_no_terminal_is_nothing_begins() {
    if is_missing("tmux") {
        return;
    }
    let mut terminal = run("-n 1 a 2>said; code=$?; cat said; (exit $code)");
    let screen = terminal.shows(&["status 2"]);
    assert!(screen.contains("error: --allow=ask: there is no terminal to ask at"), "{screen}");
    assert!(screen.contains("help: run it on one, or say beforehand what may be done"), "{screen}");
}
