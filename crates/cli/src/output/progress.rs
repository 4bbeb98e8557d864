//! How far the run is: a bar on a terminal, a line now and then elsewhere.

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
    /// A job has ended, so that the rest can be guessed.
    knows_speed: bool,
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
    pub(super) fn new(total: Option<u64>, terminal: bool, now: Instant) -> Self {
        let bar = terminal.then(|| bar(total));
        Self { screen: Screen(bar), began: now, next_line: now + EVERY, total, knows_speed: false }
    }

    pub(super) const fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Moves the bar; or returns a line, if it is time for one.
    pub(super) fn tick(&mut self, counts: Counts, failed: u64, now: Instant) -> Option<String> {
        let ended = counts.ended - counts.held as u64;
        if let Some(bar) = &self.screen.0 {
            if counts.ended > 0 && !std::mem::replace(&mut self.knows_speed, true) {
                set_shape(bar, shape(self.total, true));
            }
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
    let mut remark = format!("{failed} failed, {} running", counts.running);
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
    set_shape(&bar, shape(total, false));
    bar
}

/// The shapes are constants, and a test tries them.
fn set_shape(bar: &ProgressBar, shape: &str) {
    if let Ok(style) = ProgressStyle::with_template(shape) {
        bar.set_style(style);
    }
}

const fn shape(total: Option<u64>, knows_speed: bool) -> &'static str {
    match (total, knows_speed) {
        (Some(_), true) => "{bar:24} {pos}/{len}  {msg}  {elapsed} (ends in {eta})",
        (Some(_), false) => "{bar:24} {pos}/{len}  {msg}  {elapsed}",
        (None, _) => "{spinner} {pos}  {msg}  {elapsed}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do, and only the clock makes one")]
    fn a_line_now_and_then() {
        let began = Instant::now();
        let counts =
            Counts { fed: 20, running: 5, waiting: 3, ended: 12, failed: 0, held: 3, blocked: false };
        let mut progress = Progress::new(Some(100), false, began);
        let mut tick = |seconds: u64| progress.tick(counts, 2, began + Duration::from_secs(seconds));
        assert_eq!(tick(29), None);
        let line = "9 of 100 jobs done after 30 s: 2 failed, 5 running, 3 wait for an earlier one";
        assert_eq!(tick(30).as_deref(), Some(line));
        assert_eq!((tick(31), tick(59)), (None, None));
        assert!(tick(60).is_some());
    }

    #[test]
    fn the_shapes_of_the_bar_are_well_formed() {
        for (total, knows_speed) in [(Some(1), false), (Some(1), true), (None, true)] {
            assert!(ProgressStyle::with_template(shape(total, knows_speed)).is_ok());
        }
    }
}
