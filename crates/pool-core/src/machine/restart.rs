//! How often is too often, and how long to wait: OTP's intensity window and systemd's geometric back-off.

use crate::spec::{Backoff, Intensity};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a restart costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Start again.
    Restart,
    /// Too many within the window.
    GiveUp,
}

/// Counts restarts in a sliding window. `supervisor:add_restart/3` of Erlang/OTP: keep those that are at most
/// `within` old, add this one, give up if there are then more than `max`.
///
/// A tool that takes longer to fail than the window is long would be started for ever; so more than `max` failed starts
/// in a row, with no instance ready in between, are too many as well.
#[derive(Debug)]
pub struct Window {
    intensity: Intensity,
    restarts: VecDeque<Instant>,
    failed_starts: u32,
}

/// What a restart is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A life that had been ready ended.
    Ended,
    /// A life ended before it was ready.
    FailedStart,
}

impl Window {
    /// An empty window.
    #[must_use]
    pub const fn new(intensity: Intensity) -> Self {
        Self { intensity, restarts: VecDeque::new(), failed_starts: 0 }
    }

    /// An instance is ready.
    pub const fn ready(&mut self) {
        self.failed_starts = 0;
    }

    /// A restart is wanted `now`.
    pub fn charge(&mut self, cause: Cause, now: Instant) -> Verdict {
        if cause == Cause::FailedStart {
            self.failed_starts += 1;
        }
        while self.restarts.front().is_some_and(|at| *at + self.intensity.within < now) {
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        let too_often = self.restarts.len() > self.intensity.max as usize;
        if too_often || self.failed_starts > self.intensity.max { Verdict::GiveUp } else { Verdict::Restart }
    }
}

/// How long a slot waits before its next life. The delays grow while lives fail and start over after one that
/// did some work.
#[derive(Debug)]
pub struct Delays {
    backoff: Backoff,
    in_a_row: u32,
}

impl Delays {
    /// No failure yet.
    #[must_use]
    pub const fn new(backoff: Backoff) -> Self {
        Self { backoff, in_a_row: 0 }
    }

    /// The delay before the next life. `dice` as in [`Backoff::delay`].
    pub fn next(&mut self, dice: f64) -> Duration {
        let delay = self.backoff.delay(self.in_a_row, dice);
        self.in_a_row = self.in_a_row.saturating_add(1);
        delay
    }

    /// This life did some work.
    pub const fn worked(&mut self) {
        self.in_a_row = 0;
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a table needs some instant to count from")]
mod tests {
    use super::*;

    #[test]
    fn the_window_has_an_inclusive_edge() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let intensity = Intensity { max: 2, within: Duration::from_secs(1) };
        for (times, last) in [
            (vec![0, 10, 20], Verdict::GiveUp),
            (vec![0, 10], Verdict::Restart),
            (vec![0, 10, 1000], Verdict::GiveUp),
            (vec![0, 10, 1001], Verdict::Restart),
            (vec![0, 500, 1001, 1400], Verdict::GiveUp),
        ] {
            let mut window = Window::new(intensity);
            let verdicts: Vec<_> = times.iter().map(|ms| window.charge(Cause::Ended, at(*ms))).collect();
            assert_eq!(verdicts.last(), Some(&last), "{times:?}");
        }
    }

    #[test]
    fn slow_failures_in_a_row_are_too_many_too() {
        let start = Instant::now();
        let intensity = Intensity { max: 2, within: Duration::from_secs(1) };
        let mut window = Window::new(intensity);
        let mut charge =
            |minute: u64| window.charge(Cause::FailedStart, start + Duration::from_secs(60 * minute));
        assert_eq!([1, 2, 3].map(&mut charge), [Verdict::Restart, Verdict::Restart, Verdict::GiveUp]);
        window.ready();
        assert_eq!(window.charge(Cause::FailedStart, start + Duration::from_secs(3600)), Verdict::Restart);
    }

    #[test]
    fn delays_follow_the_formula() {
        let mut delays = Delays::new(Backoff { jitter: 0.0, ..Backoff::default() });
        let seen: Vec<_> = (0..10).map(|_| (delays.next(0.0).as_secs_f64() * 10.0).round() / 10.0).collect();
        assert_eq!(seen, [0.5, 0.9, 1.7, 3.0, 5.5, 10.0, 18.1, 33.0, 60.0, 60.0]);
        delays.worked();
        assert_eq!(delays.next(0.5), Duration::from_millis(500));
    }

    #[test]
    fn jitter_stays_within_its_share() {
        let backoff = Backoff { jitter: 0.2, ..Backoff::default() };
        for (dice, ms) in [(0.0, 400), (0.5, 500), (1.0, 600)] {
            assert_eq!(backoff.delay(0, dice).as_millis(), ms);
        }
    }
}
