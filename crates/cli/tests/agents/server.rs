//! The scripted model.

use crate::events::await_files;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Nothing here takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server that plays the model until it is dropped.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    /// Where it is, without a path.
    pub(crate) base: String,
}

impl Server {
    /// With these flags, and its log in this folder.
    pub(crate) fn start(folder: &Path, flags: &[&str]) -> Self {
        let log = folder.join("model.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-model"));
        let mut child = command.args(flags).arg("--log").arg(&log).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.strip_prefix("LISTENING ").unwrap().trim().parse().unwrap();
        Self { child, log, base: format!("http://127.0.0.1:{port}") }
    }

    /// The words of the user that have arrived, as often as they did.
    pub(crate) fn heard(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        // A line without its end is still being written.
        let whole = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines = whole.map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line["user"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Waits until somebody has said something that contains this.
    pub(crate) fn hears(&self, wanted: &str) {
        let heard = || self.heard().iter().any(|said| said.contains(wanted));
        await_files(self.log.parent().unwrap(), PATIENCE, heard, || format!("only {:?}", self.heard()));
    }

    /// From now on it answers so whoever names nothing else.
    pub(crate) fn control(&self, mode: Option<&str>) {
        self.post("/control", &json!({"mode": mode}));
    }

    /// With the flag `--together 2` and one who waits: answers now.
    pub(crate) fn release(&self) {
        self.post("/v1/chat/completions", &json!({"messages": [{"role": "user", "content": "now"}]}));
    }

    fn post(&self, path: &str, body: &Value) {
        let mut stream = TcpStream::connect(self.base.strip_prefix("http://").unwrap()).unwrap();
        let body = body.to_string();
        let length = body.len();
        write!(stream, "POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
    }

    /// How the requests with this tag were answered, in order; but not those that a client makes for itself.
    pub(crate) fn modes(&self, tag: &str) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
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
