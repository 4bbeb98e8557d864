//! Policies about ends and new beginnings: restart, back-off, breaker, cancel, stop.

use crate::error::SpecError;
use std::time::Duration;

/// Whether an instance that ended is started again; OTP's words and meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// Only after an abnormal end.
    Transient,
    /// Never.
    Temporary,
}

/// More than `max` restarts `within` this time, and the tool is given up; OTP's rule, inclusive edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intensity {
    /// How many restarts are still fine.
    pub max: u32,
    /// The window.
    pub within: Duration,
}

impl Default for Intensity {
    fn default() -> Self {
        Self { max: 5, within: Duration::from_secs(60) }
    }
}

impl Intensity {
    /// Refuses a limit that the back-off makes unreachable: an instance that ends as soon as it is ready could never
    /// trip it.
    ///
    /// Of `max + 1` ends the first costs no waiting, and each other one at least the delay before it with the luckiest
    /// jitter. (An instance that does not even get ready is given up by the count of failed starts.)
    pub(super) fn validate(&self, backoff: &Backoff) -> Result<(), SpecError> {
        let growing = self.max.min(backoff.steps);
        let grown = (0..growing).map(|restart| backoff.delay(restart, 0.0));
        let flat = backoff.delay(growing, 0.0).saturating_mul(self.max - growing);
        let least = grown.fold(flat, Duration::saturating_add);
        if least > self.within {
            return Err(SpecError::new(
                "intensity",
                format!(
                    "can never trip: the back-off between {} restarts takes at least {least:.1?}, the window is {:?}; \
                     widen the window, shorten the back-off, or allow fewer restarts",
                    u64::from(self.max) + 1,
                    self.within
                ),
            ));
        }
        Ok(())
    }
}

/// Delays that grow geometrically: `r_i = min·(max/min)^(i/steps)`, systemd's `RestartSteps` rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// Before the first restart.
    pub min: Duration,
    /// Before the restart number `steps` and all later ones.
    pub max: Duration,
    /// How many restarts from `min` to `max`; 0 means always `min`.
    pub steps: u32,
    /// 0.0 to 1.0: the delay is spread evenly over ± this share of itself.
    pub jitter: f64,
    /// After a life that was ready for so long, the delays start over.
    pub stable: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            min: Duration::from_millis(500),
            max: Duration::from_secs(60),
            steps: 8,
            jitter: 0.2,
            stable: Duration::from_secs(600),
        }
    }
}

impl Backoff {
    /// The least time between two starts if the life between them was never ready; s6's rule. A tool that fails at once
    /// shall not keep a processor busy, however short the delays are.
    pub const UNREADY: Duration = Duration::from_secs(1);

    /// The most steps that can be asked for.
    pub const MOST_STEPS: u32 = 1000;

    /// The longest delay that can be asked for.
    pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// The delay before restart number `restart` (0 is the first). `dice` is uniform in `0.0..1.0`; 0.5 means no
    /// jitter.
    #[must_use]
    pub fn delay(&self, restart: u32, dice: f64) -> Duration {
        let share =
            if self.steps == 0 { 0.0 } else { f64::from(restart.min(self.steps)) / f64::from(self.steps) };
        let (min, max) = (self.min.as_secs_f64(), self.max.as_secs_f64());
        let plain = if min == 0.0 { max * share } else { min * (max / min).powf(share) };
        Duration::try_from_secs_f64(plain * (dice - 0.5).mul_add(2.0 * self.jitter, 1.0))
            .unwrap_or(2 * Self::LONGEST)
    }

    pub(super) fn validate(&self) -> Result<(), SpecError> {
        if self.max < self.min {
            return Err(SpecError::new("backoff.max", "must not be less than backoff.min"));
        }
        if self.max > Self::LONGEST {
            return Err(SpecError::new("backoff.max", "must be at most a day"));
        }
        if self.steps > Self::MOST_STEPS {
            return Err(SpecError::new("backoff.steps", "must be at most 1000"));
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            return Err(SpecError::new("backoff.jitter", "must be between 0 and 1"));
        }
        Ok(())
    }
}

