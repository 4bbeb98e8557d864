//! What goes wrong, as users see it: standard output, standard error and exit status together. What other files here show
//! of errors is not shown again.

use crate::running::World;
use insta::assert_snapshot;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

/// Asks back with a mark behind each prompt.
const MARKED: &str = r#"
schema = "cluster.profile/1"
command = ["bash", "tool.sh"]
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = '^end {nonce}$'
"#;

/// A world with such a tool, which does this for each prompt, after having done something else first.
fn world(first: &str, each: &str) -> World {
    let world = World::new();
    let script = format!(
        "{first}\nwhile IFS= read -r line; do case $line in /end*) echo \"${{line#/}}\";; ?*) {each};; esac; done\n"
    );
    world.file("tool.sh", script).file("tool.toml", MARKED);
    world
}

fn wrong(words: &[&str]) -> String {
    let ran = World::new().run(words);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
    ran.stderr
}

#[test]
fn words_that_make_no_sense() {
    assert_snapshot!(wrong(&["run", "", "x"]), @r"
    error: no tool in ''
    help: name one; 'cluster tools' lists them
    ");
    assert_snapshot!(wrong(&["run", "bash,,bc", "x"]), @r"
    error: no tool in ''
    help: name one; 'cluster tools' lists them
    ");
    assert_snapshot!(wrong(&["run", "bash", "--route", "weighted:0=1,0=2", "x"]), @r"
    error: option '0' of --route weighted:0=1,0=2: it is given twice
    help: options follow the name, as in weighted:0=3,1=1
    ");
    assert_snapshot!(wrong(&["run", "bash", "--route", "weighted:0", "x"]), @r"
    error: option '0' of --route weighted:0: options are written key=value
    help: options follow the name, as in weighted:0=3,1=1
    ");
    assert_snapshot!(wrong(&["run", "bash", "--route", "weighted:first=1", "x"]), @r"
    error: option 'first' of --route weighted:first=1: slots are numbers, counted from 0
    help: options follow the name, as in weighted:0=3,1=1
    ");
    assert_snapshot!(wrong(&["run", "bash", "--route", "weighted:99999999=1", "x"]), @r"
    error: option '99999999' of --route weighted:99999999=1: a pool has at most 1000000 slots
    help: options follow the name, as in weighted:0=3,1=1
    ");
    assert_snapshot!(wrong(&["run", "bash", "--max-memory", "much", "x"]), @r"
    error: invalid value 'much' for '--max-memory <SIZE>': write a number of bytes, or one with K, M or G, such as 512M

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["run", "bash", "--retries", "101", "x"]), @r"
    error: invalid value '101' for '--retries <N>': 101 is not in 0..=100

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["frobnicate"]), @r"
    error: unrecognized subcommand 'frobnicate'

    Usage: cluster <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn a_tool_that_asks_at_its_start_is_not_waited_for() {
    let once = "[ -e asked ] || { >asked; printf 'Trust this folder? [y/n] '; read -r answer; }";
    let world = world(once, "echo \"$line\"");
    world.file("asks.toml", format!("questions = ['\\[y/n\\] \\z']\n{MARKED}"));
    let ran = world.run(&["run", "./asks.toml", "-n", "1", "hi"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "hi\n"), "{ran}");
    let told =
        "instance 0 asks has ended: it did not start: it asks \"Trust this folder? [y/n]\", and nobody can";
    assert_eq!(ran.stderr.matches(told).count(), 1, "{ran}");
}

#[test]
fn files_that_make_no_sense() {
    let world = World::new();
    world.file("bytes", b"\xff\n").file("bad.toml", "command = [\n").file("slip.toml", "comand = ['x']\n");
    world.file("nobody.jsonl", "{\"steps\":[\"x\"],\"tool\":\"bahs\"}").file("nothing.jsonl", "{}");
    world.file("later.jsonl", "{\"steps\":[\"x\"],\"after\":[\"a\"]}").file("list.jsonl", "[]");
    let wrong = |words: &[&str]| {
        let ran = world.run(words);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
        ran.stderr
    };
    assert_snapshot!(wrong(&["run", "bash", "-S", "bytes", "x"]), @r"error: bytes is not UTF-8 text: convert it, or name another file");
    assert_snapshot!(wrong(&["run", "bash", "-q", "-a", "."]), @r"error: cannot read .: Is a directory (os error 21)");
    assert_snapshot!(wrong(&["ask", "bash", "-i", "bytes"]), @r"error: bytes is not UTF-8 text: convert it, or name another file");
    assert_snapshot!(wrong(&["run", "./gone.toml", "x"]), @r"error: DIR/./gone.toml: cannot be read: No such file or directory (os error 2)");
    assert_snapshot!(wrong(&["run", "./bad.toml", "x"]), @r"error: DIR/./bad.toml:1: unclosed array, expected `]`");
    assert_snapshot!(wrong(&["run", "./slip.toml", "x"]), @r"error: DIR/./slip.toml:1: comand: unknown key `comand`: did you mean `command`?");
    assert_snapshot!(wrong(&["tools", "./slip.toml"]), @r"error: DIR/./slip.toml:1: comand: unknown key `comand`: did you mean `command`?");
    assert_snapshot!(wrong(&["run", "bash", "--from", "nobody.jsonl"]), @r#"error: nobody.jsonl line 1: the pool has no tool "bahs": did you mean "bash"?"#);
    assert_snapshot!(wrong(&["run", "bash", "--from", "nothing.jsonl"]), @r"error: nothing.jsonl line 1: the job has no steps: give it some, or use --step");
    assert_snapshot!(wrong(&["run", "bash", "--from", "later.jsonl"]), @r#"error: later.jsonl line 1: "after" is not built yet: leave it out"#);
    assert_snapshot!(wrong(&["run", "bash", "--from", "list.jsonl"]), @r#"error: list.jsonl line 1 column 1: a job is a JSON object, such as {"id":"a","steps":["hello"]}"#);
    let mut command = world.command(&["run", "bash", "x", "--cwd"]);
    let ran = world.wait(command.arg(std::ffi::OsStr::from_bytes(b"a\xff")).spawn().unwrap());
    assert_snapshot!(ran, @r"
    status: 2
    --- stdout
    --- stderr
    error: --cwd: a� is not UTF-8 text
    ");
}

#[test]
fn tools_that_cannot_be_started() {
    let world = World::new();
    let program = |name: &str, text: &str, mode: u32| {
        world.file(name, text);
        std::fs::set_permissions(world.path(name), PermissionsExt::from_mode(mode)).unwrap();
    };
    program("no-program", "", 0o600);
    program("no-interpreter", "#!/no/such/interpreter\n", 0o700);
    let fails = |words: &[&str]| world.run(&[&["run"], words, &["--lines", "-n", "1", "-q", "x"]].concat());
    assert_snapshot!(fails(&["./no-program"]), @r"
    status: 3
    --- stdout
    --- stderr
    error: the pool gave up: 'DIR/./no-program' cannot be executed: permission denied: is it marked executable?
    ");
    assert_snapshot!(fails(&["./no-interpreter"]), @r"
    status: 3
    --- stdout
    --- stderr
    error: the pool gave up: 'DIR/./no-interpreter' names an interpreter that does not exist: see its first line
    ");
    assert_snapshot!(fails(&["cat", "--cwd", "gone"]), @r"
    status: 3
    --- stdout
    --- stderr
    error: the pool gave up: working folder 'DIR/gone' does not exist: create it, or choose another with --cwd
    ");
}

#[test]
fn tools_that_start_badly() {
    let started = |first: &str, flags: &[&str]| {
        let world = world(first, "echo hi");
        world.file("tool.toml", format!("{MARKED}[restart]\nmax = 0\n"));
        world.run(&[&["run", "./tool.toml", "-n", "1", "-q", "x"], flags].concat())
    };
    assert_snapshot!(started("echo 'no licence'; exit 3", &[]), @r"
    status: 3
    --- stdout
    --- stderr
    error: the pool gave up: tool ended too often (more than 0 restarts within 60s, or failed starts in a row); the last time it did not start: it ended before it was ready (exited with code 3); its last output: no licence\n
    ");
    assert_snapshot!(started("echo 'who are you?'; exec sleep 1000", &["--ready-timeout", "2s"]), @r"
    status: 3
    --- stdout
    --- stderr
    error: the pool gave up: tool ended too often (more than 0 restarts within 60s, or failed starts in a row); the last time it did not start: not ready after 2s: raise --ready-timeout, or check the profile's `ready`; its last output: who are you?\n
    ");
}

#[test]
fn jobs_that_end_badly() {
    let ended = |each: &str, flags: &[&str]| {
        let world = world("", each);
        world.run(&[&["run", "./tool.toml", "-n", "1", "-q", "x"], flags].concat())
    };
    assert_snapshot!(ended("printf half; exec sleep 1000", &["--timeout", "1s"]), @r"
    status: 1
    --- stdout
    half
    --- stderr
    1/1 x: timed_out: no end of turn in time
    ");
    assert_snapshot!(ended("printf half; kill -9 $$", &[]), @r"
    status: 1
    --- stdout
    half
    --- stderr
    1/1 x: crashed: it ended by signal 9 in the middle of its reply
    ");
    assert_snapshot!(ended("printf half; exit 0", &[]), @r"
    status: 1
    --- stdout
    half
    --- stderr
    1/1 x: truncated: it exited in the middle of its reply
    ");
    assert_snapshot!(ended("printf half; exit 3", &[]), @r"
    status: 1
    --- stdout
    half
    --- stderr
    1/1 x: crashed: it exited with code 3 in the middle of its reply
    ");
    let world = World::new();
    // In one write: a line that comes later is told from an answer only then.
    world.file("two.sh", "while read -r line; do cat both; done").file("both", "1\n2\n");
    let unframed = world.run(&["run", "bash two.sh", "--lines", "-n", "1", "-q", "x"]);
    assert_snapshot!(unframed, @r#"
    status: 1
    --- stdout
    1
    2
    --- stderr
    1/1 x: unframed: one line too many: "2"
    "#);
}

#[test]
fn jobs_that_are_refused() {
    let world = world("", "echo hi");
    world
        .file("nul.jsonl", "{\"steps\":[\"a\\u0000b\"]}")
        .file("short.toml", format!("{MARKED}[limits]\nmax_prompt = 3\n"));
    let refused = |words: &[&str]| {
        let ran = world.run(&[&["run"], words, &["-q"]].concat());
        assert_eq!(ran.status, 1, "{ran}");
        ran
    };
    assert_snapshot!(refused(&["./tool.toml", "-n", "1", "--from", "nul.jsonl"]), @r"
    status: 1
    --- stdout
    --- stderr
    1/1 1: refused: the prompt holds a NUL byte, which cannot be typed: remove it
    ");
    assert_snapshot!(refused(&["./short.toml", "-n", "1", "four"]), @r"
    status: 1
    --- stdout
    --- stderr
    1/1 four: refused: the prompt has 4 bytes, the limit is 3: shorten it, or raise max_prompt
    ");
    assert_snapshot!(refused(&["./tool.toml", "-n", "1", "--pty", "a\u{3}"]), @r"
    status: 1
    --- stdout
    --- stderr
    1/1 a\u{3}: refused: the prompt holds byte 0x03 at place 1, on a terminal Ctrl-C: remove it, or give the tool pipes
    ");
    let dry = |items: &[&str]| {
        let ran = world.run(&[&["run", "aider", "--dry-run", "-s", "/add {}"], items].concat());
        let refusals: Vec<&str> = ran.stdout.lines().filter(|line| line.contains("refused")).collect();
        format!("status: {}\n{}", ran.status, refusals.join("\n"))
    };
    assert_snapshot!(dry(&["a\"b", "", "a\nb"]), @r#"
    status: 2
      refused  the item cannot be quoted for this tool: it has a double quote in it
      refused  the item cannot be quoted for this tool: it is blank
      refused  the item has a line end in it, and the command "/add" is one line: send it as text instead
    "#);
}
