//! What all connections share.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{mode::Mode, server::Options, tools::Call};

/// Settings, counts and the log.
#[derive(Debug, Default)]
pub(crate) struct State {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    delay_ms: u64,
    mode: Option<Mode>,
    log: Option<File>,
    counter: u64,
    failed: BTreeMap<(&'static str, String), u64>,
    requests: u64,
    by_mode: BTreeMap<&'static str, u64>,
    open: u64,
    connections: u64,
    max_concurrent: u64,
    aborted: u64,
    together: u64,
}

/// A request in the log.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Entry<'a> {
    pub(crate) api: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) tag: Option<&'a str>,
    pub(crate) stream: bool,
    pub(crate) model: &'a str,
    /// How many user messages it holds.
    pub(crate) messages: usize,
    pub(crate) user: &'a str,
    /// What a tool said last, since that message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<&'a str>,
    pub(crate) answer: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) call: Option<&'a Call>,
}

#[derive(Serialize)]
struct Line<'a> {
    t_us: u64,
    open: u64,
    connections: u64,
    #[serde(flatten)]
    entry: &'a Entry<'a>,
}

impl State {
    /// Starts with nothing counted.
    pub(crate) fn new(options: &Options) -> io::Result<Self> {
        let open = |path| OpenOptions::new().append(true).create(true).open(path);
        let log = options.log.as_deref().map(open).transpose()?;
        let Options { delay_ms, together, .. } = *options;
        Ok(Self { inner: Mutex::new(Inner { delay_ms, log, together, ..Inner::default() }) })
    }

    /// Whether as many requests have come as are to be answered together.
    pub(crate) fn all_are_here(&self) -> bool {
        let inner = self.lock();
        inner.requests >= inner.together
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.lock().delay_ms)
    }

    pub(crate) fn mode(&self) -> Option<Mode> {
        self.lock().mode
    }

    /// The next number for requests without a tag.
    pub(crate) fn count(&self) -> u64 {
        let mut inner = self.lock();
        inner.counter += 1;
        inner.counter
    }

    /// How often this failure has happened.
    pub(crate) fn failures(&self, mode: Mode, tag: &str) -> u64 {
        self.lock().failed.get(&(mode.name(), tag.to_owned())).copied().unwrap_or_default()
    }

    /// How many requests asked for this failure, this one included.
    pub(crate) fn failed(&self, mode: Mode, tag: &str) -> u64 {
        let mut inner = self.lock();
        let count = inner.failed.entry((mode.name(), tag.to_owned())).or_default();
        *count += 1;
        *count
    }

    pub(crate) fn connected(&self) {
        self.lock().connections += 1;
    }

    pub(crate) fn disconnected(&self) {
        self.lock().connections -= 1;
    }

    /// A request begins.
    pub(crate) fn begin(&self, entry: &Entry<'_>) -> io::Result<()> {
        let mut inner = self.lock();
        inner.requests += 1;
        *inner.by_mode.entry(entry.mode).or_default() += 1;
        inner.open += 1;
        inner.max_concurrent = inner.max_concurrent.max(inner.open);
        let (open, connections) = (inner.open, inner.connections);
        let line = serde_json::to_string(&Line { t_us: micros(), open, connections, entry })?;
        inner.log.as_mut().map_or(Ok(()), |log| log.write_all(format!("{line}\n").as_bytes()))
    }

    /// It ends; not well if the client went away.
    pub(crate) fn end(&self, aborted: bool) {
        let mut inner = self.lock();
        inner.open -= 1;
        inner.aborted += u64::from(aborted);
    }

    pub(crate) fn stats(&self) -> Value {
        let inner = self.lock();
        json!({
            "requests": inner.requests, "by_mode": inner.by_mode, "open": inner.open,
            "connections": inner.connections, "max_concurrent": inner.max_concurrent,
            "aborted": inner.aborted,
        })
    }

    /// Changes the settings that are named, answers all of them.
    pub(crate) fn control(&self, wish: &Value) -> Result<Value, String> {
        let mode = match &wish["mode"] {
            Value::String(name) => Some(name.parse()?),
            _ => None,
        };
        let mut inner = self.lock();
        if wish.get("mode").is_some() {
            inner.mode = mode;
        }
        inner.delay_ms = wish["delay_ms"].as_u64().unwrap_or(inner.delay_ms);
        Ok(json!({ "delay_ms": inner.delay_ms, "mode": inner.mode.map(Mode::name) }))
    }
}

pub(crate) fn micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Options, State};

    #[test]
    fn control_changes_only_what_is_named() {
        let state = State::new(&Options { delay_ms: 5, ..Options::default() }).unwrap();
        assert_eq!(state.control(&json!({"mode": "429"})), Ok(json!({"delay_ms": 5, "mode": "429"})));
        assert_eq!(state.control(&json!({"delay_ms": 7})), Ok(json!({"delay_ms": 7, "mode": "429"})));
        assert_eq!(state.control(&json!({"mode": null})), Ok(json!({"delay_ms": 7, "mode": null})));
        assert!(state.control(&json!({"mode": "x"})).is_err());
    }
}
