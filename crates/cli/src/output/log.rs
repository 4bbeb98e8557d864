//! What the libraries say: to standard error, as much of it as is wanted, and to a file, one safe line an event.

mod file;
mod writer;

use super::outlet::{Outlet, Stream};
use super::redact;
use super::sanitize;
use super::screen::Screen;
use super::talk::Level;
use crate::failure::Failure;
use cluster::batch::clock::wall;
use file::{Files, MOST};
use std::io::{Write, stderr};
use std::path::Path;
use std::sync::OnceLock;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer as Text;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};
use writer::Writer;

/// The variable that says what of the log is shown, in the manner of `RUST_LOG`.
const FILTER: &str = "CLUSTER_LOG";

/// What is for the file alone, because people are told in other words.
pub(crate) const FILE_ONLY: &str = "cluster_cli::file";

/// How much of an event is shown, and kept.
const WIDTH: usize = 2000;

/// The log in files, once there is one.
static FILE: OnceLock<Writer> = OnceLock::new();

/// From now on, unless somebody else listens already. With `explain`, the router says why each job goes where it goes.
/// `folder`: where the files are; they have what is shown, and everything from `info` on.
pub(super) fn listen(
    level: Level,
    explain: bool,
    screen: &Screen,
    outlet: Option<Outlet>,
    folder: Option<&Path>,
) {
    let shown = Shown { screen: screen.clone(), outlet };
    let words = filter(level, explain);
    let file = folder.map(|folder| Files::open(folder, MOST).and_then(Writer::new));
    let trouble = file.as_ref().and_then(|file| file.as_ref().err()).map(ToString::to_string);
    let file = file.and_then(Result::ok);
    let kept = file.clone().map(|file| {
        let lines = Lines { to: Box::new(move |line| file.line(line)) };
        fmt::layer()
            .with_writer(lines)
            .with_ansi(false)
            .with_timer(Stamp)
            .with_filter(EnvFilter::new(&words).or(LevelFilter::INFO))
    });
    let lines = Lines { to: Box::new(move |line| shown.line(line)) };
    let seen = seen(lines, level).with_filter(EnvFilter::new(&words).and(filter_fn(is_for_people)));
    // A second run in one process keeps the first one's listener, which writes to the same place.
    if tracing_subscriber::registry().with(kept).with(seen).try_init().is_ok() {
        let _ = file.map(|file| FILE.set(file));
    }
    if let (Some(folder), Some(trouble)) = (folder, trouble) {
        tracing::info!("no log is kept in {}: {trouble}", folder.display());
    }
}

/// Waits until the files have everything, but not for ever.
pub(crate) fn flush() {
    if let Some(file) = FILE.get() {
        file.flush();
    }
}

/// Refuses a filter that makes no sense.
pub(crate) fn check_filter() -> Result<(), Failure> {
    let Some(words) = variable() else { return Ok(()) };
    let wrong = |error| {
        let failure = Failure::usage(format!("{FILTER}: {words:?} is no filter: {error}"));
        failure.help(
            "write a level (error, warn, info, debug, trace, off), or levels of parts: pool_core=debug,info",
        )
    };
    EnvFilter::try_new(&words).map(drop).map_err(wrong)
}

/// What is shown: as the variable says, or as `-q` and `-v` do.
fn filter(level: Level, explain: bool) -> String {
    let most = match level {
        Level::Quiet => LevelFilter::ERROR,
        Level::Normal => LevelFilter::WARN,
        Level::Verbose => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let mut filter = variable().unwrap_or_else(|| most.to_string());
    if explain {
        filter += &format!(",{}=debug", routing::router::EXPLAIN);
    }
    filter
}

/// An empty one says nothing.
fn variable() -> Option<String> {
    std::env::var(FILTER).ok().filter(|words| !words.is_empty())
}

fn seen<S>(lines: Lines, level: Level) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer().with_writer(lines).with_ansi(false).with_target(level >= Level::Debug).without_time()
}

fn is_for_people(event: &tracing::Metadata<'_>) -> bool {
    event.target() != FILE_ONLY
}

/// When, and whose line it is: several runs share the file.
struct Stamp;

impl FormatTime for Stamp {
    fn format_time(&self, to: &mut Text<'_>) -> std::fmt::Result {
        write!(to, "{:.6} {}", wall(), std::process::id())
    }
}

/// Where lines go that people see.
struct Shown {
    screen: Screen,
    /// Instead of standard error itself.
    outlet: Option<Outlet>,
}

impl Shown {
    fn line(&self, line: Vec<u8>) {
        match &self.outlet {
            Some(outlet) => outlet.say(Stream::Talk, line),
            None => self.screen.aside(|| drop(stderr().write_all(&line))),
        }
    }
}

/// Makes each event one safe line without secrets.
struct Lines {
    to: Box<dyn Fn(Vec<u8>) + Send + Sync>,
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
        let safe = sanitize::line(&redact::hide(text.trim_end()), WIDTH) + "\n";
        (self.to.to)(safe.into_bytes());
    }
}
