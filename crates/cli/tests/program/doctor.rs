//! `cluster doctor`, with tools of which little depends on the machine.

use crate::running::{Ran, World};
use insta::assert_snapshot;
use regex::Regex;

/// A shell that answers.
const WELL: &str = r#"
schema  = "cluster.profile/1"
command = ["sh"]
version = ["sh", "-c", "echo tool 1.2.3"]
tested  = ["tool 1.2.3"]
[turn]
by     = "sentinel"
send   = "echo {nonce}"
expect = "^{nonce}$"
[test]
say    = "echo 42"
expect = "42"
"#;

/// Times and sizes, which are others each time, and numbers that depend on them.
fn timeless(ran: &Ran) -> String {
    let table = [
        (r"\d+(\.\d+)?(ms|µs|s)\b", "TIME"),
        (r"\d+\.\d MiB", "SIZE"),
        (r"from \d+ prompts", "from N prompts"),
        (r#"("(?:\w+_us|memory|pool_pays_from)": )\d+"#, "${1}N"),
        (r#"/[^\s"]*/sh\b(["\n])"#, "PATH/sh$1"),
        (r": a pool of 3 (gains little, it )?pays", ": a pool of 3 pays"),
    ];
    table.iter().fold(ran.to_string(), |text, (pattern, instead)| {
        Regex::new(pattern).unwrap().replace_all(&text, *instead).into_owned()
    })
}

#[test]
fn a_tool_that_is_well() {
    let world = World::new();
    world.file("tool.toml", WELL);
    assert_snapshot!(timeless(&world.run(&["doctor", "./tool.toml"])), @r"
    status: 0
    --- stdout
    tool: well
      program  PATH/sh
      version  tool 1.2.3 (tested)
      ready    in TIME, the second time in TIME
      warm     in TIME, the second time in TIME
      memory   SIZE
      test     echo 42 → 42 (ok in TIME)
      pool     a start costs TIME: a pool of 3 pays from N prompts on
      dropped  nothing
    --- stderr
    ");
    assert_snapshot!(timeless(&world.run(&["doctor", "./tool.toml", "--ask=echo hello"])), @r"
    status: 0
    --- stdout
    tool: well
      program  PATH/sh
      version  tool 1.2.3 (tested)
      ready    in TIME, the second time in TIME
      warm     in TIME, the second time in TIME
      memory   SIZE
      test     echo 42 → 42 (ok in TIME)
      asked    echo hello → hello (ok in TIME)
      pool     a start costs TIME: a pool of 3 pays from N prompts on
      dropped  nothing
    --- stderr
    ");
}

#[test]
fn a_checkup_for_programs() {
    let world = World::new();
    world.file("tool.toml", WELL);
    assert_snapshot!(timeless(&world.run(&["doctor", "./tool.toml", "--json"])), @r#"
    status: 0
    --- stdout
    {
      "tool": "tool",
      "program": "PATH/sh",
      "missing": null,
      "version": "tool 1.2.3",
      "tested": [
        "tool 1.2.3"
      ],
      "is_tested": true,
      "first": {
        "ready_us": N,
        "warm_us": N,
        "stop_us": N
      },
      "second": {
        "ready_us": N,
        "warm_us": N,
        "stop_us": N
      },
      "memory": N,
      "test": {
        "say": "echo 42",
        "reply": "42",
        "outcome": "ok",
        "turn_us": N,
        "is_right": true
      },
      "asked": null,
      "pool_pays_from": N,
      "dropped_env": [],
      "problems": []
    }
    --- stderr
    "#);
}

/// What is said of the tool with this instead of that.
fn altered(from: &str, to: &str, words: &[&str]) -> String {
    assert!(WELL.contains(from), "{from}");
    let world = World::new();
    world.file("tool.toml", WELL.replace(from, to));
    timeless(&world.run(&[&["doctor", "./tool.toml"], words].concat()))
}

#[test]
fn a_tool_that_is_not_there_or_does_not_start() {
    assert_snapshot!(altered("command = [\"sh\"]", "command = [\"nowhere-to-be-found\"]", &[]), @r"
    status: 1
    --- stdout
    tool: not there: no program 'nowhere-to-be-found'
      dropped  nothing
    --- stderr
    ");
    assert_snapshot!(altered("command = [\"sh\"]", "command = [\"sh\", \"-c\", \"echo no licence; exit 3\"]", &[]), @r"
    status: 1
    --- stdout
    tool: ill
      wrong    no instance could be started: it did not start: it ended before it was ready (exited with code 3); its last output: no licence\n
      program  PATH/sh
      version  tool 1.2.3 (tested)
      dropped  nothing
    --- stderr
    ");
}

#[test]
fn a_version_a_test_and_a_prompt_that_are_not_as_expected() {
    assert_snapshot!(altered("tested  = [\"tool 1.2.3\"]", "tested  = [\"tool 1.2\", \"tool 2\"]", &[]), @r"
    status: 0
    --- stdout
    tool: well
      program  PATH/sh
      version  tool 1.2.3 (the profile was tested with tool 1.2, tool 2)
      ready    in TIME, the second time in TIME
      warm     in TIME, the second time in TIME
      memory   SIZE
      test     echo 42 → 42 (ok in TIME)
      pool     a start costs TIME: a pool of 3 pays from N prompts on
      dropped  nothing
    --- stderr
    ");
    assert_snapshot!(altered("echo 42", "echo 41", &[]), @r#"
    status: 1
    --- stdout
    tool: ill
      wrong    its test failed: "echo 41" was to bring "42"
      program  PATH/sh
      version  tool 1.2.3 (tested)
      ready    in TIME, the second time in TIME
      warm     in TIME, the second time in TIME
      memory   SIZE
      test     echo 41 → 41 (ok in TIME)
      pool     a start costs TIME: a pool of 3 pays from N prompts on
      dropped  nothing
    --- stderr
    "#);
    assert_snapshot!(altered("echo 42", "echo 41", &["--ask=exit 1"]), @r#"
    status: 1
    --- stdout
    tool: ill
      wrong    its test failed: "echo 41" was to bring "42"
      wrong    a real prompt failed: crashed
      program  PATH/sh
      version  tool 1.2.3 (tested)
      ready    in TIME, the second time in TIME
      warm     in TIME, the second time in TIME
      test     echo 41 → 41 (ok in TIME)
      asked    exit 1 →  (crashed in TIME)
      pool     a start costs TIME: a pool of 3 pays from N prompts on
      dropped  nothing
    --- stderr
    "#);
}

#[test]
fn no_such_tool() {
    assert_snapshot!(World::new().run(&["doctor", "bahs"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: no profile is named 'bahs', did you mean 'bash'?: `cluster tools` lists them; a command line needs --until, --sentinel, --lines or --quiet-for
    ");
    assert_snapshot!(World::new().run(&["doctor", "--ask=x"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <TOOL>

    Usage: cluster doctor --ask[=<PROMPT>] <TOOL>

    For more information, try '--help'.
    ");
}

#[test]
fn every_tool_in_a_line() {
    let world = World::new();
    std::fs::create_dir_all(world.path(".config/cluster/profiles")).unwrap();
    world
        .file(".config/cluster/profiles/broken.toml", "comand = []")
        .file(".config/cluster/profiles/mine.toml", WELL);
    // Only what is not on this PATH is the same everywhere.
    std::fs::create_dir(world.path("bin")).unwrap();
    std::os::unix::fs::symlink("/bin/sh", world.path("bin/sh")).unwrap();
    let mut command = world.command(&["doctor"]);
    let ran = world.wait(command.env("PATH", world.path("bin")).spawn().unwrap());
    assert_snapshot!(timeless(&ran), @"
    status: 1
    --- stdout
    aider     not there: no program 'aider'
    bash      not there: no program 'bash'
    bc        not there: no program 'bc'
    broken    ill, DIR/.config/cluster/profiles/broken.toml:1: comand: unknown key `comand`: did you mean `command`?
    claude    not there: no program 'claude'
    codex     not there: no program 'codex'
    copilot   not there: no program 'copilot'
    dc        not there: no program 'dc'
    gdb       not there: no program 'gdb'
    gemini    not there: no program 'gemini'
    jq        not there: no program 'jq'
    jules     not there: no program 'jules'
    mine      well, tool 1.2.3 (tested), ready in TIME, a pool of 3 pays from N prompts on
    node      not there: no program 'node'
    opencode  not there: no program 'opencode'
    psql      not there: no program 'psql'
    python    not there: no program 'python3'
    qwen      not there: no program 'qwen'
    sqlite3   not there: no program 'sqlite3'
    tclsh     not there: no program 'tclsh'
    --- stderr
    ");
}
