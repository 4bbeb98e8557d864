//! Trust in one instance: closed, open, half-open, as resilience4j names them.
//!
//! The breaker never touches a job. It sees outcomes and says whether the next credit may be issued; half-open is
//! "issue one credit and look".

use crate::message::Outcome;
use crate::spec::BreakerSpec;
use std::time::Instant;

/// Trust in one instance.
#[derive(Debug)]
pub struct Breaker {
    spec: BreakerSpec,
    state: State,
    /// How often it has opened since it was last trusted.
    opened: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    HalfOpen,
}

impl Breaker {
    /// A trusted instance.
    #[must_use]
    pub const fn new(spec: BreakerSpec) -> Self {
        Self { spec, state: State::Closed { failures: 0 }, opened: 0 }
    }

    /// A job has ended. Outcomes that say nothing about the instance leave everything as it is.
    pub fn judge(&mut self, outcome: Outcome, now: Instant) {
        let sick = outcome.is_sickness();
        if !sick && !matches!(outcome, Outcome::Ok | Outcome::Error) {
            return;
        }
        self.state = match self.state {
            // ## Closed => (Closed | Open)
            State::Closed { failures } if sick => {
                let failures = failures + 1;
                if self.spec.failures != 0 && failures >= self.spec.failures {
                    self.open(now)
                } else {
                    State::Closed { failures }
                }
            }
            // ## HalfOpen => (Open | Closed)
            State::HalfOpen if sick => self.open(now),
            State::Closed { .. } | State::HalfOpen => {
                self.opened = 0;
                State::Closed { failures: 0 }
            }
            State::Open { until } => State::Open { until },
        };
    }

    /// Whether a credit may be issued; `Err` says when to ask again. Moves from open to half-open.
    ///
    /// # Errors
    /// The time at which the breaker lets one job through.
    pub fn permit(&mut self, now: Instant) -> Result<(), Instant> {
        match self.state {
            State::Open { until } if now < until => Err(until),
            // ## Open => HalfOpen
            State::Open { .. } => {
                self.state = State::HalfOpen;
                Ok(())
            }
            State::Closed { .. } | State::HalfOpen => Ok(()),
        }
    }

    fn open(&mut self, now: Instant) -> State {
        let factor = 1_u32 << self.opened.min(16);
        self.opened += 1;
        State::Open { until: now + self.spec.open.saturating_mul(factor).min(self.spec.open_max) }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a table needs some instant to count from")]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_opens_at_the_threshold_and_doubles() {
        let now = Instant::now();
        let spec = BreakerSpec { failures: 2, ..BreakerSpec::default() };
        let mut breaker = Breaker::new(spec);
        breaker.judge(Outcome::Crashed, now);
        assert_eq!(breaker.permit(now), Ok(()));
        breaker.judge(Outcome::Crashed, now);
        assert_eq!(breaker.permit(now), Err(now + spec.open));
        let later = now + spec.open;
        assert_eq!(breaker.permit(later), Ok(()), "half-open: one job");
        breaker.judge(Outcome::TimedOut, later);
        assert_eq!(breaker.permit(later), Err(later + 2 * spec.open));
        let much_later = later + 2 * spec.open;
        assert_eq!(breaker.permit(much_later), Ok(()));
        breaker.judge(Outcome::Ok, much_later);
        breaker.judge(Outcome::Crashed, much_later);
        assert_eq!(breaker.permit(much_later), Ok(()), "one success closed it and forgot the past");
    }

    #[test]
    fn success_in_between_keeps_it_closed_and_the_rest_says_nothing() {
        let now = Instant::now();
        let mut breaker = Breaker::new(BreakerSpec { failures: 2, ..BreakerSpec::default() });
        for outcome in [Outcome::Crashed, Outcome::Ok, Outcome::Crashed, Outcome::Error, Outcome::Crashed] {
            breaker.judge(outcome, now);
            assert_eq!(breaker.permit(now), Ok(()));
        }
        breaker.judge(Outcome::Cancelled, now);
        breaker.judge(Outcome::Limited, now);
        assert_eq!(breaker.permit(now), Ok(()), "neither counts, neither resets");
        breaker.judge(Outcome::Unframed, now);
        assert!(breaker.permit(now).is_err());
        assert!(breaker.permit(now + Duration::from_secs(30)).is_ok());
    }
}
