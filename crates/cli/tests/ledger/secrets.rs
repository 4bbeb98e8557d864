//! What nobody else may see.

use crate::lab::{Lab, Ran};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

#[test]
fn secrets_are_in_the_ledger_alone_and_leave_with_it() {
    let lab = Lab::new();
    let secrets = ["hidden-in-the-environment", "hidden in a flag"];
    let set = format!("OTHER_PASSWORD={}", secrets[1]);
    let steps = ["echo \"$API_TOKEN\"", "echo \"$OTHER_PASSWORD\"; echo \"$API_TOKEN\" >&2; false {}"];
    let words =
        ["run", "bash", "-n", "1", "-v", "--env", "API_TOKEN", "--env", &set, "-s", steps[0], "-s", steps[1]];
    let item = format!("the item is {}", secrets[0]);
    let mut shown = Vec::new();
    for form in [&["--json", "--junit", "report.xml", "--results", "results"][..], &[]] {
        let mut command = lab.command(&[&words[..], form, &["--new", &item]].concat());
        let ran = Ran::of(command.env("API_TOKEN", secrets[0]).spawn().unwrap());
        assert!(ran.stdout.contains("<API_TOKEN>") && ran.stdout.contains("<OTHER_PASSWORD>"), "{ran:?}");
        shown.push(ran);
    }
    for words in [
        &["runs", "show", "r1"][..],
        &["runs", "show", "r1", "1"],
        &["runs", "logs", "r1"],
        &["runs", "export", "r1"],
        &["runs", "export", "r1", "--format", "csv"],
        &["runs", "export", "r1", "--format", "joblog"],
        &["runs"],
    ] {
        shown.push(Ran::of(lab.command(words).env("API_TOKEN", secrets[0]).spawn().unwrap()));
    }
    for ran in &shown {
        assert!(secrets.iter().all(|secret| !format!("{ran:?}").contains(secret)), "{ran:?}");
    }
    let everything = lab.path("");
    assert!(lab.path("report.xml").exists() && lab.path("results").is_dir());
    let with_secrets = || {
        let grep =
            std::process::Command::new("grep").args(["-rlaF", secrets[0]]).arg(&everything).output().unwrap();
        String::from_utf8(grep.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let found = with_secrets();
    assert!(!found.is_empty() && found.iter().all(|path| path.contains("/ledger.db")), "{found:?}");
    assert_eq!(lab.run(&["runs", "rm", "r1", "r2"]).code, Some(0));
    assert_eq!(with_secrets(), [] as [&str; 0]);
}

#[test]
fn everything_is_private_whatever_the_umask() {
    let lab = Lab::new();
    let program = lab.command(&[]).get_program().to_owned();
    let mut shell = lab.command(&[]);
    let words = ["-c", "umask 000; exec \"$0\" run bash -q 'echo a'"];
    let shell_words = shell.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned)));
    let envs: Vec<_> = shell_words.collect();
    shell = std::process::Command::new("bash");
    shell.args(words).arg(program).current_dir(lab.path("")).env_clear().stdin(Stdio::null());
    for (name, value) in envs {
        shell.env(name, value.unwrap_or_default());
    }
    assert!(shell.stdout(Stdio::null()).status().unwrap().success());
    let mut files = 0;
    private(&lab.path(".local/state/cluster/runs"), &mut files);
    assert!(files >= 2, "{files}");
}

fn private(path: &Path, files: &mut usize) {
    let mode = path.metadata().unwrap().permissions().mode() & 0o777;
    if path.is_dir() {
        assert_eq!(mode, 0o700, "{}", path.display());
        for entry in std::fs::read_dir(path).unwrap() {
            private(&entry.unwrap().path(), files);
        }
    } else {
        assert_eq!(mode, 0o600, "{}", path.display());
        *files += 1;
    }
}
