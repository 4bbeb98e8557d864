//! The scripted model.

use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server that plays the model until it is dropped.
pub(crate) struct Model {
    child: Child,
    log: PathBuf,
    /// Where aider finds it.
    pub(crate) base: String,
}

/// What aider asked, and what it was told.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) mode: String,
    pub(crate) tag: Option<String>,
    /// The last message, with aider's rules at its end.
    pub(crate) user: String,
    pub(crate) answer: String,
}

impl Model {
    pub(crate) fn start(folder: &Path, flags: &[&str]) -> Self {
        let log = folder.join("model.jsonl");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fake-model"));
        command.arg("--log").arg(&log).args(flags).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.strip_prefix("LISTENING ").unwrap().trim().parse().unwrap();
        Self { child, log, base: format!("http://127.0.0.1:{port}/v1") }
    }

    /// Everything it was asked so far, in order. A line without its end is still being written.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let log = std::fs::read_to_string(&self.log).unwrap();
        let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What it was asked under this tag; exactly once.
    pub(crate) fn asked_once(&self, tag: &str) -> Asked {
        let mut asked = self.asked();
        asked.retain(|asked| asked.tag.as_deref() == Some(tag));
        assert_eq!(asked.len(), 1, "{tag}: {asked:?}");
        asked.remove(0)
    }
}

impl Asked {
    /// What the user said, without what aider adds.
    pub(crate) fn said(&self) -> &str {
        let end = self.user.find("\n\n# *SEARCH/REPLACE block* Rules:").unwrap_or(self.user.len());
        let said = self.user[..end].trim();
        // What `/ask` adds instead of the rules.
        said.strip_suffix("\n\nReply in English.").unwrap_or(said)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
