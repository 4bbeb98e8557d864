//! `--route` and `--explain`.

use crate::running::World;
use insta::assert_snapshot;

#[test]
fn options_that_make_no_sense_are_named() {
    let world = World::new();
    let wrong = |route| world.run(&["run", "bash", "--route", route, "x"]);
    assert_snapshot!(wrong("weighted:0=3,1=none"), @r"
    status: 2
    --- stdout
    --- stderr
    error: option '1' of --route weighted:0=3,1=none: 'none' is no weight: it goes from 1 to 65535
    help: options follow the name, as in weighted:0=3,1=1
    ");
    assert_snapshot!(wrong("sticky:seed=1"), @r"
    status: 2
    --- stdout
    --- stderr
    error: option 'seed' of --route sticky:seed=1: there is no such option
    help: options follow the name, as in weighted:0=3,1=1
    ");
}

#[test]
fn each_placement_is_explained_on_request_in_one_line() {
    let world = World::new();
    let words = ["run", "bash", "-n", "1", "--route", "weighted:0=2", "-s", "echo {}", "a", "b", "c"];
    let explained = world.run(&[&words[..], &["--explain"]].concat());
    assert_eq!((explained.status, explained.stdout.as_str()), (0, "a\nb\nc\n"), "{explained}");
    let lines =
        explained.stderr.lines().filter(|line| line.contains(": weighted, of slot 0 (weight 2, due in "));
    assert_eq!(lines.filter(|line| line.contains(" to slot 0, life 1, waited ")).count(), 3, "{explained}");
    let plain = world.run(&words);
    assert!(!plain.stderr.contains("to slot"), "{plain}");
}
