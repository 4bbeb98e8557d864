//! A time of day or a date, in a tool's words, as a time from now.

use jiff::civil::{DateTime, Time};
use jiff::{Timestamp, ToSpan, Zoned};
use std::time::Duration;

/// How far away the time is that `text` names, at `now`; nothing if it is not understood. What has passed is zero away.
///
/// Understood are seconds and milliseconds since 1970 (`1753452000`), dates with a time
/// (`2026-11-21T15:00:00Z`, `2026-11-21 15:00`), and times of day (`15:04`, `3pm`, `3:30 PM`), which are today or
/// tomorrow. What names no zone is in the zone of `now`.
#[must_use]
pub fn away(text: &str, now: &Zoned) -> Option<Duration> {
    let text = text.trim();
    let at = since_1970(text)
        .or_else(|| text.parse().ok())
        .or_else(|| date(text, now))
        .or_else(|| time_of_day(text, now))?;
    Some(Duration::try_from(at.duration_since(now.timestamp())).unwrap_or_default())
}

fn since_1970(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    // What is smaller is no time that a tool would name.
    if number < 1_000_000_000 {
        return None;
    }
    let millis = if number < 100_000_000_000 { number.checked_mul(1000)? } else { number };
    Timestamp::from_millisecond(millis).ok()
}

fn date(text: &str, now: &Zoned) -> Option<Timestamp> {
    let date: DateTime = text.parse().ok()?;
    // A time of day alone is no date.
    if !text.contains('-') {
        return None;
    }
    date.to_zoned(now.time_zone().clone()).ok().map(|zoned| zoned.timestamp())
}

fn time_of_day(text: &str, now: &Zoned) -> Option<Timestamp> {
    let time = clock_time(&text.to_ascii_lowercase())?;
    let today = now.with().time(time).build().ok()?;
    let next = if today < *now { today.checked_add(1.day()).ok()? } else { today };
    Some(next.timestamp())
}

/// `15:04`, `15:04:05`, `3pm`, `3:30 pm`.
fn clock_time(text: &str) -> Option<Time> {
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (text, None),
    };
    let mut parts = digits.trim().split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) =
        (parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?);
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
        // A bare number could be anything.
        None if !digits.contains(':') => return None,
        None => hour,
    };
    parts.next().is_none().then(|| Time::new(hour, minute, second, 0).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_a_tools_words() {
        let now: Zoned = "2026-11-21T14:00:00+01:00[+01:00]".parse().expect("a time");
        let seconds = |text: &str| away(text, &now).map(|away| away.as_secs());
        let table = [
            ("3pm", Some(3600)),
            ("3 PM", Some(3600)),
            ("3:30 pm", Some(5400)),
            ("12am", Some(10 * 3600)),
            ("12pm", Some(22 * 3600)),
            ("15:04", Some(3840)),
            (" 15:04:10 ", Some(3850)),
            ("14:00", Some(0)),
            ("13:59", Some(24 * 3600 - 60)),
            ("2026-11-21T15:00:00Z", Some(7200)),
            ("2026-11-21 15:00", Some(3600)),
            ("2026-11-20 15:00", Some(0)),
            ("1795269600", Some(3600)),
            ("1795269600000", Some(3600)),
            ("1700000000", Some(0)),
            ("0", None),
            ("15", None),
            ("13pm", None),
            ("0am", None),
            ("25:00", None),
            ("15:04:05:06", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }
}
