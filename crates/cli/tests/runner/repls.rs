//! Many prompts over few warm tools, each answered as by a tool that sees nothing else.
//!
//! `CLUSTER_TEST_PROMPTS` sets how many prompts; the default is 1,000.

use crate::corpus::{self, Item};
use crate::dice::Dice;
use crate::missing::is_missing;
use crate::reference::{Answer, Reference};
use crate::world::{PATIENCE, Running, World};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Instances of the tool.
const INSTANCES: u64 = 4;

/// How often an item comes, on the average: as many prompts as a reference answers for once.
const SHARE: u64 = 4;

/// More distinct items than this teach nothing new, and each costs a process.
const MOST: u64 = 5000;

#[test]
fn bash() {
    let world = World::new();
    compare(&world, &["bash"], corpus::bash::FIXED, corpus::bash::item, Reference::bash);
}

#[test]
fn bash_on_a_terminal() {
    let world = World::new();
    let reference = || Reference::bash().on_a_terminal();
    compare(&world, &["bash", "--pty"], corpus::bash::FIXED, corpus::bash::item, reference);
}

#[test]
fn python() {
    if is_missing("python3") {
        return;
    }
    let world = World::new();
    let reference = || Reference::python(&world);
    compare(&world, &["python"], corpus::python::FIXED, corpus::python::item, reference);
}

#[test]
fn python_on_a_terminal() {
    if is_missing("python3") {
        return;
    }
    let world = World::new();
    let reference = || Reference::python(&world).on_a_terminal();
    compare(&world, &["python", "--pty"], corpus::python::FIXED, corpus::python::item, reference);
}

#[test]
fn bc() {
    plain("bc", corpus::bc::FIXED, corpus::bc::item, Reference::bc);
}

#[test]
fn dc() {
    plain("dc", corpus::dc::FIXED, corpus::dc::item, Reference::dc);
}

#[test]
fn sqlite3() {
    plain("sqlite3", corpus::sqlite3::FIXED, corpus::sqlite3::item, Reference::sqlite3);
}

#[test]
fn jq() {
    if is_missing("jq") {
        return;
    }
    let world = World::new();
    let filter = corpus::jq::FILTER;
    let reference = || Reference::jq(filter);
    compare(&world, &["jq", "--tool-arg", filter], corpus::jq::FIXED, corpus::jq::item, reference);
}

#[test]
fn gdb() {
    plain("gdb", corpus::gdb::FIXED, corpus::gdb::item, Reference::gdb);
}

#[test]
fn tclsh() {
    plain("tclsh", corpus::tclsh::FIXED, corpus::tclsh::item, Reference::tclsh);
}

#[test]
fn node() {
    plain("node", corpus::node::FIXED, corpus::node::item, Reference::node);
}

/// A tool that needs no words but its name.
fn plain(tool: &str, fixed: &[&str], generate: fn(&mut Dice) -> Item, reference: fn() -> Reference) {
    if !is_missing(tool) {
        compare(&World::new(), &[tool], fixed, generate, reference);
    }
}

fn compare(
    world: &World,
    tool: &[&str],
    fixed: &[&str],
    generate: fn(&mut Dice) -> Item,
    reference: impl FnOnce() -> Reference,
) {
    let prompts = prompts();
    let count = (prompts / SHARE).clamp(fixed.len() as u64, MOST);
    let items = corpus::distinct(fixed, generate, usize::try_from(count).unwrap(), 1);
    let order = order(prompts, items.len(), 2);
    // Before the reference runs, so that both sides see the same folder.
    let text: Vec<&str> = order.iter().map(|place| items[*place].text.as_str()).collect();
    world.file("items", text.join("\0"));
    let reference = reference();
    let answers = reference.answers(world, &items);

    let began = Instant::now();
    let instances = INSTANCES.to_string();
    let words = ["-n", &instances, "--json", "-q", "--timeout", "20s", "-a", "items", "-0"];
    let mut run =
        world.start(&[tool, &words].concat()).patience(PATIENCE + Duration::from_millis(20 * prompts));
    let wrong = differences(&mut run, &reference, &items, &answers, &order);
    let ran = run.end();
    assert!(
        wrong.is_empty(),
        "{} of {prompts} differ, such as:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(10)].join("\n")
    );
    // Something fails in every corpus, whether the tool tells or not.
    let status = i32::from(answers.iter().any(|answer| answer.is_ok != Some(true)));
    assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{ran}");
    println!(
        "{tool:?}: {prompts} prompts, {count} distinct, in {:.1?}: all as from a fresh tool",
        began.elapsed()
    );
}

fn prompts() -> u64 {
    std::env::var("CLUSTER_TEST_PROMPTS").map_or(1000, |count| count.parse().unwrap())
}

/// Every item at least once, and then any, mixed.
fn order(prompts: u64, items: usize, seed: u64) -> Vec<usize> {
    let mut dice = Dice::new(seed);
    let mut place = |below: u64| usize::try_from(dice.upto(below)).unwrap();
    let mut order: Vec<usize> = (0..items).collect();
    order.extend((items as u64..prompts).map(|_| place(items as u64)));
    for last in (1..order.len()).rev() {
        order.swap(last, place(last as u64 + 1));
    }
    order
}

/// Every result once, under its index, with the text and the outcome of the reference.
fn differences(
    run: &mut Running,
    reference: &Reference,
    items: &[Item],
    answers: &[Answer],
    order: &[usize],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = vec![false; order.len()];
    let mut lives = 0;
    let mut slots = [0; INSTANCES as usize];
    for _ in 0..order.len() {
        let Some(line) = run.line() else { break };
        let record: Value = serde_json::from_str(&line).unwrap();
        let index = usize::try_from(record["index"].as_u64().unwrap()).unwrap();
        assert!(!std::mem::replace(&mut seen[index], true), "two results for {index}");
        slots[usize::try_from(record["instance"]["slot"].as_u64().unwrap()).unwrap()] += 1;
        lives = lives.max(record["instance"]["generation"].as_u64().unwrap());
        let place = order[index];
        if let Some(difference) = difference(&record, reference, &items[place], &answers[place]) {
            wrong.push(difference);
        }
    }
    assert!(seen.iter().all(|seen| *seen), "results are missing");
    assert!(slots.iter().all(|jobs| *jobs > 0), "instances had nothing to do: {slots:?}");
    if wrong.is_empty() {
        assert_eq!(lives, 1, "an instance was replaced");
    }
    wrong
}

fn difference(record: &Value, reference: &Reference, item: &Item, expected: &Answer) -> Option<String> {
    assert_eq!(record["item"], item.text);
    let text = reference.comparable(record["reply"].as_str().unwrap());
    let is_ok = expected.is_ok.map(|_| record["outcome"] == "ok");
    let ended = record["outcome"] == "ok" || record["outcome"] == "error";
    let got = Answer { text, is_ok };
    if got == *expected && ended {
        return None;
    }
    let (outcome, error, instance) = (&record["outcome"], &record["error"], &record["instance"]);
    Some(format!(
        "{:.300}\n  expected {}\n  got      {}\n  {outcome} {error:.300} {instance}",
        format!("{:?}", item.text),
        start(&format!("{expected:?}")),
        start(&format!("{got:?}"))
    ))
}

fn start(text: &str) -> String {
    text.chars().take(500).collect()
}
