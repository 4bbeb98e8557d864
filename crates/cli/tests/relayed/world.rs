//! Where the program runs: a folder, a home, and nothing else of ours.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Nothing here takes longer, on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the program has printed: a result a line.
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) results: Vec<Value>,
    pub(crate) stderr: String,
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
    /// In front of the usual search path.
    programs: Option<PathBuf>,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder, env: Vec::new(), programs: None }
    }

    pub(crate) fn env(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn programs(&mut self, folder: PathBuf) {
        self.programs = Some(folder);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A profile of these lines, and of a script that is the tool.
    pub(crate) fn tool(&self, script: &str, arguments: &str, profile: &str) {
        std::fs::write(self.path("tool.sh"), script).unwrap();
        let text = format!(
            "schema = \"cluster.profile/1\"\ncommand = [\"sh\", \"{}\"{arguments}]\n{profile}",
            self.path("tool.sh").display()
        );
        std::fs::write(self.path("tool.toml"), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
        let path = std::env::var_os("PATH").unwrap();
        let folders = self.programs.iter().cloned().chain(std::env::split_paths(&path));
        command
            .env_clear()
            .env("PATH", std::env::join_paths(folders).unwrap())
            .env("HOME", self.folder.path());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts the program, to be waited for by [`World::wait`].
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).spawn().unwrap()
    }

    pub(crate) fn wait(child: Child) -> Ran {
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let results = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Ran { status: output.status.code(), results, stderr: String::from_utf8(output.stderr).unwrap() }
    }

    /// `cluster run` with results as JSON.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        Self::wait(self.start(&[&["run"], words, &["--json", "-q"]].concat()))
    }
}

impl Ran {
    /// The outcome and the reply of the only job.
    pub(crate) fn only(&self) -> (&str, &str) {
        assert_eq!(self.results.len(), 1, "{:?} {}", self.results, self.stderr);
        let text = |name: &str| self.results[0][name].as_str().unwrap_or_default();
        (text("outcome"), text("reply"))
    }
}

/// A profile that a page of the book shows.
pub(crate) fn of_the_book(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/profiles.md");
    let page = std::fs::read_to_string(page).unwrap();
    let start = page.split_once(&format!("```toml,profile,file={name}\n")).unwrap().1;
    start.split_once("```").unwrap().0.to_owned()
}
