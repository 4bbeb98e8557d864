//! The program with a strategy and a router of somebody's own inside: the example, as its users start it.

use crate::world::World;
use std::process::{Command, Output};

/// The example with these words. `cargo test` builds examples before it runs tests; where only this test is asked for, and
/// there is none, cargo builds it now.
fn run(words: &[&str]) -> Output {
    let world = World::new();
    let test = std::env::current_exe().expect("this program");
    let built = test.ancestors().nth(2).map(|folder| folder.join("examples/own_program"));
    let mut program = match built.filter(|path| path.exists()) {
        Some(path) => Command::new(path),
        None => {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["run", "--quiet", "--package", "cluster-cli", "--example", "own_program", "--"]);
            cargo
        }
    };
    program.args(words).env("XDG_STATE_HOME", world.path("state")).current_dir(env!("CARGO_MANIFEST_DIR"));
    program.output().expect("it starts")
}

#[test]
fn a_strategy_of_ones_own_is_chosen_by_name_with_its_options() {
    let ran = run(&["run", "bash", "-n", "2", "--route", "lowest:skip=1", "--json", "echo one"]);
    let said = String::from_utf8_lossy(&ran.stdout);
    let result: serde_json::Value = serde_json::from_str(&said).expect("one result");
    assert_eq!((&result["reply"], &result["outcome"]), (&"one".into(), &"ok".into()), "{ran:?}");
    let wrong = run(&["run", "bash", "--route", "lowest:skp=1", "echo one"]);
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("skp"), "{wrong:?}");
}

#[test]
fn a_router_of_ones_own_serves_a_whole_run() {
    let items = ["echo 1", "echo 2", "echo 3", "echo 4", "echo 5"];
    let words = ["run", "bash", "-n", "2", "--route", "latest_first"];
    let ran = run(&[&words[..], &items].concat());
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "1\n2\n3\n4\n5\n", "{ran:?}");
    assert!(
        ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("latest_first, 5 jobs"),
        "{ran:?}"
    );
}
