//! Durations as people write them: `90s`, `30m`, `1h 30m`, `250ms`.

use jiff::SignedDuration;
use std::time::Duration;

/// Text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duration: write a number with a unit, such as 250ms, 90s, 30m or 1h 30m")]
pub struct BadDuration(pub String);

/// Reads a duration that is longer than nothing. A number needs its unit.
///
/// # Errors
/// [`BadDuration`] for anything else.
pub fn duration(text: &str) -> Result<Duration, BadDuration> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| BadDuration(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_duration() {
        let table = [
            ("90s", Some(90_000)),
            ("30m", Some(1_800_000)),
            ("250ms", Some(250)),
            ("1h 30m", Some(5_400_000)),
            ("1h30m", Some(5_400_000)),
            ("2 hours", Some(7_200_000)),
            ("1.5s", Some(1_500)),
            ("90", None),
            ("0s", None),
            ("-3s", None),
            ("3s ago", None),
            ("", None),
            ("soon", None),
        ];
        for (text, millis) in table {
            assert_eq!(duration(text).ok(), millis.map(Duration::from_millis), "{text:?}");
        }
    }
}
