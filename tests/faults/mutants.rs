//! Makes all changes of the table to a copy of the program, as choices while it runs, and lets the tests find them one
//! by one. One build for all: a change becomes `if mutated("NAME") { REPLACE } else { FIND }`.

use crate::code::{self, Program};
use crate::table::{Mutation, Table, root};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How long a test may take, in seconds, until it counts as failed.
const LONGEST: &str = "60";

/// Copies of the crates' sources that know which change is made: a file beside the workspace names it, because the
/// environment of tools, guards and of many a test is a clean one.
const MUTATED: &str = r#"
#[doc(hidden)]
#[must_use]
pub fn mutated(name: &str) -> bool {
    static CHANGE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let read = || std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../change")).unwrap_or_default();
    CHANGE.get_or_init(read) == name
}
"#;

/// The copy, built.
pub(crate) struct Lab {
    folder: PathBuf,
    programs: BTreeMap<Program, PathBuf>,
}

impl Lab {
    /// Copies the files that git knows, puts the changes in, and builds all tests.
    pub(crate) fn set_up(table: &Table) -> Self {
        let folder = root().join("target/faults/workspace");
        copy(&folder);
        for krate in ["pool-core", "routing", "cluster", "cli"] {
            let path = folder.join("crates").join(krate).join("src/lib.rs");
            let text = fs::read_to_string(&path).expect("a crate root");
            fs::write(&path, text + MUTATED).expect("a crate root");
        }
        for mutation in table.fault.iter().flat_map(|fault| &fault.mutation) {
            put_in(&folder, mutation);
        }
        let programs = build(&folder);
        Self { folder, programs }
    }

    /// Runs a test, with this change or none.
    ///
    /// # Panics
    /// If there is no such test.
    pub(crate) fn run(&self, test: &str, change: &str) -> End {
        fs::write(self.folder.join("change"), change).expect("the name of the change");
        let files = code::tests().remove(test).unwrap_or_default();
        let programs: BTreeSet<Program> = files.iter().map(|file| code::program(file)).collect();
        let all: Vec<(Program, String)> =
            programs.into_iter().flat_map(|program| self.paths(&program, test)).collect();
        assert!(!all.is_empty(), "no test {test}");
        let end = all.iter().map(|(program, path)| self.run_one(program, path));
        end.into_iter().find(|end| *end != End::Passed).unwrap_or(End::Passed)
    }

    /// The tests of this name, by their whole paths.
    fn paths(&self, program: &Program, test: &str) -> Vec<(Program, String)> {
        let mut list = self.command(program);
        let listed = list.args(["--list", "--format=terse"]).output().expect("a program of tests");
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let paths = text.lines().filter_map(|line| line.strip_suffix(": test"));
        let ours = paths.filter(|path| path.rsplit("::").next() == Some(test));
        ours.map(|path| (program.clone(), path.to_owned())).collect()
    }

    fn run_one(&self, program: &Program, path: &str) -> End {
        let output = self.command(program).args(["--exact", path]).output().expect("a program of tests");
        match output.status.code() {
            Some(0) => End::Passed,
            Some(TIMED_OUT) => End::TimedOut,
            _ => End::Failed,
        }
    }

    fn command(&self, program: &Program) -> Command {
        let Some(path) = self.programs.get(program) else { panic!("{program:?} was not built") };
        let (Program::Unit(package) | Program::Own(package, _)) = program;
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", LONGEST]).arg(path).current_dir(self.folder.join(package));
        command.stdin(Stdio::null());
        command
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Passed,
    Failed,
    /// It would not end, which finds a change as well as any failure.
    TimedOut,
}

/// What `timeout` says then.
const TIMED_OUT: i32 = 124;

fn copy(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git");
    for file in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        let to = folder.join(file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(root().join(file), to).expect("a copy");
    }
}

fn put_in(folder: &Path, mutation: &Mutation) {
    let Mutation { name, file, find, replace, not_const, .. } = mutation;
    let path = folder.join(file);
    let mut text = fs::read_to_string(&path).expect("a source");
    assert_eq!(text.matches(find.as_str()).count(), 1, "{name}: {find:?} in {file}");
    let choice = format!("if crate::mutated({name:?}) {{ {replace} }} else {{ {find} }}");
    let is_statement = find.ends_with([';', '}']);
    let choice = if is_statement { format!("{{ {choice} }}") } else { format!("({choice})") };
    text = text.replace(find.as_str(), &choice);
    for function in not_const {
        for head in ["const fn", "const unsafe fn"] {
            text = text.replace(&format!("{head} {function}("), &format!("fn {function}("));
        }
    }
    fs::write(&path, text).expect("a source");
}

fn build(folder: &Path) -> BTreeMap<Program, PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["test", "--workspace", "--all-features", "--no-run", "--message-format=json"]);
    command.env("RUSTFLAGS", "--cap-lints=warn").env("CARGO_TARGET_DIR", root().join("target/faults/target"));
    let built = command.current_dir(folder).stderr(Stdio::inherit()).output().expect("cargo");
    assert!(built.status.success(), "the copy with all changes does not build");
    let lines = String::from_utf8_lossy(&built.stdout).into_owned();
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages.filter_map(|message| named(folder, &message)).collect()
}

fn named(folder: &Path, message: &serde_json::Value) -> Option<(Program, PathBuf)> {
    let path = PathBuf::from(message.get("executable")?.as_str()?);
    if !message["profile"]["test"].as_bool()? {
        return None;
    }
    let manifest = Path::new(message["manifest_path"].as_str()?).parent()?;
    let package = manifest.strip_prefix(folder).ok()?.to_str()?;
    let package = if package.is_empty() { "." } else { package }.to_owned();
    let target = &message["target"];
    match target["kind"][0].as_str()? {
        "lib" => Some((Program::Unit(package), path)),
        "test" => Some((Program::Own(package, target["name"].as_str()?.to_owned()), path)),
        _ => None,
    }
}
