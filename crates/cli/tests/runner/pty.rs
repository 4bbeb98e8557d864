//! Tools on a terminal.

use crate::tool::is_missing;
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
