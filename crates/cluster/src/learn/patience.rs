//! When has a tool said all that it has to say? When it neither prints nor works for a while.
//!
//! Silence alone does not tell: on a busy machine a tool may be silent because it has no processor. So its process is
//! looked at, too.

use pool_core::process::look::Seen;
use std::time::{Duration, Instant};

/// How long it must be idle after it has printed something.
const AFTER_OUTPUT: Duration = Duration::from_millis(200);

/// How long it must be idle if it has printed nothing.
const WITHOUT_OUTPUT: Duration = Duration::from_millis(600);

/// How long a turn must be idle before it counts as one that does not end.
const HUNG: Duration = Duration::from_secs(1);

/// How often its process is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A wait for a tool to become idle.
#[derive(Debug)]
pub(super) struct Patience {
    /// When it printed or worked last.
    active: Instant,
    has_printed: bool,
    /// How long it must be idle after it has printed something, and if it has not.
    idle: [Duration; 2],
    /// The processor time of its tree when it was looked at last.
    ticks: Option<u64>,
    look_at: Instant,
    end: Instant,
}

impl Patience {
    /// A wait that begins now and lasts `longest` whatever happens.
    pub(super) fn new(longest: Duration, now: Instant) -> Self {
        let idle = [AFTER_OUTPUT, WITHOUT_OUTPUT];
        Self { active: now, has_printed: false, idle, ticks: None, look_at: now + LOOK, end: now + longest }
    }

    /// The same for a turn that ends by itself, unless it hangs.
    pub(super) fn for_a_turn(longest: Duration, now: Instant) -> Self {
        Self { idle: [HUNG; 2], ..Self::new(longest, now) }
    }

    /// It has printed something.
    pub(super) const fn heard(&mut self, now: Instant) {
        self.active = now;
        self.has_printed = true;
    }

    /// When to look at its processes next.
    pub(super) const fn look_at(&self) -> Instant {
        self.look_at
    }

    /// Its processes have been looked at: is the wait over?
    pub(super) fn is_over(&mut self, seen: &[Seen], now: Instant) -> bool {
        let ticks = seen.iter().map(|process| process.ticks).sum();
        let is_running = seen.iter().any(|process| matches!(process.state, 'R' | 'D'));
        if is_running || self.ticks.is_some_and(|before| before != ticks) {
            self.active = now;
        }
        self.ticks = Some(ticks);
        self.look_at = now + LOOK;
        let idle = self.idle[usize::from(!self.has_printed)];
        now >= self.end || now.saturating_duration_since(self.active) >= idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: char, ticks: u64) -> Vec<Seen> {
        let name = "tool".to_owned();
        vec![Seen { pid: 2, parent: 1, state, name, ticks, memory: 0, waits_in: None, waits_for: None }]
    }

    /// After how many milliseconds a wait is over in which this happens, 50 ms apart: output (`o`), work that costs
    /// time (`w`), a wait for the processor (`r`), nothing.
    fn over_after(happens: &str, start: Instant) -> u64 {
        let mut patience = Patience::new(Duration::from_secs(2), start);
        let mut ticks = 5;
        for (step, what) in (1..).zip(happens.chars().chain(std::iter::repeat(' '))) {
            let now = start + Duration::from_millis(50 * step);
            assert!(patience.look_at() <= now);
            match what {
                'o' => patience.heard(now),
                'w' => ticks += 1,
                _ => {}
            }
            if patience.is_over(&seen(if what == 'r' { 'R' } else { 'S' }, ticks), now) {
                return 50 * step;
            }
        }
        unreachable!("it has an end")
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a moment to begin at; nothing waits")]
    fn idle_is_neither_output_nor_work() {
        let start = Instant::now();
        let busy = "o".repeat(100);
        for (happens, expected) in [
            ("", 600),
            ("o", 250),
            ("o  o", 400),
            (" w", 700),
            ("o w", 350),
            ("orrrr", 450),
            ("   r", 800),
            (busy.as_str(), 2000),
        ] {
            assert_eq!(over_after(happens, start), expected, "{happens:?}");
        }
    }
}
