//! Tools on a terminal.

use crate::missing::is_missing;
use crate::world::World;

/// Says what it finds, a line for each line; at the end of its input it leaves a file.
const WITNESS: &str = r#"
import os, sys, termios
for line in sys.stdin:
    modes = termios.tcgetattr(0)
    print(line.strip(), [os.isatty(n) for n in (0, 1, 2)], os.getsid(0) == os.getpid() == os.tcgetpgrp(0),
        os.tcgetpgrp(os.open("/dev/tty", os.O_RDWR)) == os.getpid(), os.get_terminal_size(),
        modes[3] & (termios.ICANON | termios.ECHO | termios.ISIG), os.environ["TERM"], flush=True)
open("end", "w")
"#;

#[test]
fn a_tool_has_a_terminal_of_its_own_until_the_end_of_input() {
    if is_missing("python3") {
        return;
    }
    let world = World::new();
    world.file("witness.py", WITNESS);
    let ran = world.run(&["python3 witness.py", "--pty", "--lines", "-n", "1", "a", "b"]);
    let found = "[True, True, True] True True os.terminal_size(columns=500, lines=24) 0 dumb";
    assert_eq!((ran.status, ran.stdout.as_str()), (0, &*format!("a {found}\nb {found}\n")), "{ran}");
    assert!(world.path("end").exists(), "the tool did not see the end of its input: {ran}");
}

#[test]
fn what_a_tool_prints_at_its_end_is_read_to_the_last_byte() {
    let world = World::new();
    let tool = "bash -c 'printf \"> \"; read -r; seq 200000; exit 3'";
    let ran = world.run(&[tool, "--pty", "--until", "^> $", "-n", "1", "--json", "go"]);
    let record: serde_json::Value = serde_json::from_str(ran.stdout.trim()).unwrap();
    let all: String = (1..=200_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(record["outcome"], "crashed", "{:.300}", ran.stdout);
    assert!(record["reply"].as_str().unwrap().trim_end() == all.trim_end(), "{:.300}", ran.stdout);
}

/// Reads a little at a time, and tells of each line how long it is, and of how many kinds of letters.
const SLOW: &str = r#"
import os, time
line = b""
while data := os.read(0, 4096):
    time.sleep(0.0005)
    line += data
    while b"\n" in line:
        first, line = line.split(b"\n", 1)
        os.write(1, b"%d %d\n" % (len(first), len(set(first))))
"#;

#[test]
fn f40_a_long_line_arrives_whole_on_a_terminal() {
    if is_missing("python3") {
        return;
    }
    let world = World::new();
    world.file("slow.py", SLOW).file("items", format!("{}\n{}\n", "x".repeat(5000), "y".repeat(1 << 20)));
    let ran = world.run(&["python3 slow.py", "--pty", "--lines", "-n", "1", "-a", "items"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "5000 1\n1048576 1\n"), "{ran}");
}

/// Makes its terminal edit lines, as most terminals do, and notes each line that it gets.
const COOKED: &str = r#"
import sys, termios
modes = termios.tcgetattr(0)
modes[3] |= termios.ICANON
termios.tcsetattr(0, termios.TCSANOW, modes)
print("> ", end="", flush=True)
for line in sys.stdin:
    open("got", "a").write("%d\n" % len(line.strip()))
    print(len(line.strip()), end="\n> ", flush=True)
"#;

#[test]
fn f40_a_line_that_a_terminal_would_cut_is_not_sent() {
    if is_missing("python3") {
        return;
    }
    let world = World::new();
    world.file("cooked.py", COOKED).file("items", format!("{}\n{}\n", "x".repeat(4000), "y".repeat(5000)));
    let ran = world.run(&["python3 cooked.py", "--pty", "--until", "^> $", "-n", "1", "-a", "items"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "4000\n"), "{ran}");
    assert_eq!(std::fs::read_to_string(world.path("got")).unwrap(), "4000\n", "{ran}");
}

#[test]
fn f41_f42_keys_in_a_prompt_are_refused_and_what_is_escaped_is_not() {
    if is_missing("python3") {
        return;
    }
    let world = World::new();
    let ran = world.run(&["bash", "--pty", "-n", "1", "echo \x03", "echo \x1b[201~", "echo ok"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "ok\n"), "{ran}");
    for part in ["0x03 at place 5, on a terminal Ctrl-C", "0x1b at place 5, on a terminal the end of a paste"]
    {
        assert!(ran.stderr.contains(part), "{ran}");
    }
    let escaped = world.run(&["python", "--pty", "-n", "1", "len('\x03\x04\x1b[201~')"]);
    assert_eq!((escaped.status, escaped.stdout.as_str()), (0, "8\n"), "{escaped}");
}

/// A shell that edits its lines, and so says when it reads one.
const SHELL: &str = "env TERM=xterm 'PS1=> ' bash --norc --noprofile -i";

/// The same with marks of its own around its prompt, and with the status of each command; no bracketed paste.
const MARKED: &str = r#"
bind 'set enable-bracketed-paste off'
PROMPT_COMMAND='printf "\e]133;D;%d\a\e]133;A\a" "$?"' PS1='> \[\e]133;B\a\]'
"#;

#[test]
fn a_reply_that_looks_like_the_prompt_is_no_end_where_the_tool_marks_its_own() {
    let world = World::new();
    world
        .file("marked", MARKED)
        .file("paste", "a\x1b[?2004h\x1b[?2004l\n> ")
        .file("input", "a\x1b]133;B\x07\n> ");
    let marked = "env TERM=dumb bash --noprofile --rcfile marked -i";
    for (tool, mark) in [(SHELL, "bracketed paste"), (marked, "OSC 133;B")] {
        let prompts = [
            "printf 'a\\n> '; sleep 0.5; echo b",
            "cat paste; sleep 0.5; echo",
            "cat input; sleep 0.5; echo c",
        ];
        let words = [tool, "--pty", "--until", "^> $", "-n", "1", "--json"];
        let ran = world.run(&[&words[..], &prompts].concat());
        let results: Vec<_> = ran.results();
        let replies: Vec<_> =
            results.iter().map(|result| result["reply"].as_str().unwrap().trim_start()).collect();
        assert_eq!(replies, ["a\n> b", "a\n> ", "a\n> c"], "{tool}: {ran}");
        for result in &results {
            assert_eq!(result["steps"][0]["evidence"], format!("prompt mark ({mark}), >"), "{tool}: {ran}");
        }
    }
}

#[test]
fn the_status_that_a_shell_tells_is_the_outcome() {
    let world = World::new();
    world.file("marked", MARKED);
    let marked = "bash --noprofile --rcfile marked -i";
    let ran = world.run(&[
        marked,
        "--pty",
        "--until",
        "^> $",
        "-n",
        "1",
        "--json",
        "echo a",
        "echo b; (exit 7)",
        "echo c",
    ]);
    let told = ran
        .results()
        .iter()
        .map(|result| format!("{} {}", result["outcome"], result["error"]))
        .collect::<Vec<_>>();
    assert_eq!(told, ["\"ok\" null", "\"error\" \"exit status 7\"", "\"ok\" null"], "{ran}");
}
