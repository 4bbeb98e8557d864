//! `cluster doctor --conformance`, with tools of which nothing depends on the machine.

use crate::running::{Ran, World};
use insta::assert_snapshot;
use regex::Regex;

/// A shell that can be tried.
const SHELL: &str = r#"
schema  = "cluster.profile/1"
command = ["sh"]
version = ["sh", "-c", "echo tool 1.2.3"]
tested  = ["tool 1.2.3"]
[turn]
by     = "sentinel"
send   = "echo {nonce}"
expect = "^{nonce}$"
[[outcome]]
is      = "error"
pattern = '^broken$'
[test]
say    = "echo 42"
expect = "42"
[test.stream]
say = "for number in 1 2 3 4; do echo $number; sleep 0.3; done"
[test.cancel]
say = "sleep 300"
[test.error]
say = "echo broken"
"#;

/// A shell with a model behind it, as it were.
const PAID: &str = r#"
[test.limit]
say = "echo no more today"
[[outcome]]
is      = "limited"
pattern = '^no more'
"#;

/// Times are others each time.
fn timeless(ran: &Ran) -> String {
    let text =
        Regex::new(r"\d+(\.\d+)?(ms|µs|s)\b").unwrap().replace_all(&ran.to_string(), "TIME").into_owned();
    let text =
        Regex::new(r"/\S*/cluster-conformance-\w+.*").unwrap().replace_all(&text, "FOLDER/…").into_owned();
    Regex::new(r"of \d+ pieces").unwrap().replace_all(&text, "of N pieces").into_owned()
}

fn tried(profile: &str, words: &[&str]) -> String {
    let world = World::new();
    world.file("tool.toml", profile);
    timeless(&world.run(&[&["doctor", "./tool.toml", "--conformance"], words].concat()))
}

