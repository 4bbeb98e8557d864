//! A night in short: three usage limits, two crashes, the machine goes down, the disk is full for a while. In the morning
//! everything is done, and one command tells what happened.

use crate::checker::{Checker, Promise};
use crate::disk::{SmallDisk, paused};
use crate::lab::{Lab, Ran};
use crate::verbs::{await_received, kill};
use std::io::Read;

/// The fake tool, with an account that has limits. With one instance everything has its order.
fn profile(lab: &Lab) -> String {
    format!(
        "schema = 'cluster.profile/1'\ncommand = ['{}', '--log', '{}']\n[turn]\nby = 'sentinel'\n\
         send = '/end {{nonce}}'\nexpect = '^end {{nonce}}$'\n[[outcome]]\nis = 'limited'\n\
         pattern = '^429: try again in (?P<reset_s>\\d+) s$'\n",
        env!("CARGO_BIN_EXE_fake-tool"),
        lab.path("log").display()
    )
}

/// Forty items. What goes wrong with one goes wrong once.
fn items() -> Vec<String> {
    let item = |number| match number {
        5 | 15 | 25 => format!("[[first limit=1]] {number}"),
        10 | 20 => format!("[[first crash]] {number}"),
        // Where the machine goes down.
        18 => "[[first hang]] 18".to_owned(),
        // Where the disk is filled: what comes later finds it so.
        number if number >= 30 => format!("[[delay=100 big=4000]] {number}"),
        _ => format!("[[delay=10]] {number}"),
    };
    (1..=40).map(item).collect()
}

/// What differs from night to night.
fn redacted(text: &str) -> String {
    let differs = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[time]"),
        (r"\bfor \d+ s\b", "for [span]"),
        (r"\bin [\d.]+m?s\b", "in [span]"),
        (r"pid \d+", "pid [pid]"),
        (r"/\S*/", "[path]/"),
        (r"(?m)^folder .*$", "folder   [path]"),
    ];
    differs.iter().fold(text.to_owned(), |text, (pattern, word)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *word).into_owned()
    })
}

#[test]
fn a_night_with_all_kinds_of_trouble_ends_well_and_is_told_in_a_few_lines() {
    let lab = Lab::new();
    let Some(disk) = SmallDisk::mount(&lab, 24 << 20) else { return };
    std::fs::write(lab.path("agent.toml"), profile(&lab)).unwrap();
    std::fs::write(lab.path("items"), items().join("\n") + "\n").unwrap();
    let words = ["run", "./agent.toml", "-n", "1", "-a", "items", "--retries", "2", "--on-unknown", "retry"];
    let child = lab.command(&[&words[..], &["--json"]].concat()).stdout(lab.told()).spawn().unwrap();
    // With three that were sent twice: the eighteenth hangs.
    await_received(&lab, 18 + 3);
    kill(child);
    let mut child = lab.command(&["resume", "--json"]).stdout(lab.told()).spawn().unwrap();
    await_received(&lab, 30 + 6);
    disk.fill();
    let mut said = paused(&mut child);
    disk.make_room();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let ran = Ran::of(child);
    assert_eq!(ran.code, Some(0), "{rest}");
    assert_eq!(lab.received().len(), 40 + 6, "sent again: what met a limit, crashed, or hung, each once");
    Checker { items: items(), promise: Promise::AtLeastOnce, kills: 6 }.at_end(&lab);
    let shown = lab.run(&["runs", "show"]);
    insta::assert_snapshot!(redacted(&shown.stdout));
}

#[test]
fn a_tool_that_is_given_up_is_told_once_for_all_its_instances() {
    let lab = Lab::new();
    let restart = "restart = { max = 1, delay = '10ms', delay_max = '10ms' }\n[turn]";
    std::fs::write(lab.path("agent.toml"), profile(&lab).replace("[turn]", restart)).unwrap();
    let ran =
        lab.run(&["run", "./agent.toml", "-n", "2", "[[crash]] 1", "[[crash]] 2", "[[crash]] 3", "4", "5"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let shown = lab.run(&["runs", "show"]).stdout;
    let told = shown.lines().filter(|line| line.contains("given up: agent ended too often")).count();
    assert_eq!(told, 1, "{shown}");
    assert!(shown.contains(" ended at job "), "{shown}");
}
