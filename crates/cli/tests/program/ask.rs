//! One question, one answer or several.

use crate::running::{Ran, World};
use insta::assert_snapshot;
use serde_json::Value;

/// Answers with its name and the text, and has this status afterwards.
const TOOL: &str = r#"
status=0
while IFS= read -r line; do
    case "$line" in
    "/end "*) echo "${line#/} $status"; status=0 ;;
    *) echo "NAME: $line"; status=STATUS ;;
    esac
done
"#;

/// Takes the text and never answers.
const STUCK: &str = r#"
while IFS= read -r line; do
    case "$line" in
    "/end "*) echo "${line#/} 0" ;;
    *) read -r <never ;;
    esac
done
"#;

const PROFILE: &str = r#"
schema = "cluster.profile/1"
command = ["bash", "NAME.sh"]
effects = "read"
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = '^end {nonce} (?P<status>\d+)$'
"#;

/// The tools `one`, `two`, `broken`, whose answers are errors, and `stuck`.
fn world() -> World {
    let world = World::new();
    for (name, tool, status) in
        [("one", TOOL, "0"), ("two", TOOL, "0"), ("broken", TOOL, "3"), ("stuck", STUCK, "0")]
    {
        world.file(&format!("{name}.sh"), tool.replace("NAME", name).replace("STATUS", status));
        world.file(&format!("{name}.toml"), PROFILE.replace("NAME", name));
    }
    assert!(std::process::Command::new("mkfifo").arg(world.path("never")).status().unwrap().success());
    world
}

/// Without the time that it took.
fn timeless(mut ran: Ran) -> Ran {
    let time =
        ran.stderr.rfind(" in ").filter(|at| ran.stderr[at + 4..].starts_with(|c: char| c.is_ascii_digit()));
    ran.stderr.truncate(time.unwrap_or(ran.stderr.len()));
    ran
}

fn ask(words: &[&str]) -> Ran {
    timeless(world().run(&[&["ask"], words].concat()))
}

/// The answers as JSON: who, how, what.
fn answers(ran: &Ran) -> Vec<String> {
    let answer = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let (job, tool) = (text(&value["job"]), text(&value["instance"]["tool"]));
        format!("{} {job} {tool} {} {:?}", value["index"], text(&value["outcome"]), text(&value["reply"]))
    };
    ran.stdout.lines().map(answer).collect()
}