#[test]
fn a_tool_of_ones_own() {
    assert_snapshot!(tried(SHELL, &[]), @"
    status: 0
    --- stdout
    tool: tool 1.2.3 (tested)
      ready      yes          in TIME
      turn       yes          ended by a mark of ours
      stream     yes          the first of N pieces came TIME before the end
      permission not offered  it does what it is told, and asks nobody
      cancel     yes          by a new process
      resume     not offered  what it knows ends with its process
      usage      not offered  its profile reads no tokens
      limit      not offered  its profile knows no limits
      error      yes          broken
    --- stderr
    ");
}

#[test]
fn what_may_cost_is_not_sent_without_a_word() {
    let paid = format!("{SHELL}{PAID}");
    assert_snapshot!(tried(&paid, &[]), @"
    status: 0
    --- stdout
    tool: tool 1.2.3 (tested)
      ready      yes          in TIME
      turn       yes          ended by a mark of ours
      stream     not tried    its prompts may cost: --ask sends them
      permission not offered  it does what it is told, and asks nobody
      cancel     not tried    its prompts may cost: --ask sends them
      resume     not offered  what it knows ends with its process
      usage      not offered  its profile reads no tokens
      limit      not tried    its prompts may cost: --ask sends them
      error      not tried    its prompts may cost: --ask sends them
    --- stderr
    not sent without --ask: 7 prompts, which may cost
    prompt: for number in 1 2 3 4; do echo $number; sleep 0.3; done
    prompt: sleep 300
    prompt: echo 42
    prompt: echo no more today
    prompt: echo 42
    prompt: echo broken
    prompt: echo 42
    ");
    assert_snapshot!(tried(&paid, &["--ask"]), @"
    status: 0
    --- stdout
    tool: tool 1.2.3 (tested)
      ready      yes          in TIME
      turn       yes          ended by a mark of ours
      stream     yes          the first of N pieces came TIME before the end
      permission not offered  it does what it is told, and asks nobody
      cancel     yes          by a new process
      resume     not offered  what it knows ends with its process
      usage      not offered  its profile reads no tokens
      limit      yes          no more today
      error      yes          broken
    --- stderr
    sends 8 prompts, which may cost
    prompt: echo 42
    prompt: for number in 1 2 3 4; do echo $number; sleep 0.3; done
    prompt: sleep 300
    prompt: echo 42
    prompt: echo no more today
    prompt: echo 42
    prompt: echo broken
    prompt: echo 42
    ");
    assert_snapshot!(tried(&paid, &["--ask=a prompt"]), @"
    status: 2
    --- stdout
    --- stderr
    error: --conformance has prompts of its own
    help: use --ask without one; [test] in the profile says which they are
    ");
}

#[test]
fn what_does_not_work_and_what_is_not_there() {
    let other = SHELL
        .replace("echo broken", "echo well")
        .replace("for number in 1 2 3 4; do echo $number; sleep 0.3; done", "echo 1 2 3 4")
        .replace("sleep 300", "true");
    assert_snapshot!(tried(&other, &[]), @"
    status: 1
    --- stdout
    tool: tool 1.2.3 (tested)
      ready      yes          in TIME
      turn       yes          ended by a mark of ours
      stream     no           most of it came in one piece
      permission not offered  it does what it is told, and asks nobody
      cancel     not tried    it was over before it could be cancelled
      resume     not offered  what it knows ends with its process
      usage      not offered  its profile reads no tokens
      limit      not offered  its profile knows no limits
      error      no           it ended as ok
    --- stderr
    ");
    assert_snapshot!(tried(&SHELL.replace("[\"sh\"]", "[\"sh\", \"-c\", \"exit 3\"]"), &[]), @"
    status: 1
    --- stdout
    tool: tool 1.2.3 (tested)
      ready      no           no instance could be started: tool ended too often (more than 5 restarts within TIME, or failed starts in a row); the last time it did not start: it ended before it was ready (exited with code 3); its last output: (nothing)
      turn       not tried    it did not start
      stream     not tried    it did not start
      permission not offered  it does what it is told, and asks nobody
      cancel     not tried    it did not start
      resume     not offered  what it knows ends with its process
      usage      not offered  its profile reads no tokens
      limit      not offered  its profile knows no limits
      error      not tried    it did not start
    --- stderr
    ");
    let bare = SHELL.split("[[outcome]]").next().unwrap();
    assert_snapshot!(tried(bare, &[]), @"
    status: 0
    --- stdout
    tool: tool 1.2.3 (tested)
      ready      yes          in TIME
      turn       not tried    the profile has no [test]
      stream     not tried    the profile has no [test.stream], which takes a while
      permission not offered  it does what it is told, and asks nobody
      cancel     not tried    the profile has no [test.cancel], which takes long
      resume     not offered  what it knows ends with its process
      usage      not offered  its profile reads no tokens
      limit      not offered  its profile knows no limits
      error      not offered  its profile tells no failures
    --- stderr
    ");
}

#[test]
fn for_programs() {
    let world = World::new();
    world.file("tool.toml", SHELL);
    let ran = world.run(&["doctor", "./tool.toml", "--conformance", "--json"]);
    let schema = world.run(&["schema", "conformance"]).stdout;
    let schema = serde_json::from_str(&schema).unwrap();
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    jsonschema::validator_for(&schema).unwrap().validate(&found).unwrap();
    assert_eq!((&found["schema"], &found["prompts"]), (&"cluster.conformance/1".into(), &6.into()));
    assert_eq!(found["features"].as_array().unwrap().len(), 9);
    assert_eq!(found["features"][2]["feature"], "stream");
    assert_eq!(found["features"][2]["is"], "yes");
}

#[test]
fn halves_of_a_test_are_refused() {
    let cut = |from: &str| SHELL.replace(from, "");
    assert_snapshot!(tried(&cut("expect = \"42\"\n"), &[]), @"
    status: 2
    --- stdout
    --- stderr
    error: DIR/./tool.toml:13: test.expect: is missing: say what must occur in the reply
    ");
    assert_snapshot!(tried(&cut("say    = \"echo 42\"\n"), &[]), @"
    status: 2
    --- stdout
    --- stderr
    error: DIR/./tool.toml:13: test.say: is missing: `expect` is about its reply
    ");
    assert_snapshot!(World::new().run(&["doctor", "--conformance"]), @"
    status: 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <TOOL>

    Usage: cluster doctor --conformance <TOOL>

    For more information, try '--help'.
    ");
}

/// An agent that tells its version, and answers everything alike.
const AGENT: &str = r#"
schema  = "cluster.profile/1"
tested  = ["1.2.3", "1.2.4"]
command = ["sh", "-c", '''
  read line
  echo '{"type":"control_response","response":{"subtype":"success","request_id":"initialize","response":{"claude_code_version":"1.3.0"}}}'
  while read line; do echo '{"type":"result","subtype":"success","is_error":false,"result":"so it is"}'; done
''']
[turn]
by = "stream_json"
"#;

#[test]
fn a_run_with_another_version_says_so_once() {
    let world = World::new();
    world.file("agent.toml", AGENT);
    let ran = world.run(&["run", "./agent.toml:2", "--allow=read", "a", "b", "c"]);
    assert_snapshot!(ran.stdout, @"
    so it is
    so it is
    so it is
    ");
    let warnings: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("warning")).collect();
    assert_snapshot!(warnings.join("\n"), @"warning: agent is 1.3.0 here, its profile was recorded with 1.2.3, 1.2.4: if something is odd, --record FOLDER makes a transcript");
    world.file("agent.toml", AGENT.replace("1.2.4", "1.3.0"));
    for words in [
        &["run", "./agent.toml:2", "--allow=read", "a"][..],
        &["run", "./agent.toml", "--allow=read", "-q", "a"],
    ] {
        assert!(!world.run(words).stderr.contains("warning"));
    }
    world.file("agent.toml", AGENT);
    assert!(world.run(&["ask", "./agent.toml", "--allow=read", "a"]).stderr.contains("1.3.0"));
}

#[test]
fn an_agent_that_answers_everything_alike() {
    let paid = |profile: &str| tried(profile, &["--ask"]);
    assert_snapshot!(paid(AGENT), @r#"
    status: 1
    --- stdout
    tool: 1.3.0 (the profile was tested with 1.2.3, 1.2.4)
      ready      yes          in TIME
      turn       no           "42" is not in its reply "so it is"
      stream     no           most of it came in one piece
      permission not tried    it did not try to write a file
      cancel     not tried    its turn does not work, so nothing shows that it goes on
      resume     no           its conversation was lost with its process, which `context_lost` tells
      usage      no           nothing was told in 6 turns
      limit      not tried    the profile has no [test.limit], which meets one
      error      not tried    the profile has no [test.error], which fails
    --- stderr
    sends 8 prompts, which may cost
    prompt: What is 6 times 7? Answer with the number alone, and use no tools.
    prompt: Count from 1 to 40, each number on a line of its own. Use no tools.
    prompt: Create the file FOLDER/…
    prompt: Create the file FOLDER/…
    prompt: Count from 1 to 2000, each number on a line of its own. Use no tools.
    prompt: What is 6 times 7? Answer with the number alone, and use no tools.
    prompt: Remember the word juniper. Answer with the word ok alone, and use no tools.
    prompt: Which word were you told to remember? Answer with that word alone, and use no tools.
    "#);
    // It does go on, whatever happens to it.
    let shown = paid(&format!(
        "{AGENT}[test]\nsay = \"how is it?\"\nexpect = \"so it is\"\n[test.error]\nsay = \"fail\"\n"
    ));
    let shown = shown.split("--- stderr").next().unwrap();
    assert_snapshot!(shown, @"
    status: 1
    --- stdout
    tool: 1.3.0 (the profile was tested with 1.2.3, 1.2.4)
      ready      yes          in TIME
      turn       yes          ended by a message of its protocol
      stream     no           most of it came in one piece
      permission not tried    it did not try to write a file
      cancel     not tried    it was over before it could be cancelled
      resume     no           its conversation was lost with its process, which `context_lost` tells
      usage      no           nothing was told in 10 turns
      limit      not tried    the profile has no [test.limit], which meets one
      error      no           it ended as ok
    ");
}
