//! What all connections share.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{
    chat::{Chat, Plan},
    mode::Mode,
    server::Options,
};

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

    /// A chat request begins.
    pub(crate) fn begin(&self, chat: &Chat, plan: &Plan) -> io::Result<()> {
        let mut inner = self.lock();
        inner.requests += 1;
        *inner.by_mode.entry(plan.mode.name()).or_default() += 1;
        inner.open += 1;
        inner.max_concurrent = inner.max_concurrent.max(inner.open);
        let line = json!({
            "t_us": micros(), "mode": plan.mode.name(), "tag": plan.tag, "stream": chat.stream,
            "open": inner.open, "connections": inner.connections, "model": chat.model,
            "messages": chat.users.len(), "user": chat.last(), "answer": plan.content,
        });
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
