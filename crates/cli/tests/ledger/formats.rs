//! What other programs make of an export.

use crate::lab::Lab;
use crate::missing::is_missing;
use std::process::Command;

/// `parallel` goes on with what is left of a list, by our log of its jobs; those that ran, for the log it was given.
fn parallel(lab: &Lab, how: &str) -> Vec<String> {
    let joblog = lab.run(&["runs", "export", "--format", "joblog"]).stdout;
    std::fs::write(lab.path("joblog"), joblog).unwrap();
    let mut parallel = Command::new("parallel");
    parallel.args(["--will-cite", "-j1", how, "--joblog", "joblog", "echo {}", "::::", "list"]);
    let ran = parallel.current_dir(lab.path("")).env("HOME", lab.path("")).output().unwrap();
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn gnu_parallel_goes_on_with_our_joblog() {
    if is_missing("parallel") {
        return;
    }
    let lab = Lab::new();
    std::fs::write(lab.path("list"), "a\nb c\nd\ne\n").unwrap();
    let words = ["run", "bash", "-n", "1", "-q", "-a", "list", "-s", "test {} != 'b c'"];
    let ran = lab.run(&[&words[..], &["--halt", "soon,fail=1"]].concat());
    assert_eq!(ran.code, Some(4), "{ran:?}");
    // What was begun before the failure was known has ended, too.
    let ended = lab.run(&["runs", "export"]).stdout.lines().count();
    let list = ["a", "b c", "d", "e"];
    assert_eq!(parallel(&lab, "--resume"), list[ended..], "{ran:?}");
    let failed = [&["b c"], &list[ended..]].concat();
    assert_eq!(parallel(&lab, "--resume-failed"), failed, "{ran:?}");
}

#[test]
fn a_table_is_one_row_a_job_whatever_is_in_it() {
    let lab = Lab::new();
    std::fs::write(lab.path("list"), "x\ny\0\"q\", t\0").unwrap();
    let ran = lab.run(&["run", "bash", "-q", "-n", "1", "-0", "-a", "list", "-s", "echo {}"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let table = lab.run(&["runs", "export", "--format", "csv"]).stdout;
    let rows: Vec<&str> = table.split_terminator('\n').collect();
    assert!(rows[1].starts_with("1,0,\"x") && rows[4].ends_with(",,\"\"\"q\"\", t\""), "{table}");
    assert!(table.contains("\ny\",ok,1,") && table.contains(",bash,0,,\"x\ny\"\n"), "{table}");
    let joblog = lab.run(&["runs", "export", "--format", "joblog"]).stdout;
    assert!(joblog.lines().all(|line| line.split('\t').count() == 9), "{joblog}");
}
