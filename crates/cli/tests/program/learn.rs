//! `cluster tools learn`, as far as nothing depends on the machine; the tools themselves are in `tests/runner`.

use crate::running::World;
use insta::assert_snapshot;

#[test]
fn what_is_not_tried() {
    let world = World::new();
    assert_snapshot!(world.run(&["tools", "learn", "aider --model x"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: 'aider' is not learnt by trying: it hands what it is told to a model: each try would be a paid request that may edit files; write its profile by hand, see `cluster schema profile`
    ");
    assert_snapshot!(world.run(&["tools", "learn", "vim"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: 'vim' is not learnt by trying: it is an editor: what it is told changes a text; write its profile by hand, see `cluster schema profile`
    ");
    assert_snapshot!(world.run(&["tools", "learn", "bc 'x"]), @r#"
    status: 2
    --- stdout
    --- stderr
    error: "bc 'x" is no command line
    help: check its quotes; no shell runs, so | and > mean nothing
    "#);
    assert_snapshot!(world.run(&["tools", "learn", ""]), @r#"
    status: 2
    --- stdout
    --- stderr
    error: "" is no command line
    help: check its quotes; no shell runs, so | and > mean nothing
    "#);
    assert_snapshot!(world.run(&["tools", "learn", "/"]), @r#"
    status: 2
    --- stdout
    --- stderr
    error: "" cannot be the name of a profile
    help: choose one with --name
    "#);
    assert_snapshot!(world.run(&["tools", "learn", "sh", "--name", "../sh"]), @r#"
    status: 2
    --- stdout
    --- stderr
    error: "../sh" cannot be the name of a profile
    help: choose one with --name
    "#);
    assert_snapshot!(world.run(&["tools", "learn", "sh", "--force"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      --to <DIR>

    Usage: cluster tools learn --to <DIR> --force <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn nothing_is_overwritten_unless_asked_for() {
    let world = World::new();
    world.file("sed.toml", "mine");
    let words = ["tools", "learn", "sed -u ''", "--to", "."];
    assert_snapshot!(world.run(&words), @r"
    status: 2
    --- stdout
    --- stderr
    error: ./sed.toml is there already
    help: replace it with --force, or choose another --name
    ");
    assert_eq!(std::fs::read_to_string(world.path("sed.toml")).unwrap(), "mine");
    let forced = world.run(&[words.as_slice(), &["--force"]].concat());
    assert_eq!(forced.status, 0, "{forced}");
    assert!(std::fs::read_to_string(world.path("sed.toml")).unwrap().starts_with("# Learnt by trying"));
    assert_snapshot!(world.run(&words), @r"
    status: 2
    --- stdout
    --- stderr
    error: ./sed.toml is there already
    help: replace it with --force, or choose another --name
    ");
    assert_snapshot!(world.run(&["tools", "learn", "sed -u ''", "--to", "gone"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: gone is no folder
    help: make it first, or write to standard output without --to
    ");
}

#[test]
fn the_profile_of_a_filter() {
    let ran = World::new().run(&["tools", "learn", "sed -u s/x/y/"]);
    let version = |line: &&str| !line.starts_with("tested");
    let stdout = ran.stdout.lines().filter(version).collect::<Vec<_>>().join("\n");
    assert_snapshot!(format!("status: {}\n{stdout}\n--- stderr\n{}", ran.status, ran.stderr));
}

#[test]
fn what_could_not_be_learnt() {
    assert_snapshot!(World::new().run(&["tools", "learn", "true"]), @r"
    status: 1
    --- stdout
    --- stderr
    error: pipes: it ends before it is told anything; a terminal: it ends before it is told anything
    ");
}
