//! The log by which a test knows what really arrived.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// Appends one JSON line per event and waits until it is on the disk.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    file: Option<File>,
    path: Option<PathBuf>,
    seq: u64,
}

impl Oracle {
    /// Opens the log; without a path nothing is written.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let open = |path| OpenOptions::new().append(true).create(true).open(path);
        let file = path.map(open).transpose()?;
        Ok(Self { file, path: path.map(Path::to_owned), seq: 0 })
    }

    /// A line came in. Bytes that are not UTF-8 are shown as U+FFFD.
    pub(crate) fn received(&mut self, line: &[u8]) -> io::Result<()> {
        self.seq += 1;
        let line = String::from_utf8_lossy(line);
        self.append(&json!({ "seq": self.seq, "line": line }))
    }

    /// How often the line has come in, to any process that writes this log.
    pub(crate) fn count(&self, line: &[u8]) -> io::Result<usize> {
        let Some(path) = &self.path else { return Ok(0) };
        let line = Value::from(String::from_utf8_lossy(line));
        let log = std::fs::read_to_string(path)?;
        let is_it =
            |event: &str| serde_json::from_str::<Value>(event).is_ok_and(|event| event["line"] == line);
        Ok(log.lines().filter(|event| is_it(event)).count())
    }

    /// A grandchild was started.
    pub(crate) fn started(&mut self, child: u32) -> io::Result<()> {
        self.append(&json!({ "child": child }))
    }

    fn append(&mut self, event: &Value) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut event = event.clone();
        event["pid"] = std::process::id().into();
        event["t_us"] = json!(micros());
        // One write: lines of several processes do not mix in a file opened for appending.
        file.write_all(format!("{event}\n").as_bytes())?;
        file.sync_data()
    }
}

fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
