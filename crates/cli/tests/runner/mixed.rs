//! One run over several tools: each job goes where it may, and says where it went.

use crate::world::{Ran, World};
use serde_json::Value;

/// What each result says it was answered by, and what.
fn answers(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ran.results().iter().map(|result| (text(&result["instance"]["tool"]), text(&result["reply"]))).collect()
}

#[test]
fn jobs_go_to_the_tool_that_they_name_and_the_others_to_any() {
    let world = World::new();
    let mut list = String::new();
    for _ in 0..10 {
        list += r#"{"tool":"bash","steps":["n=$((6*7))","echo bash $n"]}
                   {"tool":"python","steps":["n = 6*7","print('python', n)"]}
                   {"steps":["6*7"]}
"#;
    }
    world.file("jobs.jsonl", &list);
    let ran = world.run(&["bash:2,python:1", "--from", "jobs.jsonl", "--json"]);
    for (index, (tool, reply)) in answers(&ran).into_iter().enumerate() {
        match index % 3 {
            0 => assert_eq!((tool.as_str(), reply.as_str()), ("bash", "bash 42"), "{ran}"),
            1 => assert_eq!((tool.as_str(), reply.as_str()), ("python", "python 42"), "{ran}"),
            // A shell knows no such command; the name of the tool is true all the same.
            _ if tool == "python" => assert_eq!(reply, "42", "{ran}"),
            _ => assert!(tool == "bash" && reply.contains("not found"), "{ran}"),
        }
    }
    assert_eq!(ran.results().len(), 30, "{ran}");
    assert!(ran.stderr.starts_with("2 × bash (bash …; may change anything), 1 × python"), "{ran}");
}

#[test]
fn jobs_go_to_whichever_tool_is_able_to_do_them() {
    let world = World::new();
    let list = r#"{"capability":"shell","steps":["echo $((6*7))"]}
                  {"capability":"sums","steps":["6*7"]}
"#;
    let sums = BASH.replace("[turn]", "capabilities = ['sums']\n[turn]").replace("NAME", "sums");
    world.file("sums.toml", &sums).file("jobs.jsonl", list.repeat(10));
    let ran = world.run(&["bash:1,./sums.toml:2", "--from", "jobs.jsonl", "--json"]);
    for (index, (tool, reply)) in answers(&ran).into_iter().enumerate() {
        match index % 2 {
            0 => assert_eq!((tool.as_str(), reply.as_str()), ("bash", "42"), "{ran}"),
            _ => assert_eq!(tool, "sums", "{ran}"),
        }
    }
    assert_eq!(ran.results().len(), 20, "{ran}");
    world.file("jobs.jsonl", r#"{"capability":"poetry","steps":["x"]}"#);
    let ran = world.run(&["bash", "--from", "jobs.jsonl"]);
    assert_eq!(ran.status, 2, "{ran}");
    let reason = "jobs.jsonl line 1: the pool has no capability \"poetry\": it has shell";
    assert!(ran.stderr.contains(reason), "{ran}");
}

#[test]
fn a_session_stays_with_the_tool_that_it_began_with() {
    let world = World::new();
    let list: String = (0..20)
        .map(|turn| {
            format!(
                "{{\"session\":\"s\",\"steps\":[{}]}}\n",
                if turn == 0 { "\"n=0\"" } else { "\"n=$((n+1))\",\"echo $n\"" }
            )
        })
        .collect();
    world.file("tool.toml", BASH.replace("NAME", "one")).file("other.toml", BASH.replace("NAME", "other"));
    world.file("jobs.jsonl", &list);
    let ran = world.run(&["./tool.toml:2,./other.toml:2", "--from", "jobs.jsonl", "--json"]);
    let answers = answers(&ran);
    let first = &answers[0].0;
    for (turn, (tool, reply)) in answers.iter().enumerate().skip(1) {
        assert_eq!((tool, reply.as_str()), (first, turn.to_string().as_str()), "{ran}");
    }
    assert_eq!(ran.status, 0, "{ran}");
}

/// A shell that remembers from job to job.
const BASH: &str = r#"
schema = "cluster.profile/1"
about = "NAME"
command = ["bash"]
[turn]
by = "sentinel"
send = "echo {nonce}"
expect = "^{nonce}$"
"#;

#[test]
fn a_tool_that_cannot_start_leaves_the_work_to_the_others() {
    let world = World::new();
    world.file("gone.toml", BASH.replace("\"bash\"", "\"no-such-program\""));
    let items: Vec<String> = (0..10).map(|number| format!("echo {number}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let ran = world.run(&[&["./gone.toml:1,bash:1", "--json"], &items[..]].concat());
    assert!(answers(&ran).iter().all(|(tool, _)| tool == "bash"), "{ran}");
    assert_eq!((ran.status, ran.results().len()), (0, 10), "{ran}");
}

/// Takes the text, starts a child of its own, and never answers.
const STUCK: &str = r#"
schema = "cluster.profile/1"
command = ["bash", "-c", 'while read -r line; do case $line in /end*) echo "${line#/}";; *) setsid sleep 1000 & echo >begun; wait;; esac; done']
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "^end {nonce}$"
"#;

#[test]
fn nothing_is_left_of_those_that_lose_a_race() {
    let world = World::new();
    world.file("stuck.toml", STUCK);
    // The winner waits until both losers are at work.
    assert!(world.program("mkfifo").arg("begun").status().unwrap().success());
    let question = "exec 3<>begun; read -ru 3; read -ru 3; echo won";
    // The world sees to it that nothing is left.
    let ran = world.ask(&["./stuck.toml:2,bash", "--race", "-q", "--timeout", "20s", question]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "won\n"), "{ran}");
}
