//! The scripted model.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server that plays the model until it is dropped.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    /// Where it is, without a path.
    pub(crate) base: String,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        let log = folder.join("model.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-model"));
        let mut child = command.arg("--log").arg(&log).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.strip_prefix("LISTENING ").unwrap().trim().parse().unwrap();
        Self { child, log, base: format!("http://127.0.0.1:{port}") }
    }

    /// How the requests with this tag were answered, in order; but not those that a client makes for itself.
    pub(crate) fn modes(&self, tag: &str) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .filter(|line| line["tag"] == tag)
            .map(|line| line["mode"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
