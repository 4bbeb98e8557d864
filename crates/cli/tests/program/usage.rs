//! Wrong usage: code 2, one clear line, nothing started.

use crate::running::World;
use insta::assert_snapshot;

fn wrong(words: &[&str]) -> String {
    let ran = World::new().run(words);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
    ran.stderr
}

#[test]
fn a_tool_is_named_with_a_number() {
    assert_snapshot!(wrong(&["run", "bash:0", "x"]), @r"
    error: 'bash:0' asks for no instances
    help: ask for 1 or more
    ");
    assert_snapshot!(wrong(&["run", "bash:many", "x"]), @r"
    error: 'many' in 'bash:many' is no number of instances
    help: write TOOL:N, such as bash:4
    ");
    assert_snapshot!(wrong(&["run", "gdb -q", "x"]), @r"
    error: 'gdb -q' is a command line, not the name of a tool
    help: a command line needs a flag that tells when a reply is whole, such as --until '> $'
    ");
    assert_snapshot!(wrong(&["run", "gdb 'x", "--lines", "x"]), @r#"error: --lines: "gdb 'x" is no command line: check its quotes; no shell runs, so | and > mean nothing"#);
    assert_snapshot!(wrong(&["run", "bash", "-n", "0", "x"]), @r"
    error: invalid value '0' for '--instances <N>': 0 is not in 1..=10000

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["run", "bahs", "x"]), @r"error: no profile is named 'bahs', did you mean 'bash'?: `cluster tools` lists them; a command line needs --until, --sentinel, --lines or --quiet-for");
}

#[test]
fn values_are_checked() {
    assert_snapshot!(wrong(&["run", "bash", "--timeout", "90", "x"]), @r#"
    error: invalid value '90' for '--timeout <TIME>': "90" is no duration: write a number with a unit, such as 250ms, 90s, 30m or 1h 30m

    For more information, try '--help'.
    "#);
    assert_snapshot!(wrong(&["run", "bash", "--route", "least_bust", "x"]), @r"
    error: unknown routing strategy 'least_bust'
    help: did you mean 'least_busy'?
    ");
    assert_snapshot!(wrong(&["run", "bash", "--on-limit", "later", "x"]), @r"
    error: invalid value 'later' for '--on-limit <wait|next|fail>'
      [possible values: wait, next, fail]

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["run", "bash", "--until", "(", "x"]), @r#"error: --until: "(" is no regular expression: unclosed group"#);
    assert_snapshot!(wrong(&["run", "bash", "--sentinel", "no nonce", "x"]), @r#"error: --sentinel: "no nonce" must be SEND=EXPECT, with {nonce} in both halves"#);
    assert_snapshot!(wrong(&["run", "bash", "--env", "=x", "x"]), @r#"error: --env: "=x" has no name: write NAME or NAME=VALUE"#);
}

#[test]
fn flags_that_exclude_each_other() {
    for more in ["--json", "--verbose", "--watch"] {
        let said = wrong(&["status", "--check", more]);
        assert!(said.starts_with("error: the argument '--check' cannot be used with"), "{said}");
    }
    assert_snapshot!(wrong(&["run", "bash", "-a", "list", "x"]), @r"
    error: the argument '--arg-file <FILE>' cannot be used with '[ITEM]...'

    Usage: cluster run --arg-file <FILE> <TOOL[:N]> [ITEM]...

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["run", "bash", "--lines", "--until", "x", "x"]), @r"
    error: the argument '--lines' cannot be used with '--until <REGEX>'

    Usage: cluster run --lines <TOOL[:N]> <ITEM>...

    For more information, try '--help'.
    ");
}

#[test]
fn input_that_is_not_there() {
    assert_snapshot!(wrong(&["run", "bash", "-a", "gone"]), @r"error: cannot read gone: No such file or directory (os error 2)");
    assert_snapshot!(wrong(&["run", "bash", "--from", "gone"]), @r"error: cannot read gone: No such file or directory (os error 2)");
    assert_snapshot!(wrong(&["run", "bash", "-S", "gone", "x"]), @r"error: cannot read gone: No such file or directory (os error 2)");
}

#[test]
fn templates_are_checked_before_anything_starts() {
    assert_snapshot!(wrong(&["run", "aider", "-s", "/exit {}", "x"]), @r#"error: step "/exit {}" begins with "/exit", which is not a command that steps may use (/add, /architect, /ask, /clear, /code, /context, /drop, /ls, /map, /map-refresh, /read-only, /reset, /tokens): allow it with --allow-commands, or put a word in front of it to send it as text"#);
    assert_snapshot!(wrong(&["run", "aider", "-s", "/add {}\nthen", "x"]), @r#"error: step "/add {}…" is a command of the tool, and a command is one line: make its other lines steps of their own"#);
    assert_snapshot!(wrong(&["run", "aider", "-s", "fix the tests", "x"]), @r"error: no step uses the item, so all jobs would be the same: put {} into one");
    assert_snapshot!(wrong(&["run", "bash", "-I", "", "-s", "x", "x"]), @r"error: the token that stands for the item (-I) is empty: choose some characters");
}

#[test]
fn a_step_goes_to_every_tool_of_a_mix() {
    assert_snapshot!(wrong(&["run", "aider:2,bash", "-s", "/add {}", "x"]), @r#"error: step "/add {}" is a command of aider, and bash has no such command: name the tool of each job in a --from list, or run them apart"#);
    assert_snapshot!(wrong(&["run", "aider:2,bash", "-s", "/exit {}", "x"]), @r#"error: for aider: step "/exit {}" begins with "/exit", which is not a command that steps may use (/add, /architect, /ask, /clear, /code, /context, /drop, /ls, /map, /map-refresh, /read-only, /reset, /tokens): allow it with --allow-commands, or put a word in front of it to send it as text"#);
    assert_snapshot!(wrong(&["run", "python,bash", "-s", "print({})", "x"]), @r#"error: step "print({})": python and bash want the text in it quoted in different ways: write {:raw} to put it in as it is, name the tool of each job in a --from list, or run them apart"#);
}

#[test]
fn the_tools_of_a_mix_can_be_told_apart() {
    let world = World::new();
    std::fs::create_dir(world.path("more")).unwrap();
    let profile = "schema = \"cluster.profile/1\"\ncommand = [\"cat\"]\n[turn]\nby = \"lines\"\n";
    world.file("tool.toml", profile).file("more/tool.toml", profile);
    assert_snapshot!(world.run(&["run", "./tool.toml,./more/tool.toml", "x"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: two profiles are named 'tool'
    help: results tell tools apart by their names: rename one of the files
    ");
    assert_snapshot!(wrong(&["run", "bash,python,bash:2", "x"]), @r"
    error: 'bash' is named twice
    help: name it once, with :N
    ");
}

#[test]
fn there_is_a_next_tool_to_go_to() {
    assert_snapshot!(wrong(&["run", "bash", "--on-limit", "next", "x"]), @r"
    error: --on-limit next needs another tool to go to: bash is the only one
    help: name another one, as in 'aider:3,codex:2', or use --on-limit wait
    ");
    let world = World::new();
    let profile =
        "schema = \"cluster.profile/1\"\naccount = \"team\"\ncommand = [\"cat\"]\n[turn]\nby = \"lines\"\n";
    world.file("one.toml", profile).file("two.toml", profile);
    assert_snapshot!(world.run(&["run", "./one.toml,./two.toml", "--on-limit", "next", "x"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: --on-limit next needs another tool to go to: all of this run share the account 'team'
    help: name another one, as in 'aider:3,codex:2', or use --on-limit wait
    ");
}

#[test]
fn a_malformed_list_starts_nothing() {
    let world = World::new();
    let list = "{\"steps\":[\"touch started\"]}\n{\"id\":\"a\",\"stpes\":[]}\n";
    let ran = world.file("jobs.jsonl", list).run(&["run", "bash", "--from", "jobs.jsonl"]);
    assert_snapshot!(ran, @r#"
    status: 2
    --- stdout
    --- stderr
    error: jobs.jsonl line 2 column 11: unknown key "stpes": did you mean "steps"?
    "#);
    assert!(!world.path("started").exists());
}

#[test]
fn an_argument_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let mut command = world.command(&["run", "bash", "a"]);
    let ran = world.wait(command.arg(std::ffi::OsStr::from_bytes(b"b\xff")).spawn().unwrap());
    assert_snapshot!(ran, @r#"
    status: 2
    --- stdout
    --- stderr
    error: item 2 is not UTF-8 text (near "b�"): convert the list, or rename the file it names
    "#);
}
