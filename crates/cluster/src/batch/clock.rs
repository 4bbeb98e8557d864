//! The wall clock, read here and nowhere else: for the record, never for a decision.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

/// The time of day, to the microsecond.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that may; results carry the time of day")]
pub fn wall() -> Timestamp {
    let now = Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
    let micros = TimestampRound::new().smallest(Unit::Microsecond).mode(RoundMode::Trunc);
    now.round(micros).unwrap_or(now)
}
