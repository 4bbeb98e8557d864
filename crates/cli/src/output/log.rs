//! What the libraries say goes to standard error, one safe line an event.

use super::outlet::{Outlet, Stream};
use super::progress::Screen;
use super::sanitize;
use super::talk::Level;
use std::io::{Write, stderr};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// From now on, unless somebody else listens already. `CLUSTER_LOG` overrides the level, in the manner of
/// `RUST_LOG`. With `explain`, the router says why each job goes where it goes.
pub(super) fn listen(level: Level, explain: bool, screen: &Screen, outlet: Option<Outlet>) {
    let most = match level {
        Level::Quiet => LevelFilter::ERROR,
        Level::Normal => LevelFilter::WARN,
        Level::Verbose => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt()
        .with_writer(Lines { screen: screen.clone(), outlet })
        .with_ansi(false)
        .with_target(level >= Level::Debug)
        .without_time();
    // A second run in one process keeps the first one's listener, which writes to the same place.
    let _ = match (std::env::var("CLUSTER_LOG"), explain) {
        (Err(_), false) => lines.with_max_level(most).try_init(),
        (filter, explain) => {
            let mut filter = filter.unwrap_or_else(|_| most.to_string());
            if explain {
                filter += &format!(",{}=debug", routing::router::EXPLAIN);
            }
            lines.with_env_filter(EnvFilter::new(filter)).try_init()
        }
    };
}

struct Lines {
    screen: Screen,
    /// Instead of standard error itself.
    outlet: Option<Outlet>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { to: self, bytes: Vec::new() }
    }
}

/// Collects one event; written when dropped.
struct Line<'a> {
    to: &'a Lines,
    bytes: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.bytes);
        let safe = sanitize::line(text.trim_end(), 2000) + "\n";
        match &self.to.outlet {
            Some(outlet) => outlet.say(Stream::Talk, safe.into_bytes()),
            None => self.to.screen.aside(|| drop(stderr().write_all(safe.as_bytes()))),
        }
    }
}
