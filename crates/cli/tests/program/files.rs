//! What a run leaves in files: `--junit`, `--results`.

use crate::running::World;
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Every file below, and what it may be used for by whom.
fn tree(folder: &Path) -> String {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let each = entries.iter().map(|path| {
        let mode = path.metadata().unwrap().permissions().mode() & 0o7777;
        let below = if path.is_dir() { tree(path) } else { String::new() };
        format!("{mode:o} {}\n{below}", path.file_name().unwrap().to_string_lossy())
    });
    each.collect()
}

#[test]
fn replies_and_results_in_folders_of_their_own() {
    let world = World::new();
    let words = ["run", "bash", "--results", "out", "--json", "-q", "-s", "echo {}", "b/c d", "a"];
    let mut command = std::process::Command::new("sh");
    let program = world.command(&words);
    command.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    command.current_dir(world.path(".")).stdout(std::process::Stdio::piped());
    let ran = world.wait(command.spawn().unwrap());
    assert_eq!((ran.status, ran.stdout.lines().count()), (0, 2), "{ran}");
    assert_snapshot!(tree(&world.path("out")), @r"
    600 .cluster-results
    700 000001-b_c_d
    600 reply.txt
    600 result.json
    700 000002-a
    600 reply.txt
    600 result.json
    ");
    let reply = std::fs::read_to_string(world.path("out/000001-b_c_d/reply.txt")).unwrap();
    assert_eq!(reply, "b/c d");
    for line in ran.stdout.lines() {
        let index = serde_json::from_str::<serde_json::Value>(line).unwrap()["index"].as_u64().unwrap();
        let name = ["000001-b_c_d", "000002-a"][usize::try_from(index).unwrap()];
        let kept = std::fs::read_to_string(world.path("out").join(name).join("result.json")).unwrap();
        assert_eq!(kept, format!("{line}\n"));
    }
    let again = world.run(&["run", "bash", "-n", "1", "--results", "out", "-s", "echo {}", "b/c d", "a"]);
    assert_eq!((again.status, again.summary()), (0, "2 jobs: 2 ok"), "{again}");
    assert_snapshot!(world.run(&["run", "bash", "--results", "out", "echo other"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: --results: out is not empty
    help: name a folder that is new, empty, or was left by a run of the same tool, steps and items
    ");
}

#[test]
fn a_report_for_ci() {
    let world = World::new();
    let ran = world.run(&["run", "bash", "-n", "1", "--junit", "report.xml", "-q", "echo one", "(exit 3)"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, "one\n"), "{ran}");
    let report = std::fs::read_to_string(world.path("report.xml")).unwrap();
    let time = |word: &str| match word.strip_prefix("time=\"").and_then(|rest| rest.split_once('"')) {
        Some((_, rest)) => format!("time=\"…\"{rest}"),
        None => word.to_owned(),
    };
    let timeless = report.split(' ').map(time).collect::<Vec<_>>().join(" ");
    assert_snapshot!(timeless, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="cluster run" tests="2" skipped="0" failures="1" errors="0" time="…">
        <testsuite name="cluster run" tests="2" skipped="0" errors="0" failures="1" time="…">
            <testcase name="1 echo one" classname="bash" time="…">
                <system-out>one</system-out>
            </testcase>
            <testcase name="2 (exit 3)" classname="bash" time="…">
                <failure message="exit status 3" type="error"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
    let left = tree(&world.path("."));
    assert!(left.contains("600 report.xml\n") && !left.contains(".cluster-junit"), "{left}");
}

#[test]
fn files_that_cannot_be_written_start_nothing() {
    let world = World::new();
    world.file("file", "mine");
    std::fs::create_dir(world.path("full")).unwrap();
    world.file("full/mine", "");
    let wrong = |words: &[&str]| {
        let ran = world.run(&[&["run", "bash"], words, &["touch started"]].concat());
        assert!(ran.status == 2 && ran.stdout.is_empty() && !world.path("started").exists(), "{ran}");
        ran.stderr
    };
    assert_snapshot!(wrong(&["--junit", "no/such/report.xml"]), @r"error: --junit: no/such/report.xml: No such file or directory (os error 2)");
    assert_snapshot!(wrong(&["--junit", "/dev/null"]), @r"
    error: --junit: /dev/null: is no regular file
    help: name a file that is new, or may be replaced
    ");
    assert_snapshot!(wrong(&["--results", "file"]), @r"error: --results: file: Not a directory (os error 20)");
    assert_snapshot!(wrong(&["--results", "full"]), @r"
    error: --results: full is not empty
    help: name a folder that is new, empty, or was left by a run of the same tool, steps and items
    ");
    assert_snapshot!(wrong(&["--results", "no/such/folder"]), @r"error: --results: no/such/folder: No such file or directory (os error 2)");
}

#[test]
fn results_that_can_no_longer_be_written_fail_the_run() {
    let world = World::new();
    let words = ["run", "bash", "-n", "1", "--results", "out", "rm -r out", "echo two"];
    let ran = world.run(&words);
    assert_eq!((ran.status, ran.stdout.as_str(), ran.summary()), (1, "two\n", "2 jobs: 2 ok"), "{ran}");
    let told = "error: cannot write results to out/000001-rm_-r_out: No such file or directory (os error 2)";
    assert_eq!(ran.stderr.matches(told).count(), 1, "{ran}");
}

#[test]
fn what_is_done_is_there_when_everything_was_killed() {
    let world = World::new();
    assert!(std::process::Command::new("mkfifo").arg(world.path("said")).status().unwrap().success());
    let files = ["--results", "out", "--junit", "report.xml"];
    let items = ["trap '' INT TERM; read -r <never", "echo done", "echo ready >said"];
    assert!(std::process::Command::new("mkfifo").arg(world.path("never")).status().unwrap().success());
    let words = [&["run", "bash", "-n", "2"][..], &files, &items].concat();
    let mut run = world.command(&words).spawn().unwrap();
    // The third job runs where the second one has ended: the first one holds its reply back.
    std::fs::read(world.path("said")).unwrap();
    let mut talk = BufReader::new(run.stderr.take().unwrap()).lines().map(|line| line.unwrap());
    for says in ["finishing", "cancelling", "killing"] {
        kill_process(Pid::from_child(&run), Signal::INT).unwrap();
        assert!(talk.any(|line| line.starts_with(says)), "it never said {says:?}");
    }
    let ran = world.wait(run);
    assert_eq!(ran.status, 130, "{ran}");
    assert_eq!(std::fs::read_to_string(world.path("out/000002-echo_done/reply.txt")).unwrap(), "done");
    let report = std::fs::read_to_string(world.path("report.xml")).unwrap();
    assert!(report.contains("<testcase name=\"2 echo done\" classname=\"bash\""), "{report}");
}
