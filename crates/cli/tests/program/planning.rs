//! What is shown and starts nothing: `--dry-run`, `tools`, `schema`.

use crate::running::World;
use insta::assert_snapshot;

/// A tool of which nothing depends on the machine.
const TOOL: &str = r#"
schema  = "cluster.profile/1"
about   = "a tool that is nowhere"
command = ["/nowhere/tool", "--quiet"]
effects = "read"
commands = ["/add"]
command_marks = ["/"]
[turn]
by = "lines"
[env]
set = { MODE = "batch" }
"#;

#[test]
fn the_plan_of_items() {
    let world = World::new();
    world.file("tool.toml", TOOL);
    let words = [
        "run",
        "./tool.toml:2",
        "--dry-run",
        "-s",
        "/add {/}",
        "-s",
        "look at {} ({#})",
        "src/a b.py",
        "c\nd",
    ];
    assert_snapshot!(world.run(&words), @r#"
    status: 2
    --- stdout
    2 × tool, changes nothing
      command  /nowhere/tool --quiet
      passed   HOME LANG MODE PATH
      dropped  nothing
    route least_busy, 4 jobs with the pool at most
    job 1: src/a b.py
      command  /add a b.py
      say      look at src/a b.py (1)
    job 2: c\nd
      refused  the item has a line end in it, and the command "/add" is one line: send it as text instead
    --- stderr
    "#);
}

#[test]
fn the_plan_of_a_mix() {
    let world = World::new();
    world.file("one.toml", TOOL).file("two.toml", TOOL.replace("read", "write"));
    world.file(
        "jobs.jsonl",
        r#"{"tool":"two","steps":["/add a"]}
{"id":"any","steps":["say hello"]}"#,
    );
    let words = [
        "run",
        "./one.toml:3,./two.toml",
        "-n",
        "2",
        "--on-limit",
        "next",
        "--dry-run",
        "--from",
        "jobs.jsonl",
    ];
    assert_snapshot!(world.run(&words), @r"
    status: 0
    --- stdout
    3 × one, changes nothing
      command  /nowhere/tool --quiet
      passed   HOME LANG MODE PATH
      dropped  nothing
    2 × two, may change anything
      command  /nowhere/tool --quiet
      passed   HOME LANG MODE PATH
      dropped  nothing
    route least_busy, 10 jobs with the pool at most
    job 1: 1
      command  /add a
    job 2: any
      say      say hello
    --- stderr
    ");
}

#[test]
fn the_plan_of_an_endless_list_is_cut_short() {
    let world = World::new();
    world.file("tool.toml", TOOL).file("items", "x\n".repeat(100));
    let ran = world.run(&["run", "./tool.toml", "--dry-run", "-q", "-a", "items"]);
    assert_eq!((ran.status, ran.stdout.matches("\njob ").count()), (0, 10), "{ran}");
    assert!(ran.stdout.ends_with("job 10: x\n  say      x\nand more\n"), "{ran}");
}

#[test]
fn the_plan_of_a_list() {
    let world = World::new();
    world.file("tool.toml", TOOL).file(
        "jobs.jsonl",
        r#"{"id":"one","steps":["say {what}"],"vars":{"what":"hello"}}
           {"id":"two","tool":"tool","steps":["say {what}"],"vars":{"what":{"file":"gone"}}}"#,
    );
    assert_snapshot!(world.run(&["run", "./tool.toml", "--dry-run", "--from", "jobs.jsonl"]), @r"
    status: 2
    --- stdout
    3 × tool, changes nothing
      command  /nowhere/tool --quiet
      passed   HOME LANG MODE PATH
      dropped  nothing
    route least_busy, 6 jobs with the pool at most
    job 1: one
      say      say hello
    job 2: two
      refused  cannot read gone for {what}: No such file or directory (os error 2)
    --- stderr
    ");
}

#[test]
fn the_tools() {
    assert_snapshot!(World::new().run(&["tools"]), @"
    status: 0
    --- stdout
    aider     aider: edits files as a language model says  (built-in)
    bash      GNU bash: shell commands and scripts  (built-in)
    bc        GNU bc: arbitrary precision arithmetic  (built-in)
    claude    Claude Code: an agent that reads, edits and runs  (built-in)
    codex     Codex: an agent that reads, edits and runs in a sandbox  (built-in)
    copilot   GitHub Copilot CLI: an agent that reads, edits and runs  (built-in)
    dc        GNU dc: arbitrary precision arithmetic, operators last  (built-in)
    gdb       GDB: its commands, as at its prompt  (built-in)
    gemini    Gemini CLI: an agent that reads, edits and runs  (built-in)
    jq        jq: a filter; each prompt is a JSON value, `--tool-arg FILTER` what is made of it  (built-in)
    jules     Jules: an agent that works at its service and brings back a patch  (built-in)
    node      Node.js: JavaScript, as at its prompt  (built-in)
    opencode  opencode: an agent that reads, edits and runs, with models of many providers  (built-in)
    psql      PostgreSQL: SQL, each job in a session of its own  (built-in)
    python    Python: statements and expressions, as at its prompt  (built-in)
    qwen      Qwen Code: an agent that reads, edits and runs  (built-in)
    sqlite3   SQLite: SQL, each job in an empty database of its own  (built-in)
    tclsh     Tcl: commands and scripts, as at its prompt  (built-in)
    --- stderr
    ");
    assert_snapshot!(World::new().run(&["tools", "pyhton"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: no profile is named 'pyhton', did you mean 'python'?: `cluster tools` lists them; a command line needs --until, --sentinel, --lines or --quiet-for
    ");
}

#[test]
fn a_tool_that_is_read_by_silence_is_called_a_guess() {
    let world = World::new();
    let quiet = "schema = 'cluster.profile/1'\ncommand = ['x']\n[turn]\nby = 'quiet'\nquiet_for = '1s'\n";
    let ran = world.file("quiet.toml", quiet).run(&["tools", "quiet.toml"]);
    assert!(ran.to_string().contains("best effort: silence is taken for the end of a reply"), "{ran}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is what users see, whole")]
fn one_tool() {
    let world = World::new();
    let ran = world.file("tool.toml", TOOL).run(&["tools", "tool.toml"]);
    assert_snapshot!(ran, @r#"
    status: 0
    --- stdout
    tool: a tool that is nowhere

    command = ["/nowhere/tool", "--quiet"]  (DIR/tool.toml)
    command_marks = ["/"]  (DIR/tool.toml)
    commands = ["/add"]  (DIR/tool.toml)
    effects = "read"  (DIR/tool.toml)
    home = "shared"  (default)
    io = "pipes"  (default)
    quote = "none"  (default)
    stderr = "merged"  (default)
    breaker.failure_rate = 50  (default)
    breaker.failures = 3  (default)
    breaker.min_calls = 5  (default)
    breaker.open = "30s"  (default)
    breaker.open_max = "10m"  (default)
    breaker.probes = 1  (default)
    breaker.slow_rate = 100  (default)
    breaker.window = 20  (default)
    cancel.by = "restart"  (default)
    cancel.within = "5s"  (default)
    env.set.MODE = "batch"  (DIR/tool.toml)
    hold.jitter = 0.1  (default)
    hold.max = "1h"  (default)
    hold.min = "1m"  (default)
    limits.errand = "1m"  (default)
    limits.kill_stalled = false  (default)
    limits.max_prompt = 67108864  (default)
    limits.max_reply = 33554432  (default)
    limits.stall = "10m"  (default)
    limits.turn = "1m"  (default)
    reset.timeout = "30s"  (default)
    restart.delay = "500ms"  (default)
    restart.delay_max = "1m"  (default)
    restart.jitter = 0.2  (default)
    restart.max = 5  (default)
    restart.stable = "10m"  (default)
    restart.steps = 8  (default)
    restart.when = "permanent"  (default)
    restart.within = "1m"  (default)
    start.settle = "50ms"  (default)
    start.timeout = "1m"  (default)
    stop.after = "2s"  (default)
    stop.term = "5s"  (default)
    turn.by = "lines"  (DIR/tool.toml)
    turn.echo = false  (default)
    turn.multiline = true  (default)

    not passed on from the environment: nothing
    --- stderr
    "#);
    let ran = world.run(&["tools", "tool.toml", "--json"]);
    let tool: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (tool["name"].as_str(), tool["about"].as_str()),
        (Some("tool"), Some("a tool that is nowhere"))
    );
    let values = tool["values"].as_array().unwrap();
    let command = values.iter().find(|value| value["key"] == "command").unwrap();
    assert_eq!(command["value"], r#"["/nowhere/tool", "--quiet"]"#);
    assert_eq!(command["origin"], "DIR/tool.toml");
}

#[test]
fn the_schemas_are_json_and_have_their_keys() {
    for (name, key) in [
        ("result", "outcome"),
        ("job", "steps"),
        ("event", "schema"),
        ("profile", "command"),
        ("config", "ready-timeout"),
        ("instance", "state"),
        ("conformance", "features"),
        ("metrics", "counts"),
        ("snapshot", "instances"),
    ] {
        let ran = World::new().run(&["schema", name]);
        let schema: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(schema["properties"][key].is_object(), "{name}: {ran}");
    }
    assert_snapshot!(World::new().run(&["schema", "reslt"]), @"
    status: 2
    --- stdout
    --- stderr
    error: invalid value 'reslt' for '<NAME>'
      [possible values: result, job, event, profile, config, instance, conformance, metrics, control, snapshot]

      tip: a similar value exists: 'result'

    For more information, try '--help'.
    ");
}

#[test]
fn the_schema_of_results_is_a_promise() {
    assert_snapshot!("schema_result", World::new().run(&["schema", "result"]).stdout);
}
