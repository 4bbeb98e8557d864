//! A repository, a model, and the program over aider between them.

use crate::model::Model;
use cluster::ClusterManager;
use cluster::batch::ResultRecord;
use cluster::profile::{Overrides, Profile, Surroundings};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Longer than any run on the slowest machine; one with more jobs may take longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// What litellm would have to look up on the network.
const METADATA: &str = r#"{"openai/fake": {"max_tokens": 32768, "max_input_tokens": 1000000,
    "max_output_tokens": 32768, "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
    "litellm_provider": "openai", "mode": "chat"}}"#;

/// A repository with a model of its own. All of them share one home, as the runs of one user do.
pub(crate) struct Lab {
    dir: tempfile::TempDir,
    /// The program.
    pub(crate) aider: PathBuf,
    pub(crate) model: Model,
}

/// How a run ended.
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    /// In the order of the items.
    pub(crate) records: Vec<ResultRecord>,
    pub(crate) stderr: String,
}

/// Where aider is, if it is to be tried.
fn aider() -> Option<PathBuf> {
    let path = std::env::var_os("CLUSTER_TEST_AIDER").map(PathBuf::from);
    if path.is_none() {
        assert!(std::env::var_os("CLUSTER_TEST_ALL").is_none(), "CLUSTER_TEST_AIDER is to name aider");
        println!("skipped: CLUSTER_TEST_AIDER does not name aider");
    }
    path
}

impl Lab {
    /// An empty repository, and a model that is started with these flags; none if aider is not to be tried.
    pub(crate) fn new(model: &[&str]) -> Option<Self> {
        let aider = aider()?;
        let dir = tempfile::tempdir().unwrap();
        let lab = Self { aider, model: Model::start(dir.path(), model), dir };
        std::fs::create_dir(lab.repository()).unwrap();
        std::fs::create_dir(dir_of_sockets(lab.folder())).unwrap();
        std::fs::create_dir_all(home()).unwrap();
        std::fs::write(lab.metadata(), METADATA).unwrap();
        lab.git(&["init", "-q"]);
        lab.git(&["config", "user.name", "T"]);
        lab.git(&["config", "user.email", "t@example.org"]);
        lab.file("README", "A repository.\n");
        lab.commit();
        Some(lab)
    }

    /// Holds everything: the repository, the state of the program, the log of the model.
    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.dir.path().join("repository")
    }

    fn metadata(&self) -> PathBuf {
        self.dir.path().join("models.json")
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.repository().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.repository().join(name)).unwrap()
    }

    /// Commits everything.
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "-m", "ours"]);
    }

    /// What git says, a line each.
    pub(crate) fn git(&self, words: &[&str]) -> Vec<String> {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.repository()).args(words).env("HOME", home());
        let output = command.output().unwrap();
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// What has changed since the last commit, which is ours, as short lines.
    pub(crate) fn changes(&self) -> Vec<String> {
        let commits = self.git(&["log", "--format=%s"]);
        assert!(commits.iter().all(|subject| subject == "ours"), "somebody made a commit: {commits:?}");
        self.git(&["-c", "core.quotePath=false", "status", "--porcelain", "-z"])
            .concat()
            .split_terminator('\0')
            .map(str::to_owned)
            .collect()
    }

    /// What aider is told besides its profile, as words for it.
    pub(crate) fn words(&self) -> Vec<String> {
        let metadata = format!("--model-metadata-file={}", self.metadata().display());
        let plain = ["--weak-model=openai/fake", "--edit-format=diff", "--map-tokens=0"];
        plain.map(str::to_owned).into_iter().chain([metadata]).collect()
    }

    /// The environment of a user who has aider on the path, a key, and no runs of other repositories.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = self.aider.parent().map(Path::to_owned).into_iter().chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders).unwrap();
        let pair = |name: &str, value: OsString| (OsString::from(name), value);
        vec![
            pair("PATH", path),
            pair("HOME", home().into()),
            pair("XDG_STATE_HOME", self.dir.path().join("state").into()),
            pair("XDG_RUNTIME_DIR", dir_of_sockets(self.dir.path()).into()),
            pair("LANG", "C.UTF-8".into()),
            pair("OPENAI_API_BASE", self.model.base.clone().into()),
            pair("OPENAI_API_KEY", "a key".into()),
        ]
    }

    /// A pool of aiders without the program.
    pub(crate) async fn cluster(&self, instances: usize) -> ClusterManager {
        let flags =
            Overrides { model: Some("openai/fake".into()), tool_args: self.words(), ..Overrides::default() };
        let around = Surroundings {
            env: self.environment(),
            state: Some(self.dir.path().join("state")),
            cwd: self.repository(),
            ..Surroundings::default()
        };
        let mut profile = Profile::load("aider", &flags, &around).unwrap();
        profile.spec.cwd = Some(self.repository());
        ClusterManager::builder().tool(profile.spec, instances).build().await.unwrap()
    }

    /// A program in the repository.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.repository()).env_clear().envs(self.environment());
        command.stdin(Stdio::null());
        command
    }

    /// `cluster` with these words.
    pub(crate) fn cluster_with(&self, words: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_cluster"));
        command.args(words);
        command
    }

    /// `cluster run aider` with these words.
    pub(crate) fn batch(&self, words: &[&str]) -> Command {
        let mut command = self.cluster_with(&["run", "aider", "--json", "--model", "openai/fake"]);
        command.args(self.words().iter().map(|word| format!("--tool-arg={word}"))).args(words);
        command
    }

    /// The same with this on standard input, to its end.
    pub(crate) fn run(&self, words: &[&str], input: &str) -> Ran {
        let mut command = self.batch(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may have ended before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(child, PATIENCE + Duration::from_millis(500) * u32::try_from(input.len() / 8).unwrap())
    }
}

/// Its own, so that its pools are in nobody's way.
fn dir_of_sockets(folder: &Path) -> PathBuf {
    folder.join("run")
}

/// Kept from run to run: aider is slow where it has never been.
fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("aider-home")
}

impl Ran {
    /// Waits for its end, and kills it if that does not come in time; its output is piped.
    pub(crate) fn of(mut child: Child, patience: Duration) -> Self {
        let (over, ended) = channel::<()>();
        let pid = Pid::from_child(&child);
        let watch = std::thread::spawn(move || {
            if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                kill_process(pid, Signal::KILL).unwrap();
            }
        });
        let mut errors = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let stderr = errors.join().unwrap();
        drop(over);
        watch.join().unwrap();
        let mut records: Vec<ResultRecord> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        records.sort_by_key(|record| record.index);
        Self { status: child.wait().unwrap().code(), records, stderr }
    }

    /// The outcome of every job, in the order of the items.
    pub(crate) fn outcomes(&self) -> Vec<&str> {
        self.records.iter().map(|record| record.outcome.word()).collect()
    }

    /// Which instances answered, and that none of them had to be replaced.
    pub(crate) fn slots(&self) -> Vec<u32> {
        let instances = self.records.iter().filter_map(|record| record.instance.as_ref());
        let mut slots: Vec<u32> = instances
            .inspect(|instance| assert_eq!(instance.generation, 1, "{}", self.stderr))
            .map(|instance| instance.slot)
            .collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}
