//! claude with the pool among its tools: it sends jobs, waits for them, and tells its model what came of them.
//!
//! Wants its path in `CLUSTER_TEST_CLAUDE`; without, the test says that it is skipped.

use crate::lab::Lab;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Longer than it takes, in seconds.
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

/// What the model hears from the tools that claude calls for it, one after the other.
fn heard(lab: &Lab, program: &str, words: &[&str], calls: &[(&str, Value)]) -> Vec<String> {
    let model = Model::start(lab);
    let words: Vec<&str> = ["mcp"].iter().chain(words).copied().collect();
    let env: serde_json::Map<String, Value> =
        lab.environment().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let server = json!({"command": env!("CARGO_BIN_EXE_cluster"), "args": words, "env": env});
    let config = lab.write("mcp.json", &json!({"mcpServers": {"cluster": server}}).to_string());
    let order = |(tool, arguments): &(&str, Value)| format!("[[mode=call tool={tool}: {arguments}]]");
    let prompt: String = calls.iter().map(order).collect();
    let mut command = Command::new("timeout");
    command.args([PATIENCE, program, "-p", &prompt, "--output-format=json", "--strict-mcp-config"]);
    command.args(["--mcp-config", &config, "--allowedTools=mcp__cluster"]);
    command.env_clear().envs(lab.environment()).current_dir(lab.path("work")).stdin(Stdio::null());
    command.env("ANTHROPIC_BASE_URL", &model.base).env("ANTHROPIC_API_KEY", "a key");
    for name in ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER"] {
        command.env(name, "1");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    model.heard()
}

#[test]
fn claude_sends_five_jobs_waits_for_them_and_reads_them() {
    let Ok(program) = std::env::var("CLUSTER_TEST_CLAUDE") else {
        return println!("skipped: CLUSTER_TEST_CLAUDE names no program");
    };
    let lab = Lab::new();
    let jobs: Vec<Value> = (0..5).map(|n| json!({"prompt": format!("reply {n} of five")})).collect();
    let calls = [
        ("tools", json!({})),
        ("run", json!({ "jobs": jobs })),
        ("read", json!({"run": "t1-t5", "wait_s": 50})),
        ("send", json!({"prompt": "x", "allow": "all"})),
    ];
    let heard = heard(&lab, &program, &[&format!("{}:2", lab.tame())], &calls);
    let [tools, run, read, refused] = &heard[..] else { panic!("{heard:?}") };
    assert!(tools.contains("a fake") && run.contains("t1-t5"), "{tools} {run}");
    assert!((0..5).all(|n| read.contains(&format!("reply {n} of five"))), "{read}");
    assert!(read.contains("untrusted"), "whichever form a client shows, it says so: {read}");
    assert!(refused.contains("unknown field"), "{refused}");
}
