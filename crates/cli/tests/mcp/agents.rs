//! Agents with the pool among their tools: they send jobs, wait for them, and tell their models what came of them.
//!
//! Wants their paths in `CLUSTER_TEST_CLAUDE`, `_CODEX` and `_COPILOT`; without, a test says that it is skipped.

use crate::lab::Lab;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Longer than any of them takes, in seconds.
const PATIENCE: &str = "120";

/// The scripted model.
struct Model {
    child: Child,
    log: PathBuf,
    base: String,
}

impl Model {
    fn start(lab: &Lab) -> Self {
        let log = lab.path("model.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-model"));
        let mut child = command.arg("--log").arg(&log).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = format!("http://127.0.0.1:{}", line.strip_prefix("LISTENING ").unwrap().trim());
        Self { child, log, base }
    }

    /// What tools have said to it, in order.
    fn heard(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter_map(|line| Some(line["result"].as_str()?.to_owned())).collect()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What codex is told, besides the server.
const CODEX: &str = r#"
model = "fake"
model_provider = "fake"
[model_providers.fake]
name = "fake"
base_url = "BASE/v1"
wire_api = "responses"
env_key = "FAKE_KEY"
"#;

#[derive(Debug, Clone, Copy)]
enum Agent {
    Claude,
    Codex,
    Copilot,
}

impl Agent {
    const fn variable(self) -> &'static str {
        match self {
            Self::Claude => "CLUSTER_TEST_CLAUDE",
            Self::Codex => "CLUSTER_TEST_CODEX",
            Self::Copilot => "CLUSTER_TEST_COPILOT",
        }
    }

    /// The words of it for this prompt; what it reads of the server is put where it looks.
    fn words(self, lab: &Lab, model: &Model, server: &Value, prompt: &str) -> Vec<String> {
        let servers = json!({"mcpServers": {"cluster": server}}).to_string();
        let words: Vec<&str> = match self {
            Self::Claude => {
                lab.write("mcp.json", &servers);
                let config =
                    ["--strict-mcp-config", "--mcp-config", "../mcp.json", "--allowedTools=mcp__cluster"];
                [&["-p", prompt, "--output-format=json"][..], &config].concat()
            }
            Self::Codex => {
                let section = json!({"mcp_servers": {"cluster": server}});
                let config = CODEX.replace("BASE", &model.base) + &toml::to_string(&section).unwrap();
                std::fs::create_dir_all(lab.path(".codex")).unwrap();
                lab.write(".codex/config.toml", &config);
                vec!["exec", "--json", "--skip-git-repo-check", "-s", "danger-full-access", prompt]
            }
            Self::Copilot => {
                std::fs::create_dir_all(lab.path(".copilot")).unwrap();
                let mut server = server.clone();
                server["tools"] = json!(["*"]);
                lab.write(
                    ".copilot/mcp-config.json",
                    &json!({"mcpServers": {"cluster": server}}).to_string(),
                );
                vec!["--allow-all-tools", "--output-format", "json", "-p", prompt]
            }
        };
        words.into_iter().map(str::to_owned).collect()
    }
}

/// What the model hears from the tools that its agent calls for it, one after the other. None if the agent is not here.
fn heard(agent: Agent, calls: &[(&str, Value)]) -> Option<Vec<String>> {
    let Some(program) = std::env::var_os(agent.variable()) else {
        println!("skipped: {} names no program", agent.variable());
        return None;
    };
    let lab = Lab::new();
    let model = Model::start(&lab);
    let env: serde_json::Map<String, Value> =
        lab.environment().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let words = ["mcp".to_owned(), format!("{}:2", lab.tame())];
    let server = json!({"command": env!("CARGO_BIN_EXE_cluster"), "args": words, "env": env});
    let order = |(tool, arguments): &(&str, Value)| format!("[[mode=call tool={tool}: {arguments}]]");
    let prompt: String = calls.iter().map(order).collect();
    let words = agent.words(&lab, &model, &server, &prompt);
    let mut command = Command::new("timeout");
    command.arg(PATIENCE).arg(program).args(words);
    command.env_clear().envs(lab.environment()).current_dir(lab.path("work")).stdin(Stdio::null());
    command
        .env("ANTHROPIC_BASE_URL", &model.base)
        .env("COPILOT_PROVIDER_BASE_URL", format!("{}/v1", model.base));
    for (name, value) in [
        ("ANTHROPIC_API_KEY", "a key"),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ("DISABLE_AUTOUPDATER", "1"),
        ("FAKE_KEY", "a key"),
        ("COPILOT_MODEL", "fake"),
        ("COPILOT_OFFLINE", "true"),
        ("COPILOT_AUTO_UPDATE", "false"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(model.heard())
}

/// Five jobs are sent, waited for and read; what is not allowed is not done.
fn sends_and_reads(agent: Agent) {
    let jobs: Vec<Value> = (0..5).map(|n| json!({"prompt": format!("reply {n} of five")})).collect();
    let calls = [
        ("tools", json!({})),
        ("run", json!({ "jobs": jobs })),
        ("read", json!({"run": "t1-t5", "wait_s": 50})),
        ("send", json!({"prompt": "x", "allow": "all"})),
    ];
    let Some(heard) = heard(agent, &calls) else { return };
    let [tools, run, read, refused] = &heard[..] else { panic!("{agent:?}: {heard:?}") };
    assert!(tools.contains("a fake") && run.contains("t1-t5"), "{agent:?}: {tools} {run}");
    assert!((0..5).all(|n| read.contains(&format!("reply {n} of five"))), "{agent:?}: {read}");
    assert!(read.contains("untrusted"), "whichever form {agent:?} shows, it says so: {read}");
    assert!(refused.contains("unknown field"), "{agent:?}: {refused}");
}

#[test]
fn claude_sends_five_jobs_and_reads_them() {
    sends_and_reads(Agent::Claude);
}

#[test]
fn codex_sends_five_jobs_and_reads_them() {
    sends_and_reads(Agent::Codex);
}

#[test]
fn copilot_sends_five_jobs_and_reads_them() {
    sends_and_reads(Agent::Copilot);
}