#[test]
fn one_tool_answers() {
    assert_snapshot!(ask(&["./one.toml", "/exit"]), @r"
    status: 0
    --- stdout
    one: /exit
    --- stderr
    1 × one (bash …; changes nothing)
    1 job: 1 ok
    ");
    assert_snapshot!(ask(&["./broken.toml", "hello"]), @r"
    status: 1
    --- stdout
    broken: hello
    --- stderr
    1 × broken (bash …; changes nothing)
    1/1 broken: error: exit status 3
    1 job: 1 error
    ");
}

#[test]
fn several_tools_answer_in_the_order_in_which_they_were_named() {
    assert_snapshot!(ask(&["./two.toml,./broken.toml,./one.toml:2", "hello"]), @r"
    status: 1
    --- stdout
    two: hello
    broken: hello
    one: hello
    one: hello
    --- stderr
    1 × two (bash …; changes nothing), 1 × broken (bash …; changes nothing), 2 × one (bash …; changes nothing)
    2/4 broken: error: exit status 3
    4 jobs: 3 ok, 1 error
    ");
    let ran = ask(&["./two.toml,./one.toml:2", "--json", "-q", "hello"]);
    let mut answers = answers(&ran);
    answers.sort();
    assert_eq!(
        answers,
        [r#"0 two two ok "two: hello""#, r#"1 one#1 one ok "one: hello""#, r#"2 one#2 one ok "one: hello""#]
    );
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn what_the_question_is_about_comes_from_a_file_or_from_standard_input() {
    let world = world();
    world.file("in.txt", "line 1\nline 2\n");
    let words = ["ask", "./one.toml", "-q", "-i", "in.txt", "Review"];
    assert_snapshot!(world.run(&words), @r"
    status: 0
    --- stdout
    one: Review
    one: 
    one: line 1
    one: line 2
    --- stderr
    ");
    let ran = world.run_with(b"from a pipe\n", &["ask", "./one.toml", "-q", "-i", "-"]);
    assert_eq!(ran.to_string(), "status: 0\n--- stdout\none: from a pipe\n--- stderr\n");
}

#[test]
fn the_first_good_answer_wins() {
    assert_snapshot!(ask(&["./stuck.toml,./one.toml", "--race", "hello"]), @r"
    status: 0
    --- stdout
    one: hello
    --- stderr
    1 × stuck (bash …; changes nothing), 1 × one (bash …; changes nothing), the first good answer counts
    2 jobs: 1 ok, 1 not needed
    ");
    let ran = ask(&["./stuck.toml,./one.toml", "--race", "--json", "-q", "hello"]);
    assert_eq!((answers(&ran), ran.status), (vec![r#"1 one one ok "one: hello""#.to_owned()], 0));
    // A bad answer does not win, and its text is not mixed with a good one.
    let ran = ask(&["./broken.toml,./one.toml", "--race", "hello"]);
    assert_eq!((ran.stdout.as_str(), ran.status), ("one: hello\n", 0), "{ran}");
    assert_snapshot!(ask(&["./broken.toml", "--race", "hello"]), @r"
    status: 1
    --- stdout
    --- stderr
    1 × broken (bash …; changes nothing), the first good answer counts
    1/1 broken: error: exit status 3
    1 job: 1 error
    ");
}

#[test]
fn a_tool_that_cannot_start_loses_the_race() {
    let world = world();
    world.file("gone.toml", PROFILE.replace("\"bash\"", "\"no-such-program\""));
    let ran = world.run(&["ask", "./gone.toml,./one.toml", "--race", "-q", "hello"]);
    assert_eq!((ran.stdout.as_str(), ran.status), ("one: hello\n", 0), "{ran}");
    assert_snapshot!(world.run(&["ask", "./gone.toml", "--race", "-q", "hello"]), @r"
    status: 3
    --- stdout
    --- stderr
    error: the pool gave up: program 'no-such-program' not found on PATH: install it, or give its path
    ");
}

#[test]
fn as_many_good_answers_as_are_wanted() {
    assert_snapshot!(ask(&["./one.toml:2,./stuck.toml", "--quorum", "2", "hello"]), @r"
    status: 0
    --- stdout
    one: hello
    one: hello
    --- stderr
    2 × one (bash …; changes nothing), 1 × stuck (bash …; changes nothing), the first 2 good answers count
    3 jobs: 2 ok, 1 not needed
    ");
    // Two can no longer come: the one that is stuck is not waited for.
    let ran = ask(&["./broken.toml:2,./stuck.toml", "--quorum", "2", "--json", "hello"]);
    assert_eq!(
        (ran.status, answers(&ran).len(), ran.summary()),
        (1, 2, "3 jobs: 2 error, 1 not needed"),
        "{ran}"
    );
}

#[test]
fn wrong_usage_asks_nobody() {
    let wrong = |words: &[&str]| {
        let ran = World::new().run(&[&["ask"], words].concat());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
        ran.stderr
    };
    assert_snapshot!(wrong(&["bash"]), @r"
    error: the following required arguments were not provided:
      <PROMPT>

    Usage: cluster ask <TOOL[,TOOL…]> <PROMPT>

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["bash,bc", "--quorum", "3", "x"]), @r"
    error: --quorum 3: only 2 answers are asked for
    help: name more tools, or ask one several times, as in 'aider:3'
    ");
    assert_snapshot!(wrong(&["bash", "--quorum", "0", "x"]), @r"
    error: invalid value '0' for '--quorum <N>': 0 is not in 1..=10000

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["bash", "--race", "--quorum", "1", "x"]), @r"
    error: the argument '--race' cannot be used with '--quorum <N>'

    Usage: cluster ask --race <TOOL[,TOOL…]> <PROMPT>

    For more information, try '--help'.
    ");
    assert_snapshot!(wrong(&["bash", "-i", "gone", "x"]), @r"error: cannot read gone: No such file or directory (os error 2)");
    assert_snapshot!(wrong(&["bahs", "x"]), @r"error: no profile is named 'bahs', did you mean 'bash'?: `cluster tools` lists them; a command line needs --until, --sentinel, --lines or --quiet-for");
}

#[test]
fn the_help_teaches() {
    let ran = World::new().run(&["ask", "--help"]);
    let examples = ran.stdout.find("Examples:").expect("some");
    assert_snapshot!(ran.stdout[examples..], @r"
    Examples:
      A question to one tool; the answer is on standard output:
        cluster ask python 'sum(range(10))'

      The same question to two, about a file; on a terminal each answer stands under its tool's name:
        cluster ask aider,./other.toml -i pr.diff 'Review this change'

      Whoever has a good answer first; the other one is cancelled:
        cluster ask aider,./other.toml --race 'Why does the build fail?' -i build.log

      Three answers of one tool, of which two are enough, with the times and the usage of each:
        cluster ask aider:3 --quorum 2 --json 'Suggest a name for this function' -i f.py

    The prompt is text, whatever it looks like: it is never a command of the tool. An answer is good if
    its outcome is ok.
    With --race and --quorum standard output has only the answers that count; with --json also those
    that failed before enough had come. A tool whose account has met a usage limit answers when that is
    over, at most 12 hours later.
    Defaults for flags can be settled once: 'cluster config --help' says where.

    Exit codes:
      0 all answers are good, or as many as were wanted
      1 some answer is not, or too few are
      2 wrong usage or bad input, nothing was asked
      3 no tool could start, or all gave up
      4 stopped on purpose (nobody reads any more, or usage limits last for more than 12 hours)
      129 ended by SIGHUP, 130 by SIGINT, 143 by SIGTERM
    ");
}
