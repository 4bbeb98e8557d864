//! The hold on an account: a usage limit, a quota, a login that has expired. Not sickness, and no instance's fault.
//!
//! ```text
//!         a limit is met             the time is up         one credit for the whole account
//!   Free ────────────────▶ Held ───────────────────▶ Due ───────────────────────────────▶ Trial
//!    ▲                      ▲                          ▲                                    │  │ │
//!    │                      │                          └──── the credit comes back unused ──┘  │ │
//!    │                      └───────── a limit again: held for longer than before ─────────────┘ │
//!    └────────────────────────────── anything else: the account answers ─────────────────────────┘
//! ```
//!
//! While it is not free, no slot of the account gets a credit but the one on trial. A trial whose credit nobody
//! spends moves on to the next slot: the jobs that wait may be bound to other instances, or to another tool.

mod reset;
#[cfg(test)]
mod tests;

pub use reset::away;

use crate::message::{Outcome, SlotId};
use crate::spec::HoldSpec;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the credit of a trial may lie unspent while others wait for it, in the first round.
const PATIENCE: Duration = Duration::from_secs(1);
/// Each round of all slots doubles the patience, so often.
const ROUNDS: u32 = 6;
/// No hold is longer, whatever a tool says: a time that cannot be is a misread one.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 60 * 60);
/// No hold is shorter, or a tool that says "now" would be asked without end.
const SHORTEST: Duration = Duration::from_millis(500);
/// A hold moves only for an end that is later by more than this: whoever else met the same limit tells the same.
const SLACK: Duration = Duration::from_secs(5);
/// The most that jitter adds.
const SPREAD: Duration = Duration::from_secs(60);

/// What holds an account, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// When one instance may try again.
    pub until: Instant,
    /// In the tool's own words.
    pub reason: Arc<str>,
}

/// The hold on one account.
#[derive(Debug)]
pub struct Hold {
    state: State,
    /// Trials in a row that met the limit again.
    in_a_row: u32,
    /// Which slot had the last trial, and how often all had theirs.
    last: SlotId,
    rounds: u32,
    action: Option<HoldAction>,
}

#[derive(Debug)]
enum State {
    Free,
    Held(Limit),
    Due(Limit),
    Trial { limit: Limit, slot: SlotId, patience: Instant },
}

/// What the supervisor has to do for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAction {
    /// Revoke every credit of the account that is out.
    Revoke,
    /// Let every slot of the account ask for its credit again.
    Release,
    /// Revoke the credit of this slot's trial, if another slot waits for one.
    Pass(SlotId),
}

impl Default for Hold {
    fn default() -> Self {
        Self { state: State::Free, in_a_row: 0, last: SlotId(0), rounds: 0, action: None }
    }
}

impl Hold {
    /// What holds the account; nothing if it is free.
    #[must_use]
    pub const fn limit(&self) -> Option<&Limit> {
        match &self.state {
            State::Free => None,
            State::Held(limit) | State::Due(limit) | State::Trial { limit, .. } => Some(limit),
        }
    }

    /// Whether one slot may try now. It is to be offered to the slots of the account, beginning behind
    /// [`Hold::last`].
    #[must_use]
    pub const fn is_due(&self) -> bool {
        matches!(self.state, State::Due(_))
    }

    /// The slot that had the last trial.
    #[must_use]
    pub const fn last(&self) -> SlotId {
        self.last
    }

    /// What is to be done since the last call. An input makes at most one.
    pub const fn poll_action(&mut self) -> Option<HoldAction> {
        self.action.take()
    }

    /// A job on `slot` met a limit, which is over after `reset` if the tool said so. `dice` is uniform in `0.0..1.0`.
    // ## (Free | Held | Trial) => Held
    pub fn limited(
        &mut self,
        slot: SlotId,
        reason: &Arc<str>,
        reset: Option<Duration>,
        spec: &HoldSpec,
        dice: f64,
        now: Instant,
    ) {
        let until = |in_a_row| now + length(reset, in_a_row, spec, dice);
        match &mut self.state {
            State::Free => self.in_a_row = 0,
            State::Trial { slot: on_trial, .. } if *on_trial == slot => self.in_a_row += 1,
            // It was under way when the hold began. What it knows of the end counts, if that is later.
            State::Held(limit) | State::Due(limit) => {
                if reset.is_none_or(|reset| now + reset.min(LONGEST) <= limit.until + SLACK) {
                    return;
                }
            }
            // The trial will tell.
            State::Trial { .. } => return,
        }
        self.state = State::Held(Limit { until: until(self.in_a_row), reason: reason.clone() });
        self.action = Some(HoldAction::Revoke);
    }

    /// A job on `slot` has ended, by a limit or not.
    // ## Trial => (Free | Due | Trial)
    pub fn judge(&mut self, slot: SlotId, outcome: Outcome) {
        let answered =
            matches!(outcome, Outcome::Ok | Outcome::Error | Outcome::Denied | Outcome::ContextFull);
        if !answered {
            self.gave_back(slot);
        } else if matches!(&self.state, State::Trial { slot: on_trial, .. } if *on_trial == slot) {
            self.state = State::Free;
            self.rounds = 0;
            self.action = Some(HoldAction::Release);
        }
    }

    /// The credit of `slot` came back unspent, or its instance has gone.
    // ## Trial => (Due | Trial)
    pub fn gave_back(&mut self, slot: SlotId) {
        if let State::Trial { limit, slot: on_trial, .. } = &self.state
            && *on_trial == slot
        {
            self.state = State::Due(limit.clone());
        }
    }

    /// `slot` takes the trial; false if there is none to take.
    // ## Due => Trial
    pub fn try_on(&mut self, slot: SlotId, now: Instant) -> bool {
        let State::Due(limit) = &self.state else { return false };
        if slot <= self.last {
            self.rounds = (self.rounds + 1).min(ROUNDS);
        }
        let patience = now + PATIENCE.saturating_mul(1 << self.rounds.saturating_sub(1));
        self.last = slot;
        self.state = State::Trial { limit: limit.clone(), slot, patience };
        true
    }

    /// When [`Hold::handle_timeout`] is to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Held(limit) => Some(limit.until),
            State::Trial { patience, .. } => Some(*patience),
            State::Free | State::Due(_) => None,
        }
    }

    /// The time may be at or past [`Hold::poll_timeout`]; `others_wait`: another slot could have the trial.
    // ## Held => Due
    pub fn handle_timeout(&mut self, others_wait: bool, now: Instant) {
        match &mut self.state {
            State::Held(limit) if limit.until <= now => self.state = State::Due(limit.clone()),
            State::Trial { slot, patience, .. } if *patience <= now => {
                // Whether the credit was spent is known to nobody here; if not, others may come to wait later.
                *patience = now + PATIENCE.saturating_mul(1 << ROUNDS);
                if others_wait {
                    self.action = Some(HoldAction::Pass(*slot));
                }
            }
            _ => {}
        }
    }
}

/// How long a hold lasts. What the tool says is believed; each time in a row that it proves wrong doubles it.
fn length(reset: Option<Duration>, in_a_row: u32, spec: &HoldSpec, dice: f64) -> Duration {
    let factor = 1 << in_a_row.min(16);
    let plain = match reset {
        Some(reset) => reset.max(SHORTEST).saturating_mul(factor).min(spec.max.max(reset)),
        None => spec.min.saturating_mul(factor).min(spec.max),
    };
    let plain = plain.min(LONGEST);
    plain + plain.mul_f64(spec.jitter * dice).min(SPREAD)
}
