//! The wall clock, read here: for the record and for people, never for a decision.

use jiff::{RoundMode, Timestamp, TimestampRound, Unit, Zoned};

/// The time of day, to the microsecond.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that may; results carry the time of day")]
pub fn wall() -> Timestamp {
    let now = Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
    let micros = TimestampRound::new().smallest(Unit::Microsecond).mode(RoundMode::Trunc);
    now.round(micros).unwrap_or(now)
}

/// The time of day where the user is.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that may; people are told when a wait is over")]
pub fn local() -> Zoned {
    Zoned::now()
}
