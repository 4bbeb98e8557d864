//! Three aiders that stay up and are driven by number from a shell, one of them killed in between. A page of the guide
//! shows the same.

use crate::lab::{Lab, PATIENCE};
use insta::assert_snapshot;
use regex::Regex;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// A shell at work, and what it has shown so far.
struct Shell<'a> {
    lab: &'a Lab,
    shown: String,
}

impl Shell<'_> {
    /// Runs the program with these words, and shows them, what it prints, and its exit code.
    fn run(&mut self, words: &[&str]) -> String {
        self.run_with(words, &[])
    }

    /// The same with words that are not shown.
    fn run_with(&mut self, words: &[&str], more: &[String]) -> String {
        let seconds = PATIENCE.as_secs().to_string();
        let mut command = self.lab.command("timeout");
        command.args(["-k", "5", &seconds, env!("CARGO_BIN_EXE_cluster")]).args(words).args(more);
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(!stderr.contains("panicked"), "{stderr}");
        let code = output.status.code().unwrap();
        let _ = writeln!(self.shown, "$ cluster {} [{code}]", words.join(" "));
        let marked = stderr.lines().map(|line| format!("! {line}\n"));
        self.shown += &format!("{stdout}{}", marked.collect::<String>());
        stdout
    }

    /// What the program tells other programs, which is not shown.
    fn asked(&self, words: &[&str]) -> Value {
        serde_json::from_slice(&self.lab.cluster_with(words).output().unwrap().stdout).unwrap()
    }

    /// The process of this instance.
    fn pid(&self, index: usize) -> String {
        self.asked(&["status", "--json"])["snapshot"]["instances"][index]["pid"].to_string()
    }

    /// Waits until this instance is ready again in another life.
    fn until_restarted(&self, index: usize) {
        let mut command = self.lab.cluster_with(&["status", "--watch"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let begin = format!("instance {index} aider ready: ");
        assert!(lines.any(|line| line.starts_with(&begin) && line.ends_with("restarted once")));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Without what differs from time to time.
    fn same(&self) -> String {
        let same = [(r"pid \d+", "pid PID"), (r"[0-9.]+(ns|µs|ms|s)\b", "TIME")];
        same.iter().fold(self.shown.clone(), |text, (pattern, with)| {
            Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
        })
    }
}

/// A test that fails leaves no pool behind.
impl Drop for Shell<'_> {
    fn drop(&mut self) {
        let _ = self.lab.cluster_with(&["down"]).output();
    }
}

#[test]
fn three_are_driven_by_number_and_one_of_them_is_killed() {
    let Some(lab) = Lab::new(&[]) else { return };
    ["a.py", "b.py", "c.py"].into_iter().for_each(|name| lab.file(name, "def f(): pass\n"));
    lab.commit();
    let mut shell = Shell { lab: &lab, shown: String::new() };
    let flags = lab.words().into_iter().map(|word| format!("--tool-arg={word}"));
    let flags: Vec<String> = flags.chain(["--model=openai/fake".to_owned()]).collect();
    shell.run_with(&["up", "aider:3"], &flags);
    for (index, name) in [("0", "a.py"), ("1", "b.py"), ("2", "c.py")] {
        shell.run(&["send", "--to", index, &format!("/add {name}")]);
        let ticket = shell.run(&["send", "--to", index, "--no-wait", "Add a docstring"]);
        shell.run(&["read", ticket.trim()]);
    }
    shell.run(&["read", "--any"]);
    shell.run(&["status"]);
    assert_eq!(lab.changes(), [" M a.py", " M b.py", " M c.py"]);

    // Its context is its own, and the others' is theirs.
    shell.run(&["send", "--to", "1", "/ls"]);
    let pid = shell.pid(1);
    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    shell.until_restarted(1);
    assert_ne!(shell.pid(1), pid);
    shell.run(&["status"]);
    shell.run(&["send", "--to", "1", "/ls"]);
    shell.run(&["send", "--to", "2", "/ls"]);
    let lost =
        ["t7", "t8", "t9"].map(|ticket| shell.asked(&["read", ticket, "--json"])["context_lost"].clone());
    assert_eq!(lost, [false, true, false]);
    shell.run(&["down"]);
    shell.run(&["status"]);
    assert_snapshot!(shell.same());
}
