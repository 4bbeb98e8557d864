//! Why a job went where it went, in full; made only when somebody asks.

use super::{Decision, Why};
use pool_core::message::SlotId;
use std::fmt;

/// How many candidates a line shows; a value has them all.
const SHOWN: usize = 8;

/// A decision, and what it was made from: see [`Dispatcher::explain`](super::Dispatcher::explain).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What was decided.
    pub decision: Decision,
    /// The name of the strategy.
    pub strategy: String,
    /// Every slot that there was to choose from, in slot order. Empty if there was no choice: the job's session lives
    /// on the slot, or the strategy has been dismissed.
    pub considered: Vec<Considered>,
}

/// A slot that a job could have gone to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// The slot.
    pub slot: SlotId,
    /// What it was worth, in the strategy's own words.
    pub score: String,
}

/// One line, such as `job 7 to slot 1, waited 2ms: least_busy, of slot 0 (0 in flight, 9ms busy), slot 1 (…)`.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Decision { job, slot, generation, why, candidates, waited } = self.decision;
        write!(f, "job {} to slot {slot}, life {generation}, waited {waited:.1?}: ", job.0)?;
        match why {
            Why::Session => f.write_str("its session lives there")?,
            Why::Chosen => f.write_str(&self.strategy)?,
            Why::Fallback(misbehaviour) => write!(f, "{misbehaviour}")?,
        }
        for (at, Considered { slot, score }) in self.considered.iter().take(SHOWN).enumerate() {
            f.write_str(if at == 0 { ", of " } else { ", " })?;
            write!(f, "slot {slot} ({score})")?;
        }
        match candidates.saturating_sub(SHOWN) {
            0 => Ok(()),
            _ if self.considered.is_empty() => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
