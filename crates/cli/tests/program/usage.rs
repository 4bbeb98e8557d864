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
    assert_snapshot!(wrong(&["run", "bash:0", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash:many", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "gdb -q", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "gdb 'x", "--lines", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "-n", "0", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bahs", "x"]), @r"");
}

#[test]
fn values_are_checked() {
    assert_snapshot!(wrong(&["run", "bash", "--timeout", "90", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "--route", "least_bust", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "--until", "(", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "--sentinel", "no nonce", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "--env", "=x", "x"]), @r"");
}

#[test]
fn flags_that_exclude_each_other() {
    assert_snapshot!(wrong(&["run", "bash", "-a", "list", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "--lines", "--until", "x", "x"]), @r"");
}

#[test]
fn input_that_is_not_there() {
    assert_snapshot!(wrong(&["run", "bash", "-a", "gone"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "--from", "gone"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "-S", "gone", "x"]), @r"");
}

#[test]
fn templates_are_checked_before_anything_starts() {
    assert_snapshot!(wrong(&["run", "aider", "-s", "/exit {}", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "aider", "-s", "/add {}\nthen", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "aider", "-s", "fix the tests", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "aider,bash", "x"]), @r"");
    assert_snapshot!(wrong(&["run", "bash", "-I", "", "-s", "x", "x"]), @r"");
}

#[test]
fn a_malformed_list_starts_nothing() {
    let world = World::new();
    let list = "{\"steps\":[\"touch started\"]}\n{\"id\":\"a\",\"stpes\":[]}\n";
    let ran = world.file("jobs.jsonl", list).run(&["run", "bash", "--from", "jobs.jsonl"]);
    assert_snapshot!(ran, @r"");
    assert!(!world.path("started").exists());
}

#[test]
fn an_argument_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let mut command = world.command(&["run", "bash", "a"]);
    let ran = world.wait(command.arg(std::ffi::OsStr::from_bytes(b"b\xff")).spawn().unwrap());
    assert_snapshot!(ran, @r"");
}
