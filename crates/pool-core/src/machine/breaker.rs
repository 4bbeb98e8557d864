//! Trust in one instance: closed, open, half-open, as resilience4j names them and moves between them.
//!
//! ```text
//!            so many sick in a row, or too large a share sick or slow
//!   Closed ──────────────────────────────────────────────────────────▶ Open
//!     ▲                                                               │  ▲
//!     │ few enough of the probes sick or slow            its time is up│  │ too many
//!     └────────────────────────── HalfOpen ◀───────────────────────────┘  │
//!                                     └───────────────────────────────────┘
//! ```
//!
//! The breaker never touches a job. It sees outcomes and says whether the next credit may be issued; half-open is
//! "issue one credit and look". An outcome that says nothing about the instance leaves everything as it is, and gives
//! a probe's permit back. `failures = 0` switches the breaker off.

mod calls;
#[cfg(test)]
mod tests;

use super::later;
use crate::message::Outcome;
use crate::spec::BreakerSpec;
use calls::{Call, Calls};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// Trust in one instance.
#[derive(Debug)]
pub struct Breaker {
    spec: BreakerSpec,
    state: State,
    /// How often it has opened since it was last trusted.
    opened: u32,
    change: Option<Change>,
}

#[derive(Debug)]
enum State {
    Closed { calls: Calls, sick_in_a_row: u32 },
    Open { until: Instant },
    HalfOpen { out: u32, calls: Calls },
}

/// Whether the next credit may be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Yes. In half-open this takes one of the permits, until [`Breaker::judge`] or [`Breaker::release`].
    Granted,
    /// No; ask again then.
    NotBefore(Instant),
    /// No: every probe is out. The end of one decides, or gives its permit back.
    AllOut,
}

/// What a breaker is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Trusted.
    Closed,
    /// Not trusted.
    Open,
    /// On trial.
    HalfOpen,
}

/// A move from one state to another, told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// From here.
    pub from: Trust,
    /// To here.
    pub to: Trust,
    /// Because of this.
    pub why: Why,
}

/// Why trust changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// So many sick jobs in a row.
    InARow(u32),
    /// So many of so many jobs were sick.
    Sick(u32, u32),
    /// So many of so many jobs were slow.
    Slow(u32, u32),
    /// It has been open for as long as it had to be.
    Waited,
    /// Its probes went well enough.
    Probed,
}

impl Breaker {
    /// A trusted instance.
    #[must_use]
    pub fn new(spec: BreakerSpec) -> Self {
        Self { spec, state: closed(&spec), opened: 0, change: None }
    }

    /// What it is doing.
    #[must_use]
    pub const fn trust(&self) -> Trust {
        match self.state {
            State::Closed { .. } => Trust::Closed,
            State::Open { .. } => Trust::Open,
            State::HalfOpen { .. } => Trust::HalfOpen,
        }
    }

    /// The change since the last call, if there was one. An input makes at most one.
    pub const fn poll_change(&mut self) -> Option<Change> {
        self.change.take()
    }

    /// Whether a credit may be issued. Moves from open to half-open.
    pub fn permit(&mut self, now: Instant) -> Permit {
        match &mut self.state {
            State::Closed { .. } => Permit::Granted,
            State::Open { until } if now < *until => Permit::NotBefore(*until),
            // ## Open => HalfOpen
            State::Open { .. } => {
                let calls = Calls::new(self.spec.probes.max(1));
                self.go(State::HalfOpen { out: 1, calls }, Why::Waited);
                Permit::Granted
            }
            State::HalfOpen { out, calls } if *out + calls.len() < self.spec.probes.max(1) => {
                *out += 1;
                Permit::Granted
            }
            State::HalfOpen { .. } => Permit::AllOut,
        }
    }

    /// A permit comes back unused: its credit was revoked, dropped or lost.
    pub const fn release(&mut self) {
        if let State::HalfOpen { out, .. } = &mut self.state {
            *out = out.saturating_sub(1);
        }
    }

    /// A job has ended, whose turns took this long.
    pub fn judge(&mut self, outcome: Outcome, turn: Duration, now: Instant) {
        if self.spec.failures == 0 {
            return;
        }
        let Some(call) = self.call(outcome, turn) else { return self.release() };
        match &mut self.state {
            // ## Closed => (Closed | Open)
            State::Closed { calls, sick_in_a_row } => {
                calls.push(call);
                *sick_in_a_row = if call.sick { *sick_in_a_row + 1 } else { 0 };
                let in_a_row = (*sick_in_a_row >= self.spec.failures).then_some(Why::InARow(*sick_in_a_row));
                let minimum = self.spec.min_calls.min(self.spec.window).max(1);
                if let Some(why) = in_a_row.or_else(|| calls.verdict(minimum, &self.spec)) {
                    self.open(why, now);
                }
            }
            // ## HalfOpen => (HalfOpen | Open | Closed)
            State::HalfOpen { out, calls } if *out > 0 => {
                *out -= 1;
                calls.push(call);
                let probes = self.spec.probes.max(1);
                match calls.verdict(probes, &self.spec) {
                    Some(why) => self.open(why, now),
                    None if calls.len() < probes => {}
                    None => {
                        self.opened = 0;
                        self.go(closed(&self.spec), Why::Probed);
                    }
                }
            }
            // Began before the breaker opened: too late to change its mind.
            State::HalfOpen { .. } | State::Open { .. } => {}
        }
    }

    /// The newest sick job turned out to be to blame itself: it says nothing about the instance. One that has lost our
    /// trust meanwhile has to win it back like any other.
    pub fn forgive(&mut self) {
        if let State::Closed { calls, sick_in_a_row } = &mut self.state {
            calls.forgive();
            *sick_in_a_row = sick_in_a_row.saturating_sub(1);
        }
    }

    /// What the end of a job says about the instance, if anything.
    fn call(&self, outcome: Outcome, turn: Duration) -> Option<Call> {
        let sick = outcome.is_sickness();
        let tells = sick || matches!(outcome, Outcome::Ok | Outcome::Error);
        tells.then(|| Call { sick, slow: self.spec.slow.is_some_and(|slow| turn > slow) })
    }

    fn open(&mut self, why: Why, now: Instant) {
        let factor = 1_u32 << self.opened.min(16);
        self.opened += 1;
        let until = later(now, self.spec.open.saturating_mul(factor).min(self.spec.open_max));
        self.go(State::Open { until }, why);
    }

    fn go(&mut self, state: State, why: Why) {
        let from = self.trust();
        self.state = state;
        self.change = Some(Change { from, to: self.trust(), why });
    }
}

fn closed(spec: &BreakerSpec) -> State {
    State::Closed { calls: Calls::new(spec.window), sick_in_a_row: 0 }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InARow(jobs) => write!(f, "{jobs} sick jobs in a row"),
            Self::Sick(jobs, of) => write!(f, "{jobs} of {of} jobs sick"),
            Self::Slow(jobs, of) => write!(f, "{jobs} of {of} jobs slow"),
            Self::Waited => f.write_str("it has waited long enough"),
            Self::Probed => f.write_str("it works again"),
        }
    }
}
