//! A home and a project for the commands of one page.

use crate::aider::Aider;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Between the outputs of commands.
const MARK: char = '\u{1e}';

/// Runs commands one after the other, in one shell.
const SCRIPT: &str =
    r#"for command; do printf '\036'; eval "$command" || failed=$?; done; exit "${failed:-0}""#;

/// No block takes longer, on the slowest machine.
const SECONDS: &str = "240";

/// A folder with `home/you/shop`, a git repository of what is in `docs/example`.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
    /// Lives as long as the page: its model answers.
    aider: Option<Aider>,
}

/// What the commands of a block printed.
pub(crate) struct Printed {
    /// Standard output and standard error of each, as on a terminal.
    pub(crate) each: Vec<String>,
    /// Whether all ended with 0.
    pub(crate) success: bool,
}

impl Scratch {
    /// Where aider, too, may be asked if it is there.
    pub(crate) fn new(with_aider: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home/you");
        std::fs::create_dir_all(&home).unwrap();
        std::fs::create_dir(dir.path().join("run")).unwrap();
        copy(&crate::markdown::root().join("docs/example"), &home.join("shop"));
        std::fs::write(home.join(".gitconfig"), "[user]\nname = You\nemail = you@example.org\n").unwrap();
        let mut scratch = Self { dir, aider: None };
        if with_aider {
            scratch.aider = Aider::here(&home);
        }
        let git = ["git init -q -b main", "git add --all", "git commit -q -m ours"].map(str::to_owned);
        let printed = scratch.run(&git);
        assert!(printed.success, "{:?}", printed.each);
        scratch
    }

    /// Writes a file into the project, or with `~/` into the home.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = match name.strip_prefix("~/") {
            Some(name) => self.dir.path().join("home/you").join(name),
            None => self.project().join(name),
        };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("home/you/shop")
    }

    /// Whether the tool can be asked. If not, that is a failure where all tools are promised to be there.
    pub(crate) fn has(&self, tool: &str) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let here = match tool {
            "aider" => self.aider.is_some(),
            // Its server may well not be there.
            "psql" if std::env::var_os("PGHOST").is_none() => return false,
            _ => std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()),
        };
        assert!(here || std::env::var_os("CLUSTER_TEST_ALL").is_none(), "{tool} is not installed");
        here
    }

    /// Runs them in the project, with nothing on standard input.
    pub(crate) fn run(&self, commands: &[String]) -> Printed {
        let (mut output, input) = std::io::pipe().unwrap();
        let mut shell = Command::new("timeout");
        shell.args(["-k", "5", SECONDS, "bash", "-c", SCRIPT, "bash"]).args(commands);
        self.surround(&mut shell);
        shell.stdin(Stdio::null()).stdout(input.try_clone().unwrap()).stderr(input);
        let mut child = shell.spawn().unwrap();
        drop(shell); // and with it our end of the pipe
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).replace(&self.dir.path().display().to_string(), "");
        let success = child.wait().unwrap().success();
        Printed { each: text.split(MARK).skip(1).map(str::to_owned).collect(), success }
    }

    /// The folder and the environment of somebody who has the program on the path.
    pub(crate) fn surround(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let ours = Path::new(env!("CARGO_BIN_EXE_cluster")).parent().map(Path::to_owned);
        let theirs = self.aider.iter().map(|aider| aider.folder().to_owned());
        let folders = ours.into_iter().chain(theirs).chain(std::env::split_paths(&path));
        command.current_dir(self.project()).env_clear();
        command.env("PATH", std::env::join_paths(folders).unwrap());
        command.env("HOME", self.dir.path().join("home/you")).env("LANG", "C.UTF-8");
        // Pools of other pages are none of this one's.
        command.env("XDG_RUNTIME_DIR", self.dir.path().join("run"));
        command.envs(std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")));
        if let Some(aider) = &self.aider {
            aider.surround(command);
        }
    }
}

/// A page that does not end its pool leaves none behind.
impl Drop for Scratch {
    fn drop(&mut self) {
        if self.dir.path().join("run/cluster/main.sock").exists() {
            let mut command = Command::new("cluster");
            self.surround(command.arg("down"));
            let _ = command.output();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
