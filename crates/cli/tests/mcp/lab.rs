//! A folder with a place for sockets and a state of its own, the program, and the fake tool.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Frames the fake tool.
pub(crate) const SENTINEL: &str = "/end {nonce}=^end {nonce}$";

pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

/// What a command left behind.
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("c").tempdir().unwrap();
        ["run", "work"].iter().for_each(|name| std::fs::create_dir(dir.path().join(name)).unwrap());
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What it tells the program, and nothing else.
    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("PATH", std::env::var_os("PATH").unwrap_or_default().into()),
            ("HOME", self.dir.path().to_owned()),
            ("LANG", "C.UTF-8".into()),
            ("XDG_RUNTIME_DIR", self.path("run")),
        ]
    }

    /// The program with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
        command.args(words).current_dir(self.path("work")).env_clear().envs(self.environment());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().unwrap();
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes).replace(&self.dir.path().display().to_string(), "DIR")
        };
        Ran { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The same; what it prints, if it succeeds.
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.status, Some(0), "{words:?}: {}", ran.stderr);
        ran.stdout
    }

    /// The processes of the tools of a pool.
    pub(crate) fn pids(&self, pool: &str) -> Vec<u64> {
        let status: Value = serde_json::from_str(&self.ok(&["status", "--json", "-p", pool])).unwrap();
        let instances = status["snapshot"]["instances"].as_array().unwrap();
        instances.iter().filter_map(|instance| instance["pid"].as_u64()).collect()
    }

    /// The fake tool as a command line.
    pub(crate) fn tool(&self) -> String {
        format!("{} --log {}", env!("CARGO_BIN_EXE_fake-tool"), self.path("log").display())
    }

    /// A profile that says of the fake tool that it runs nothing.
    pub(crate) fn tame(&self) -> String {
        let profile = format!(
            "schema = 'cluster.profile/1'\nabout = 'a fake'\ncommand = ['{}']\ninterprets = false\ncommands = ['/add']\n\
             [turn]\nby = 'sentinel'\nsend = '/end {{nonce}}'\nexpect = '^end {{nonce}}$'\n",
            env!("CARGO_BIN_EXE_fake-tool")
        );
        self.write("tame.toml", &profile)
    }

    /// The same with a prompt, and with questions.
    pub(crate) fn asking(&self) -> String {
        let profile = format!(
            "schema = 'cluster.profile/1'\ncommand = ['{}', '--prompt', '> ']\ninterprets = false\n\
             questions = ['\\[Yes\\]: \\z']\n[turn]\nby = 'prompt'\nuntil = '^> \\z'\n",
            env!("CARGO_BIN_EXE_fake-tool")
        );
        self.write("asking.toml", &profile)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Where long replies go.
    pub(crate) fn long_replies(&self) -> PathBuf {
        self.path(".local/state/cluster/mcp")
    }

    pub(crate) fn shorten(&self, text: &str) -> String {
        text.replace(&self.dir.path().display().to_string(), "DIR")
    }

    fn place(&self) -> PathBuf {
        self.path("run/cluster")
    }
}

/// A test that fails leaves no pool behind.
impl Drop for Lab {
    fn drop(&mut self) {
        let name = |path: &Path| Some(path.file_name()?.to_str()?.strip_suffix(".lock")?.to_owned());
        for entry in std::fs::read_dir(self.place()).into_iter().flatten().flatten() {
            if let Some(name) = name(&entry.path()) {
                let _ = self.command(&["down", "-p", &name]).output();
            }
        }
    }
}
