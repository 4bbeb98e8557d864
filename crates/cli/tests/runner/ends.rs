//! However a run ends, no process of its tools is left, and no prompt was delivered twice.

use crate::tool::{SENTINEL, await_received, fake, received};
use crate::world::{Ran, World};
use rustix::process::Signal;

/// The outcomes in the order of the items, as far as they were read.
fn outcomes(ran: &Ran) -> Vec<String> {
    let records = ran.results();
    assert!((0..).zip(&records).all(|(index, record)| record["index"] == index), "each once\n{ran}");
    records.iter().map(|record| record["outcome"].as_str().unwrap().to_owned()).collect()
}

/// `tag=` makes every prompt another one.
fn items(directive: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("[[{directive} tag={number}]] reply {number}")).collect()
}

/// Two instances at work on the items; JSON on standard output.
fn words<'a>(tool: &'a str, items: &'a [String]) -> Vec<&'a str> {
    let words = [tool, "--sentinel", SENTINEL, "-n", "2", "--json"];
    words.into_iter().chain(items.iter().map(String::as_str)).collect()
}

/// More than are done before anybody could say stop, on the busiest machine.
const MANY: usize = 400;

#[test]
fn f58_the_first_signal_lets_jobs_end_and_begins_no_more() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let world = World::new();
        let (tool, items) = (fake(&world, ""), items("delay=150", MANY));
        let mut run = world.start(&words(&tool, &items));
        await_received(&world, 3);
        run.signal(signal);
        run.says("beginning no more");
        let ran = run.end();
        let outcomes = outcomes(&ran);
        let is_ended = |outcome: &String| outcome == "ok" || outcome == "cancelled";
        assert!(ran.status == status && outcomes.iter().all(is_ended), "{ran}");
        assert!(outcomes.len() < MANY && outcomes.iter().any(|outcome| outcome == "cancelled"), "{ran}");
        // What has begun has ended, and nothing else was sent.
        let mut begun: Vec<_> =
            items.into_iter().zip(&outcomes).filter(|(_, outcome)| *outcome == "ok").collect();
        begun.sort();
        assert_eq!(received(&world), begun.into_iter().map(|(item, _)| item).collect::<Vec<_>>());
    }
}

#[test]
fn f58_the_second_signal_takes_jobs_back_even_from_tools_that_do_not_listen() {
    let world = World::new();
    let (tool, items) = (fake(&world, "--ignore-term"), items("hang grandchild", 5));
    let mut run = world.start(&words(&tool, &items));
    await_received(&world, 2);
    run.signal(Signal::INT);
    run.says("finishing 2 jobs");
    run.signal(Signal::INT);
    run.says("cancelling 2 jobs");
    let ran = run.end();
    let outcomes = outcomes(&ran);
    assert!(ran.status == 130 && outcomes.iter().all(|outcome| outcome == "cancelled"), "{ran}");
    assert!(outcomes.len() >= 2, "{ran}");
    assert_eq!(received(&world).len(), 2, "nothing was sent again");
}

/// A tool that listens to no signal but SIGKILL, and is interrupted for a minute before it gets that.
const DEAF: &str = r#"
schema = "cluster.profile/1"
command = ["bash", "-c", "trap '' INT; exec TOOL"]
[turn]
by = "sentinel"
send = "/end {nonce}"
expect = "^end {nonce}$"
[cancel]
by = "interrupt"
within = "60s"
"#;

#[test]
fn f58_the_third_signal_kills() {
    let world = World::new();
    world.file("deaf.toml", DEAF.replace("TOOL", &fake(&world, "--ignore-term")));
    let items = items("hang", 3);
    let items = items.iter().map(String::as_str);
    let mut run = world.start(&["./deaf.toml:2"].into_iter().chain(items).collect::<Vec<_>>());
    await_received(&world, 2);
    for says in ["finishing", "cancelling", "killing"] {
        run.signal(Signal::TERM);
        run.says(says);
    }
    assert_eq!(run.end().status, 143);
}

#[test]
fn a_killed_program_leaves_no_tool_that_reads() {
    let world = World::new();
    let (tool, items) = (fake(&world, ""), items("delay=50", 100));
    let run = world.start(&words(&tool, &items));
    await_received(&world, 2);
    run.signal(Signal::KILL);
    assert_eq!(run.end().status, 1000 + Signal::KILL.as_raw());
}

#[test]
fn f39_nobody_reads_any_more() {
    let world = World::new();
    let tool = fake(&world, "");
    let items = items("flood=100000", 200);
    let mut run = world.start(&words(&tool, &items));
    assert!(run.line().is_some());
    run.close_stdout();
    let ran = run.end();
    assert_eq!(ran.status, 4, "{ran}");
    assert!(received(&world).len() < 200, "it went on for nobody");
}

#[test]
fn what_a_tool_started_ends_with_the_run() {
    let world = World::new();
    let tool = fake(&world, "");
    let ran = world.run(&words(&tool, &items("grandchild", 3)));
    assert_eq!((ran.status, outcomes(&ran)), (0, vec!["ok".to_owned(); 3]), "{ran}");
    assert!(ran.stdout.contains("child "), "{ran}");
}

#[test]
fn a_program_that_does_not_exist_starts_nothing() {
    let world = World::new();
    let ran = world.run(&["no-such-tool -x", "--sentinel", SENTINEL, "a"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{ran}");
    assert!(ran.stderr.contains("program 'no-such-tool' not found"), "{ran}");
}
