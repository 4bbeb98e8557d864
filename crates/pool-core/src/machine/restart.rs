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
#[derive(Debug)]
pub struct Window {
    intensity: Intensity,
    restarts: VecDeque<Instant>,
}

impl Window {
    /// An empty window.
    #[must_use]
    pub const fn new(intensity: Intensity) -> Self {
        Self { intensity, restarts: VecDeque::new() }
    }

    /// A restart is wanted `now`.
    pub fn charge(&mut self, now: Instant) -> Verdict {
        while self.restarts.front().is_some_and(|at| *at + self.intensity.within < now) {
            self.restarts.pop_front();
        }
        self.restarts.push_back(now);
        if self.restarts.len() > self.intensity.max as usize { Verdict::GiveUp } else { Verdict::Restart }
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
            let verdicts: Vec<_> = times.iter().map(|ms| window.charge(at(*ms))).collect();
            assert_eq!(verdicts.last(), Some(&last), "{times:?}");
        }
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
