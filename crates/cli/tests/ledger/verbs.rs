//! What the verbs say and do.

use crate::events::await_files;
use crate::lab::{Lab, Ran};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A wait that takes longer has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Waits until so many prompts have arrived.
pub(crate) fn await_received(lab: &Lab, count: usize) {
    let arrived = || lab.received().len() >= count;
    await_files(&lab.path(""), LONG, arrived, || format!("only {:?} arrived", lab.received()));
}

pub(crate) fn kill(child: Child) {
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    Ran::of(child);
}

/// A run of one instance that was killed when its second job was under way; the third was never sent.
fn killed(lab: &Lab, more: &[&str]) {
    let tool = lab.tool();
    let words = [&["-n", "1"][..], more, &["one", "[[hang]] two", "three"]].concat();
    let words: Vec<&str> =
        ["run", &tool, "--sentinel", crate::lab::SENTINEL].into_iter().chain(words).collect();
    let mut child = lab.command(&words).spawn().unwrap();
    await_received(lab, 2);
    // An instance does not wait for the record of its last reply; who is told does.
    let mut told = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut told).unwrap();
    assert_eq!(told, "one\n");
    kill(child);
}

#[test]
fn what_is_in_between_is_asked_for_by_default_then_follows_the_word() {
    let lab = Lab::new();
    killed(&lab, &[]);
    let ran = lab.run(&["resume"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "three\n"), "{ran:?}");
    for says in ["r1: 1 job done before", "1 job sent, with an end that nobody knows", "'cluster resume r1'"]
    {
        assert!(ran.stderr.contains(says), "{says:?} in {ran:?}");
    }
    let ran = lab.run(&["resume", "r1", "--on-unknown", "skip"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "taken for failed: {ran:?}");
    assert_eq!(lab.received(), ["one", "[[hang]] two", "three"]);
    let ran = lab.run(&["runs", "show", "r1"]);
    assert!(ran.stdout.contains("r1, ended"), "{ran:?}");
    assert!(ran.stdout.contains("jobs     3 of 3 jobs: 2 ok, 1 unknown"), "{ran:?}");
    let ran = lab.run(&["resume"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}

#[test]
fn a_list_that_an_unfinished_run_holds_is_refused() {
    let lab = Lab::new();
    killed(&lab, &[]);
    let tool = lab.tool();
    let words = Lab::words(&tool, &["one", "and", "more"]);
    let ran = lab.run(&words);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("the unfinished run r1 holds this list"), "{ran:?}");
    assert!(ran.stderr.contains("'cluster resume r1' goes on with it; --new begins anew"), "{ran:?}");
    assert_eq!(lab.received().len(), 2, "nothing was sent");
    let ran = lab.run(&[&words[..], &["--new"]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

/// The fake tool as a profile, with one more argument.
fn profile(lab: &Lab, effects: &str, more: &str) -> String {
    format!(
        "schema = \"cluster.profile/1\"\neffects = {effects:?}\ncommand = [{:?}, \"--log\", {:?}{more}]\n\
         [turn]\nby = \"sentinel\"\nsend = \"/end {{nonce}}\"\nexpect = \"^end {{nonce}}$\"\n",
        env!("CARGO_BIN_EXE_fake-tool"),
        lab.path("log").to_str().unwrap()
    )
}

#[test]
fn a_list_of_a_tool_that_only_reads_may_be_run_again_and_what_is_in_between_is_sent_again() {
    let lab = Lab::new();
    std::fs::write(lab.path("reader.toml"), profile(&lab, "read", "")).unwrap();
    let words = ["run", "./reader.toml", "-n", "1", "[[delay=1000]] one", "two"];
    let child = lab.command(&words).spawn().unwrap();
    await_received(&lab, 1);
    let second = lab.command(&words).spawn().unwrap();
    await_received(&lab, 2);
    kill(second);
    kill(child);
    let ran = lab.run(&words);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "one\ntwo\n"), "{ran:?}");
    assert!(ran.stderr.contains("the unfinished run r2 holds this list; this is another run"), "{ran:?}");
    let ran = lab.run(&["resume", "r1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "one\ntwo\n"), "{ran:?}");
    let again = lab.received().iter().filter(|prompt| prompt.ends_with("one")).count();
    assert_eq!(again, 4, "sent by each of four controllers");
}

/// Fault 85.
#[test]
fn a_job_that_brings_down_every_instance_is_a_dead_letter_and_left_alone() {
    let lab = Lab::new();
    let tool = lab.tool();
    let ran = lab.run(&Lab::words(&tool, &["--retries", "5", "[[exit=3]] poison", "two", "three"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let sent = |lab: &Lab| lab.received().iter().filter(|prompt| prompt.ends_with("poison")).count();
    assert_eq!(sent(&lab), 2, "by two different instances");
    let story = lab.run(&["runs", "show", "r1", "1"]).stdout;
    assert!(story.contains("state    dead letter, 2 attempts"), "{story}");
    assert!(story.contains("ended crashed, kept away from instances"), "{story}");
    assert_eq!(lab.run(&["resume", "r1"]).code, Some(1));
    assert_eq!(sent(&lab), 2, "nobody asked for it");
    assert_eq!(lab.run(&["resume", "r1", "--failed"]).code, Some(1));
    assert!(sent(&lab) > 2);
}

/// Fault 65.
#[test]
fn a_second_controller_is_told_who_has_the_run() {
    let lab = Lab::new();
    let tool = lab.tool();
    let child = lab.command(&Lab::words(&tool, &["[[hang]] one"])).spawn().unwrap();
    await_received(&lab, 1);
    let began = Instant::now();
    let ran = lab.run(&["resume", "r1"]);
    assert_eq!(ran.code, Some(75), "{ran:?}");
    assert!(ran.stderr.contains(&format!("(pid {})", child.id())), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    // Reading is for everybody.
    let ran = lab.run(&["runs"]);
    assert!(
        ran.stdout.starts_with("r1  ") && ran.stdout.contains("  running  0 jobs: 1 in between  "),
        "{ran:?}"
    );
    kill(child);
}

#[test]
fn a_list_from_standard_input_can_be_resumed_without_it() {
    let lab = Lab::new();
    let tool = lab.tool();
    let mut child = lab.command(&Lab::words(&tool, &[])).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // All of it is read, however slow the jobs are.
    let items: String = (0..2000).map(|number| format!("[[delay=20 tag={number}]] x\n")).collect();
    input.write_all(items.as_bytes()).unwrap();
    drop(input);
    await_received(&lab, 2);
    let run = lab.path(".local/state/cluster/runs/r1");
    let copy = run.join("input");
    await_files(&run, LONG, || copy.exists(), || "the copy never ended");
    kill(child);
    assert_eq!(std::fs::read_to_string(copy).unwrap(), items);
    // More than were sent: however slowly the input was copied.
    let (short, count) = (lab.path("short"), lab.received().len() + 3);
    std::fs::write(&short, items.lines().take(count).collect::<Vec<_>>().join("\n") + "\n").unwrap();
    let ran = lab.run(&["resume", "--on-unknown", "retry", "-a", short.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = lab.run(&["runs", "export"]);
    assert_eq!(ran.stdout.lines().count(), count, "{ran:?}");
}

#[test]
fn of_a_list_that_was_cut_off_only_whole_lines_are_items() {
    let lab = Lab::new();
    let tool = lab.tool();
    let mut child = lab.command(&Lab::alone(&tool, &[])).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"[[hang]] one\ntwo\n/a/b").unwrap();
    await_received(&lab, 1);
    let copy = lab.path(".local/state/cluster/runs/r1/input.part");
    let is_there = || std::fs::read(&copy).is_ok_and(|copy| copy.ends_with(b"/a/b"));
    await_files(&lab.path(".local/state/cluster/runs/r1"), LONG, is_there, || "it was not copied");
    kill(child);
    drop(input);
    let ran = lab.run(&["resume"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 1), "{ran:?}");
    assert!(ran.stderr.contains("the whole lines that came are run"), "{ran:?}");
    // Another list ends as it is written.
    std::fs::write(lab.path("list"), "[[hang]] one\ntwo\n/a").unwrap();
    let ran = lab.run(&["resume", "r1", "-a", "list"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 1), "{ran:?}");
    // It may come on standard input, too.
    let mut child = lab.command(&["resume", "r1", "-a", "-", "--on-unknown", "skip"]);
    let mut child = child.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"[[hang]] one\ntwo\n/a/b/c.log\n").unwrap();
    let ran = Ran::of(child);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 1), "{ran:?}");
    assert_eq!(lab.received(), ["[[hang]] one", "two", "/a", "/a/b/c.log"]);
}

#[test]
fn failed_jobs_are_run_again_on_request() {
    let lab = Lab::new();
    let script = "test -e fixed && echo {} || exit 3";
    let run = ["run", "bash", "-n", "1", "--json", "-s", script, "a"];
    // `exit` ends the shell: the job fails, and so does whoever tries it again before it is fixed.
    let ran = lab.run(&run);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let ran = lab.run(&["resume", "r1"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "it failed before: {ran:?}");
    let ran = lab.run(&["resume"]);
    assert!(ran.code == Some(2) && ran.stderr.contains("--failed runs the failed jobs"), "{ran:?}");
    std::fs::write(lab.path("fixed"), "").unwrap();
    let ran = lab.run(&["resume", "--failed"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("\"outcome\":\"ok\"") && ran.stdout.contains("\"attempt\":2"), "{ran:?}");
    let story = lab.run(&["runs", "show", "r1", "1"]).stdout;
    let told: Vec<&str> =
        story.lines().filter_map(|line| line.split_once("controller ")).map(|line| line.1).collect();
    assert_eq!(told.len(), 5, "{story}");
    assert!(told[0].starts_with("1  attempt 1 sent to instance 0"), "{story}");
    assert_eq!(
        told[2..],
        ["3  to be sent again", "3  attempt 2 sent to instance 0", "3  attempt 2 ended ok"]
    );
}

#[test]
fn an_edited_list_drops_what_is_gone_and_runs_what_is_new() {
    let lab = Lab::new();
    killed(&lab, &[]);
    std::fs::write(lab.path("list"), "three\none\nfour\n").unwrap();
    let ran = lab.run(&["resume", "-a", "list", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(lab.received(), ["one", "[[hang]] two", "three", "four"]);
    assert!(lab.run(&["runs"]).stdout.contains("ended"));
}

#[test]
fn results_of_another_list_go_into_another_folder() {
    let lab = Lab::new();
    killed(&lab, &["--results", "results"]);
    std::fs::write(lab.path("list"), "zero\none\n").unwrap();
    let ran = lab.run(&["resume", "-a", "list"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("with --results DIR those of this list go elsewhere"), "{ran:?}");
    let ran = lab.run(&["resume", "-a", "list", "--results", "others"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(lab.path("others/000001-zero/reply.txt").exists() && lab.path("results/000001-one").exists());
}

#[test]
fn results_come_back_in_every_form_and_leave_when_told() {
    let lab = Lab::new();
    let ran = lab.run(&["run", "bash", "-n", "1", "-s", "echo {}", "-q", "a,b", "c"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "a,b\nc\n"), "{ran:?}");
    assert_eq!(lab.run(&["runs", "logs"]).stdout, "a,b\nc\n");
    assert_eq!(lab.run(&["runs", "logs", "r1", "2"]).stdout, "c\n");
    let jsonl = lab.run(&["runs", "export"]).stdout;
    assert!(jsonl.lines().count() == 2 && jsonl.contains("\"run\":\"r1\""), "{jsonl}");
    let csv = lab.run(&["runs", "export", "--format", "csv"]).stdout;
    assert!(csv.lines().nth(1).unwrap().starts_with("1,0,\"a,b\",ok,1,"), "{csv}");
    let joblog = lab.run(&["runs", "export", "--format", "joblog"]).stdout;
    let fields: Vec<&str> = joblog.lines().nth(2).unwrap().split('\t').collect();
    assert_eq!((fields.len(), fields[0], fields[6], fields[8]), (9, "2", "0", "c"), "{joblog}");
    let ran = lab.run(&["gc", "--dry-run", "--keep", "1ms"]);
    assert!(ran.stdout.starts_with("r1  ") && ran.stdout.contains("would remove 1 run, "), "{ran:?}");
    assert_eq!(lab.run(&["runs", "rm", "r1"]).code, Some(0));
    assert_eq!(lab.run(&["runs"]).stdout, "no run is recorded\n");
    assert_eq!(std::fs::read_dir(lab.path(".local/state/cluster/runs")).unwrap().count(), 0);
    assert_eq!(lab.run(&["runs", "rm", "r1"]).code, Some(2));
}

#[test]
fn nothing_is_recorded_on_request_or_when_nothing_runs() {
    let lab = Lab::new();
    let ran = lab.run(&["run", "bash", "--no-ledger", "--json", "echo a"]);
    assert!(ran.code == Some(0) && ran.stdout.contains("\"run\":null"), "{ran:?}");
    assert!(!lab.path(".local/state/cluster/runs").exists());
    assert_eq!(lab.run(&["run", "no-such-tool -x", "--lines", "a"]).code, Some(3));
    assert_eq!(lab.run(&["runs"]).stdout, "no run is recorded\n");
}

#[test]
fn a_halted_run_can_be_resumed() {
    let lab = Lab::new();
    let tool = lab.tool();
    let items = ["[[crash]] one", "[[crash]] two", "three", "four", "five", "six", "seven"];
    let ran = lab.run(&Lab::alone(&tool, &[&["--halt", "soon,fail=2"][..], &items].concat()));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("2 jobs failed: the run was halted (--halt soon,fail=2)"), "{ran:?}");
    assert!(ran.stderr.contains("'cluster resume r1' goes on with it"), "{ran:?}");
    assert!(lab.received().len() < items.len(), "{ran:?}");
    let ran = lab.run(&["resume"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(lab.received().len(), items.len(), "{ran:?}");
    assert!(lab.run(&["runs"]).stdout.contains("  ended  7 of 7 jobs: 5 ok, 2 crashed"));
}

#[test]
fn a_run_that_is_halted_now_takes_back_what_runs_and_tells_of_it() {
    let lab = Lab::new();
    let tool = lab.tool();
    let ran =
        lab.run(&Lab::words(&tool, &["--halt", "now,fail=1", "[[hang]] one", "[[crash delay=300]] two"]));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("r1: 1 job sent, with an end that nobody knows"), "{ran:?}");
    let ran = lab.run(&["resume", "--on-unknown", "skip"]);
    assert_eq!((ran.code, lab.received().len()), (Some(1), 2), "{ran:?}");
}

#[test]
fn a_deadline_leaves_the_rest_for_a_resumption() {
    let lab = Lab::new();
    let tool = lab.tool();
    let more = ["--deadline", "1500ms", "[[delay=3000]] one", "two", "three"];
    let ran = lab.run(&Lab::alone(&tool, &more));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("the deadline of 1.5s has passed: beginning no more, finishing 1 job"));
    assert_eq!(lab.received(), ["[[delay=3000]] one"], "{ran:?}");
    let ran = lab.run(&["resume", "--deadline", "1h"]);
    assert_eq!((ran.code, lab.received().len()), (Some(0), 3), "{ran:?}");
}

#[test]
fn a_bound_on_costs_is_refused_for_tools_that_report_none() {
    let lab = Lab::new();
    let ran = lab.run(&["run", "bash", "--max-cost", "1.50", "true"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("what a job costs is not told by bash"), "{ran:?}");
}

#[test]
fn a_run_that_has_spent_its_budget_begins_no_more_and_can_be_resumed() {
    let lab = Lab::new();
    let tells = "usage = '^cost (?P<cost>[\\d.]+)$'\n";
    let profile = "schema = 'cluster.profile/1'\ncommand = ['bash', '--norc']\n[turn]\nby = 'sentinel'\n\
                   send = 'echo {nonce}'\nexpect = '^{nonce}$'\n";
    std::fs::write(lab.path("paid.toml"), format!("{profile}{tells}")).unwrap();
    let items = ["echo cost 0.4", "echo cost 0.7", "echo cost 0.1", "echo cost 0.2", "echo cost 9"];
    let words = ["run", "./paid.toml", "-n", "1", "--max-cost", "1.0"];
    let ran = lab.run(&[&words[..], &items].concat());
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("the jobs have cost $1.1000 of $1 (--max-cost)"), "{ran:?}");
    let begun = ran.stdout.lines().count();
    assert!((2..5).contains(&begun), "{ran:?}");
    let ran = lab.run(&["resume", "--max-cost", "100"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 5 - begun), "{ran:?}");
}

#[test]
fn a_run_whose_tools_have_changed_is_not_sent_all_over_again() {
    let lab = Lab::new();
    let write = |more| std::fs::write(lab.path("tool.toml"), profile(&lab, "write", more)).unwrap();
    write("");
    let child =
        lab.command(&["run", "./tool.toml", "-n", "1", "one", "[[hang]] two", "three"]).spawn().unwrap();
    await_received(&lab, 2);
    kill(child);
    write(", \"--len\"");
    let ran = lab.run(&["resume"]);
    assert_eq!((ran.code, lab.received().len()), (Some(2), 2), "{ran:?}");
    assert!(ran.stderr.contains("the tools of run r1 are not what they were"), "{ran:?}");
    write("");
    let ran = lab.run(&["resume", "--on-unknown", "skip"]);
    assert_eq!((ran.code, lab.received().len()), (Some(1), 3), "{ran:?}");
}
