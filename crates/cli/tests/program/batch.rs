//! Batches over real tools that every machine has.

use crate::running::World;
use cluster::batch::ResultRecord;
use insta::assert_snapshot;

#[test]
fn replies_come_in_the_order_of_the_items() {
    let world = World::new();
    world.file("a b; touch x.txt", "1\n2\n").file("c.txt", "1\n");
    let ran =
        world.run(&["run", "bash", "-n", "2", "-s", "wc -l < {}", "c.txt", "a b; touch x.txt", "c.txt"]);
    assert_eq!((ran.status, ran.stdout.as_str(), ran.summary()), (0, "1\n2\n1\n", "3 jobs: 3 ok"), "{ran}");
    assert!(!world.path("x.txt").exists());
}

#[test]
fn a_thousand_items_from_standard_input() {
    let input: String = (0..1000).map(|number| format!("{number}\n")).collect();
    let ran = World::new().run_with(input.as_bytes(), &["run", "bash:4", "-s", "echo {}"]);
    assert_eq!((ran.status, ran.summary()), (0, "1000 jobs: 1000 ok"), "{}", ran.stderr);
    assert_eq!(ran.stdout, input);
}

#[test]
fn results_as_json() {
    let ran = World::new().run(&["run", "bash", "--json", "-q", "echo one", "(exit 3)"]);
    assert_eq!(ran.status, 1, "{ran}");
    let mut records: Vec<ResultRecord> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    records.sort_by_key(|record| record.index);
    let seen: Vec<_> = records.iter().map(|record| (record.outcome.word(), record.reply.as_str())).collect();
    assert_eq!(seen, [("ok", "one"), ("error", "")]);
    let failed = ran.stderr.replace(|c: char| !c.is_ascii() && c != '…', "?");
    assert_snapshot!(failed, @r"2/2 (exit 3): error: exit status 3");
}

#[test]
fn a_bad_line_refuses_its_own_job_only() {
    let ran = World::new().run_with(b"echo a\necho \xff\necho c\n", &["run", "bash", "-q"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "a\nc\n"), "{ran}");
    assert_snapshot!(ran.stderr, @r#"2 2: refused: standard input line 2 is not UTF-8 text (near "echo �"): convert the list, or rename the file it names"#);
}

#[test]
fn steps_run_in_the_order_of_the_command_line_on_one_instance() {
    let world = World::new();
    world.file("step", "there=$there-file\n");
    let steps = ["-s", "there={}", "-S", "step", "-s", "echo $there-end # {}"];
    let words = [&["run", "bash", "-q"][..], &steps, &["x"]].concat();
    let ran = world.run(&words);
    assert_eq!(ran.to_string(), "status: 0\n--- stdout\nx-file-end\n--- stderr\n");
}

#[test]
fn a_list_with_variables_and_files() {
    let world = World::new();
    world.file("name", "from a file").file(
        "jobs.jsonl",
        r#"{"id":"one","steps":["echo {who} {}"],"vars":{"who":{"file":"name"}}}
           {"id":"two","vars":{"who":"$HOME"}}"#,
    );
    let ran = world.run(&["run", "bash", "-q", "--from", "jobs.jsonl", "-s", "echo {who}"]);
    assert_eq!(ran.to_string(), "status: 0\n--- stdout\nfrom a file {}\n$HOME\n--- stderr\n");
}

#[test]
fn a_command_line_with_a_prompt_of_its_own() {
    let words =
        ["run", "bash --norc --noediting -i", "--until", "> $", "--env", "PS1=> ", "-q", "echo $((6*7))"];
    let ran = World::new().run(&words);
    assert!(ran.status == 0 && ran.stdout.contains("42"), "{ran}");
}