/// When an instance loses our trust: resilience4j's states and rates, Envoy's growing ejection time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSpec {
    /// This many sick jobs in a row open it; 0 switches the whole breaker off.
    pub failures: u32,
    /// Over how many of the last jobs shares are counted; 0 counts none.
    pub window: u32,
    /// Below this many jobs in the window nobody can tell; never more than `window` counts.
    pub min_calls: u32,
    /// This share of sick jobs opens it, in percent.
    pub failure_rate: u8,
    /// A job whose turns take longer is slow; none is if absent.
    pub slow: Option<Duration>,
    /// This share of slow jobs opens it, in percent.
    pub slow_rate: u8,
    /// How many jobs are tried, one after the other, before trust is decided anew; at least 1.
    pub probes: u32,
    /// How long it stays open the first time; each further time doubles it.
    pub open: Duration,
    /// The longest it stays open.
    pub open_max: Duration,
}

impl Default for BreakerSpec {
    fn default() -> Self {
        Self {
            failures: 3,
            window: 20,
            min_calls: 5,
            failure_rate: 50,
            slow: None,
            slow_rate: 100,
            probes: 1,
            open: Duration::from_secs(30),
            open_max: Duration::from_secs(600),
        }
    }
}

impl BreakerSpec {
    pub(super) fn validate(&self) -> Result<(), SpecError> {
        for (field, percent) in
            [("breaker.failure_rate", self.failure_rate), ("breaker.slow_rate", self.slow_rate)]
        {
            if !(1..=100).contains(&percent) {
                return Err(SpecError::new(field, "must be between 1 and 100 percent"));
            }
        }
        if self.probes == 0 {
            return Err(SpecError::new("breaker.probes", "must be at least 1, or trust could never return"));
        }
        Ok(())
    }
}

/// How long a usage limit holds an account whose tool does not say when the limit is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoldSpec {
    /// The first time; each further time in a row doubles it.
    pub min: Duration,
    /// The longest.
    pub max: Duration,
    /// 0.0 to 1.0: up to this share of itself is added, so that not everybody comes back at once; never more than a
    /// minute.
    pub jitter: f64,
}

impl Default for HoldSpec {
    fn default() -> Self {
        Self { min: Duration::from_secs(60), max: Duration::from_secs(3600), jitter: 0.1 }
    }
}

impl HoldSpec {
    pub(super) fn validate(&self) -> Result<(), SpecError> {
        if self.max < self.min {
            return Err(SpecError::new("hold.max", "must not be less than hold.min"));
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            return Err(SpecError::new("hold.jitter", "must be between 0 and 1"));
        }
        Ok(())
    }
}

/// How a running turn is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cancel {
    /// It cannot be: the instance is stopped and started again.
    #[default]
    Restart,
    /// One SIGINT to the process itself, never a second one within [`Cancel::DEBOUNCE`]; the turn then ends by its
    /// own rule.
    Interrupt,
    /// A message of the tool's protocol; the turn then ends by its own rule.
    Message,
}

impl Cancel {
    /// Some tools exit on a second SIGINT within two seconds of the first.
    pub const DEBOUNCE: Duration = Duration::from_millis(2500);
}

/// What is done about a turn in which nothing moves any more: no output, no processor time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStall {
    /// It is shown. A slow model and a hang look alike.
    #[default]
    Show,
    /// The turn ends as timed out, and the instance is replaced.
    Kill,
}

/// How an instance is stopped: its own word or the end of its input, then SIGTERM and SIGCONT, then SIGKILL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shutdown {
    /// SIGKILL to the group at once.
    Kill,
    /// The ladder.
    After {
        /// The tool's own quit command; the end of its input if absent.
        say: Option<String>,
        /// From there to SIGTERM.
        quit: Duration,
        /// From SIGTERM to SIGKILL.
        term: Duration,
    },
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::After { say: None, quit: Duration::from_secs(2), term: Duration::from_secs(5) }
    }
}
