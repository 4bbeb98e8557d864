//! The agents, each run once for a prompt, and what they print.

use super::said::Said;
use super::server::Server;
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Longer than any of them takes, in seconds.
const PATIENCE: &str = "120";

/// What codex is told.
const CODEX: &str = r#"
model = "fake"
model_provider = "fake"
[model_providers.fake]
name = "fake"
base_url = "BASE/v1"
wire_api = "responses"
env_key = "FAKE_KEY"
request_max_retries = 1
stream_max_retries = 2
"#;

/// What gemini is told.
const GEMINI: &str =
    r#"{"general": {"maxAttempts": 2}, "security": {"auth": {"selectedType": "gemini-api-key"}}}"#;

/// What qwen is told: or it waits for minutes each time that it is turned away.
const QWEN: &str =
    r#"{"model": {"generationConfig": {"maxRetries": 1}}, "security": {"auth": {"selectedType": "openai"}}}"#;

/// What opencode is told.
const OPENCODE: &str = r#"{"permission": {"bash": "allow", "edit": "allow"}, "model": "fake/fake", "provider":
    {"fake": {"npm": "@ai-sdk/openai-compatible", "models": {"fake": {}},
        "options": {"baseURL": "BASE/v1", "apiKey": "a key"}}}}"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agent {
    Codex,
    Claude,
    Gemini,
    Qwen,
    Opencode,
    Copilot,
}

/// An agent with a home, a folder and a model of its own.
pub(crate) struct Lab {
    pub(crate) agent: Agent,
    pub(crate) program: PathBuf,
    pub(crate) home: tempfile::TempDir,
    pub(crate) server: Server,
}

impl Agent {
    /// None if the agent is not here.
    pub(crate) fn program(self) -> Option<PathBuf> {
        let name = match self {
            Self::Codex => "CLUSTER_TEST_CODEX",
            Self::Claude => "CLUSTER_TEST_CLAUDE",
            Self::Gemini => "CLUSTER_TEST_GEMINI",
            Self::Qwen => "CLUSTER_TEST_QWEN",
            Self::Opencode => "CLUSTER_TEST_OPENCODE",
            Self::Copilot => "CLUSTER_TEST_COPILOT",
        };
        let path = std::env::var_os(name).map(PathBuf::from);
        if path.is_none() {
            println!("skipped: {name} names no program");
        }
        path
    }

    /// The words that let it do all that its user could, and print JSON.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Codex => &["exec", "--json", "--skip-git-repo-check", "-s", "danger-full-access"],
            Self::Claude => &[
                "--output-format=json",
                "--permission-mode=acceptEdits",
                "--allowedTools=Bash(printf *)",
                "-p",
            ],
            Self::Gemini => &["--skip-trust", "-y", "-o", "stream-json", "-p"],
            Self::Qwen => &["--approval-mode", "yolo", "--auth-type", "openai", "-o", "stream-json"],
            Self::Opencode => &["run", "--format", "json"],
            Self::Copilot => &["--allow-all-tools", "--output-format", "json", "-p"],
        }
    }
}

impl Lab {
    /// None if the agent is not here.
    pub(crate) fn new(agent: Agent) -> Option<Self> {
        Self::with(agent, &[])
    }

    /// The same, with these flags for the model.
    pub(crate) fn with(agent: Agent, flags: &[&str]) -> Option<Self> {
        let program = agent.program()?;
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let server = Server::start(home.path(), flags);
        let lab = Self { agent, program, home, server };
        for folder in ["work", "tmp", ".codex", ".gemini", ".qwen"] {
            std::fs::create_dir(lab.home.path().join(folder)).unwrap();
        }
        let write = |name: &str, text: &str| std::fs::write(lab.home.path().join(name), text).unwrap();
        write(".codex/config.toml", &CODEX.replace("BASE", &lab.server.base));
        write(".gemini/settings.json", GEMINI);
        write(".qwen/settings.json", QWEN);
        Some(lab)
    }

    /// Where it works.
    pub(crate) fn folder(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// Asks an agent that knows nothing of the questions before.
    pub(crate) fn ask(&self, prompt: &str) -> Said {
        let mut command = Command::new("timeout");
        command.arg(PATIENCE).arg(&self.program).args(self.agent.words());
        command.env_clear().envs(self.environment()).current_dir(self.folder());
        if self.agent == Agent::Opencode {
            // It puts quotes around an argument of several words.
            let file = self.home.path().join("prompt.txt");
            std::fs::write(&file, prompt).unwrap();
            command.stdin(File::open(file).unwrap());
        } else {
            command.arg(prompt).stdin(Stdio::null());
        }
        let output = command.output().unwrap();
        assert_ne!(output.status.code(), Some(124), "{:?} does not come to an end", self.agent);
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Said::of(self.agent, &lines, output.status.success())
    }

    /// What it is told, and nothing else.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        vec![
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", path(self.home.path())),
            // Codex does not run commands from a home that is in the folder for temporary files.
            ("TMPDIR", path(&self.home.path().join("tmp"))),
            ("FAKE_KEY", "a key".into()),
            ("ANTHROPIC_BASE_URL", self.server.base.clone()),
            ("ANTHROPIC_API_KEY", "a key".into()),
            ("CLAUDE_CODE_MAX_RETRIES", "2".into()),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".into()),
            ("DISABLE_AUTOUPDATER", "1".into()),
            ("GOOGLE_GEMINI_BASE_URL", self.server.base.clone()),
            ("GEMINI_API_KEY", "a key".into()),
            ("GEMINI_CLI_NO_RELAUNCH", "true".into()),
            ("OPENAI_BASE_URL", format!("{}/v1", self.server.base)),
            ("OPENAI_API_KEY", "a key".into()),
            ("OPENAI_MODEL", "fake".into()),
            ("OPENCODE_CONFIG_CONTENT", OPENCODE.replace("BASE", &self.server.base)),
            ("COPILOT_PROVIDER_BASE_URL", format!("{}/v1", self.server.base)),
            ("COPILOT_MODEL", "fake".into()),
            ("COPILOT_OFFLINE", "true".into()),
            ("COPILOT_AUTO_UPDATE", "false".into()),
        ]
    }
}
