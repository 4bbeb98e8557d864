//! What leaves on standard output: whole replies, in order or as they come, in the promised shape.

use crate::dice::Dice;
use crate::tool::{SENTINEL, fake, received};
use crate::world::World;
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

/// Items that take from 0 to 20 ms, and their replies.
fn uneven(count: u64) -> (Vec<String>, Vec<String>) {
    let mut dice = Dice::new(3);
    let item = |number: u64| format!("[[delay={}]] reply {number}", dice.upto(20));
    ((0..count).map(item).collect(), (0..count).map(|number| format!("reply {number}")).collect())
}

#[test]
fn text_is_in_the_order_of_the_items() {
    let world = World::new();
    let (items, replies) = uneven(200);
    world.file("items", items.join("\n"));
    let tool = fake(&world, "");
    let words = [&tool, "--sentinel", SENTINEL, "-n", "4", "-q", "-a", "items"];
    let ran = world.run(&words);
    assert_eq!(ran.status, 0, "{ran}");
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), replies);
    let mut items = items;
    items.sort();
    assert_eq!(received(&world), items, "each prompt arrived once");
}

#[test]
fn unordered_replies_do_not_wait_for_each_other() {
    let world = World::new();
    let tool = fake(&world, "");
    let words = [&tool, "--sentinel", SENTINEL, "-n", "2", "-q", "--unordered"];
    let ran = world.run(&[&words[..], &["[[delay=500]] slow", "a", "b", "c"]].concat());
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "a\nb\nc\nslow\n"), "{ran}");
}

#[test]
fn a_line_of_a_megabyte_comes_back_whole() {
    let world = World::new();
    let mut dice = Dice::new(4);
    let long: String = std::iter::repeat_with(|| dice.hex() + "é漢").take(50_000).collect();
    assert!(long.len() > 1 << 20);
    world.file("items", &long).file("step", "{}\n");
    let tool = fake(&world, "");
    let words = [&tool, "--sentinel", SENTINEL, "-n", "1", "-q", "-a", "items", "-0"];
    for words in [words.to_vec(), [&words[..], &["-S", "step"]].concat()] {
        let ran = world.run(&words);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(ran.stdout.strip_suffix('\n') == Some(&long), "{} bytes came back", ran.stdout.len());
    }
}

#[test]
fn json_keeps_to_its_schema() {
    let world = World::new();
    let schema = world.program(env!("CARGO_BIN_EXE_cluster")).args(["schema", "result"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    world.file(
        "items",
        b"fine\n[[crash]] x\n[[hang]] x\n[[mid]] half a line\nno \xff text\n[[big=70000]] x\n",
    );
    let tool = fake(&world, "");
    let words = [&tool, "--sentinel", SENTINEL, "-n", "2", "--json", "--timeout", "1s", "-a", "items"];
    let ran = world.run(&words);
    assert_eq!(ran.status, 1, "{ran}");
    let mut outcomes = vec![String::new(); 6];
    for line in ran.stdout.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        schema.validate(&record).unwrap();
        let index = usize::try_from(record["index"].as_u64().unwrap()).unwrap();
        record["outcome"].as_str().unwrap().clone_into(&mut outcomes[index]);
    }
    assert_eq!(outcomes, ["ok", "crashed", "timed_out", "truncated", "refused", "ok"]);
}

#[test]
fn late_output_belongs_to_nobody() {
    let world = World::new();
    let program = env!("CARGO_BIN_EXE_fake-tool");
    world.file(
        "late.toml",
        format!(
            "schema = 'cluster.profile/1'\ncommand = ['{program}']\n[turn]\nby = 'sentinel'\n\
             send = '/end {{nonce}}'\nexpect = '^end {{nonce}}$'\nbegin = true\n"
        ),
    );
    let (mut run, mut input) = world.start_fed(&["./late.toml:1", "-q"]);
    input.write_all(b"[[late=50]] first\n").unwrap();
    assert_eq!(run.line().as_deref(), Some("first\n"));
    assert!(run.is_silent(Duration::from_millis(300)), "late output was printed");
    input.write_all(b"second\n").unwrap();
    assert_eq!(run.line().as_deref(), Some("second\n"));
    drop(input);
    let ran = run.end();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{ran}");
}
