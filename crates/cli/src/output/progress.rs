//! How far the run is: a bar on a terminal, a line now and then elsewhere.

use super::talk::Level;
use cluster::batch::run::Counts;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(30);

pub(super) struct Progress {
    screen: Screen,
    began: Instant,
    next_line: Instant,
    total: Option<u64>,
}

/// The terminal that the bar is on, if there is one.
#[derive(Debug, Clone, Default)]
pub(super) struct Screen(Option<ProgressBar>);

impl Screen {
    /// Does something to the terminal with the bar out of the way.
    pub(super) fn aside<R>(&self, act: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }
}

impl Progress {
    pub(super) fn new(total: Option<u64>, level: Level, terminal: bool, now: Instant) -> Self {
        let bar = (terminal && level >= Level::Normal).then(|| bar(total));
        Self { screen: Screen(bar), began: now, next_line: now + EVERY, total }
    }

    pub(super) const fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Moves the bar; or returns a line, if it is time for one.
    pub(super) fn tick(&mut self, counts: Counts, failed: u64, now: Instant) -> Option<String> {
        let ended = counts.ended - counts.held as u64;
        if let Some(bar) = &self.screen.0 {
            bar.set_message(remark(counts, failed));
            bar.set_position(counts.ended);
            return None;
        }
        if now < self.next_line {
            return None;
        }
        self.next_line = now + EVERY;
        let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        let time = now.saturating_duration_since(self.began).as_secs();
        Some(format!("{ended}{of} jobs done after {time} s: {}", remark(counts, failed)))
    }

    /// Takes the bar away; returns how long the run took.
    pub(super) fn clear(&mut self, now: Instant) -> Duration {
        if let Some(bar) = self.screen.0.take() {
            bar.finish_and_clear();
        }
        now.saturating_duration_since(self.began)
    }
}

fn remark(counts: Counts, failed: u64) -> String {
    let mut remark = format!("{failed} failed, {} under way", counts.running);
    if counts.held > 0 {
        remark += &format!(", {} wait for an earlier one", counts.held);
    }
    if counts.blocked {
        remark += ", no more are begun until it ends (--unordered does not wait)";
    }
    remark
}

fn bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let shape = match total {
        Some(_) => "{bar:24} {pos}/{len}  {msg}  {elapsed} (ends in {eta})",
        None => "{spinner} {pos}  {msg}  {elapsed}",
    };
    // The shapes are constants, and a test tries them.
    if let Ok(style) = ProgressStyle::with_template(shape) {
        bar.set_style(style);
    }
    bar
}
