//! What tools printed, out of the record.

use crate::lab::{Lab, Ran};

/// A step that leaves more in its output than in its reply, and one whose output is its reply.
const STEPS: [&str; 2] = ["printf '\\033[1mbold\\033[0m \\r50%%\\rend'", "echo {}"];

#[test]
fn what_a_tool_printed_is_kept_as_it_came() {
    let lab = Lab::new();
    let words = ["run", "bash", "-n", "1", "-q", "-s", STEPS[0], "-s", STEPS[1], "a", "b"];
    assert_eq!(lab.run(&words).code, Some(0));
    let first = "\u{1b}[1mbold\u{1b}[0m \r50%\rend";
    assert_eq!(lab.run(&["runs", "logs", "r1", "2"]).stdout, format!("{first}\nb\n"));
    assert_eq!(lab.run(&["runs", "logs", "r1", "2", "--raw"]).stdout, format!("{first}b\n"));
    assert_eq!(lab.run(&["runs", "logs"]).stdout, format!("{first}\na\n{first}\nb\n"));
    assert_eq!(lab.run(&["runs", "logs", "--replies"]).stdout, "a\nb\n");
}

#[test]
fn what_a_tool_printed_before_it_failed_is_kept() {
    let lab = Lab::new();
    let items = ["printf '\\033[31mno\\n'; exit 3", "echo seen; exec sleep 1000", "echo one; false"];
    let ran = lab.run(&[&["run", "bash", "-n", "1", "-q", "--timeout", "2s"][..], &items].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(lab.run(&["runs", "logs"]).stdout, "\u{1b}[31mno\nseen\none\n");
}

#[test]
fn of_long_output_head_and_tail_are_kept() {
    let lab = Lab::new();
    // The escape makes it something else than its reply, which is whole.
    let long = "printf 'head\\033[0m\\n'; for i in {1..100000}; do echo $i; done";
    assert_eq!(lab.run(&["run", "bash", "-q", long]).code, Some(0));
    let logged = lab.run(&["runs", "logs", "--raw"]).stdout;
    assert!(logged.starts_with("head\u{1b}[0m\n1\n2\n") && logged.ends_with("\n99999\n100000\n"));
    assert!(logged.contains(" bytes cut …]\n") && logged.len() < (256 << 10) + 100, "{}", logged.len());
    // Where the reply tells it, nothing is cut.
    assert_eq!(lab.run(&["run", "bash", "-q", "for i in {1..100000}; do echo $i; done"]).code, Some(0));
    let replied = lab.run(&["runs", "logs", "--replies"]).stdout;
    assert!(replied.lines().count() == 100_000 && lab.run(&["runs", "logs", "--raw"]).stdout == replied);
}

#[test]
fn every_attempt_that_was_resumed_has_its_own() {
    let lab = Lab::new();
    let script = "printf '\\033[0m'; test -e {} && echo there || exit 3";
    let ran = lab.run(&["run", "bash", "-n", "1", "-q", "-s", script, "fixed"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    std::fs::write(lab.path("fixed"), "").unwrap();
    assert_eq!(lab.run(&["resume", "r1", "--failed", "-q"]).code, Some(0));
    let logs = |attempt: &[&str]| lab.run(&[&["runs", "logs", "r1", "1", "--raw"], attempt].concat());
    assert_eq!(logs(&[]).stdout, "\u{1b}[0mthere\n");
    assert_eq!(logs(&["--attempt", "1"]).stdout, "\u{1b}[0m");
    let ran = logs(&["--attempt", "3"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("no attempt 3 at job 1 has ended"), "{ran:?}");
}

#[test]
fn so_has_every_attempt_that_was_followed_by_another() {
    let lab = Lab::new();
    // Its first attempt ends the tool, its second one finds what the first has left.
    let script = "printf 'partial\\033[0m\\n'; test -e {} && echo there || { : > {}; kill -9 $$ $BASHPID; }";
    let ran = lab.run(&["run", "bash", "-n", "1", "-q", "--retries", "1", "-s", script, "fixed"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let logs = |attempt: &[&str]| lab.run(&[&["runs", "logs", "r1", "1", "--raw"], attempt].concat()).stdout;
    assert_eq!(logs(&[]), "partial\u{1b}[0m\nthere\n");
    assert_eq!(logs(&["--attempt", "1"]), "partial\u{1b}[0m\n");
    assert_eq!(logs(&["--attempt", "2"]), logs(&[]));
    let told = lab.run(&["runs", "show", "r1", "1"]).stdout;
    let at = |what: &str| told.find(what).unwrap_or_else(|| panic!("{what} is not in {told}"));
    assert!(at("attempt 1 sent") < at("attempt 1 ended"), "{told}");
    assert!(at("; another one follows") < at("attempt 2 sent to instance 0"), "{told}");
}

#[test]
fn secrets_stay_in_the_record() {
    let lab = Lab::new();
    let run = |words: &[&str]| Ran::of(lab.command(words).env("API_TOKEN", "not-for-all").spawn().unwrap());
    let say = "printf '\\033[1m%s\\377\\n' \"$API_TOKEN\"";
    assert_eq!(run(&["run", "bash", "-q", "--env", "API_TOKEN", say]).code, Some(0));
    for form in [&[][..], &["--raw"]] {
        let ran = run(&[&["runs", "logs", "r1"][..], form].concat());
        assert_eq!(ran.stdout, "\u{1b}[1m<API_TOKEN>\u{fffd}\n");
    }
}
