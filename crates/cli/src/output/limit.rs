//! Usage limits in words.

use super::sanitize;
use jiff::Zoned;
use pool_core::supervisor::HoldStatus;
use std::time::{Duration, Instant};

/// How much of a tool's own words is shown.
const WIDTH: usize = 160;

/// What is new about a usage limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LimitNews {
    /// It begins.
    Begins(HoldStatus),
    /// It lasts longer than was thought.
    GoesOn(HoldStatus),
    /// It is over.
    Over(HoldStatus),
}

impl LimitNews {
    /// One line, at this time; `waiting` jobs have not begun.
    pub(super) fn text(&self, waiting: u64, now: Instant, wall: &Zoned) -> String {
        match self {
            Self::Begins(hold) => limited(hold, "limited", now, wall) + &wait(waiting),
            Self::GoesOn(hold) => limited(hold, "still limited,", now, wall) + &wait(waiting),
            Self::Over(hold) => {
                let lasted = span(now.saturating_duration_since(hold.since));
                format!("the limit of {} is over, after {lasted}", hold.tools.join(" and "))
            }
        }
    }
}

/// Why a limit ended the run.
pub(super) fn too_long(hold: &HoldStatus, now: Instant, wall: &Zoned) -> String {
    let limited = limited(hold, "limited", now, wall);
    format!("{limited}; a run waits for 12 h at most: run what is left later, or use --on-limit fail")
}

/// `aider is limited until 14:05 (in 12 min): 429, try again later`.
fn limited(hold: &HoldStatus, word: &str, now: Instant, wall: &Zoned) -> String {
    let left = hold.until.saturating_duration_since(now);
    let is = if hold.tools.len() == 1 { "is" } else { "are" };
    let (who, reason) = (hold.tools.join(" and "), sanitize::line(&hold.reason, WIDTH));
    format!("{who} {is} {word} until {} (in {}): {reason}", time(left, wall), span(left))
}

fn wait(waiting: u64) -> String {
    match waiting {
        0 => String::new(),
        1 => "; 1 job waits".to_owned(),
        waiting => format!("; {waiting} jobs wait"),
    }
}

/// The time of day after this time; with the date if that is another day.
fn time(left: Duration, wall: &Zoned) -> String {
    let Ok(at) = wall.checked_add(left) else { return "later".to_owned() };
    let shape = if at.date() == wall.date() { "%H:%M" } else { "%a %d %b %H:%M" };
    at.strftime(shape).to_string()
}

/// `45 s`, `12 min`, `3 h 20 min`; rounded up, so that nobody comes too early.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes) {
        (0..=99, _) => format!("{seconds} s"),
        (_, 0..=99) => format!("{minutes} min"),
        (_, minutes) if minutes % 60 == 0 => format!("{} h", minutes / 60),
        (_, minutes) => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do, and only the clock makes one")]
    fn limits_in_words() {
        let now = Instant::now();
        let wall: Zoned = "2026-11-21T13:53:00+01:00[+01:00]".parse().unwrap();
        let hold = |seconds: u64| HoldStatus {
            account: "team".into(),
            tools: vec!["aider".into()],
            since: now,
            until: now + Duration::from_secs(seconds),
            reason: "429: \u{1b}[31mslow down".into(),
        };
        let mut both = hold(12 * 60);
        both.tools.push("codex".into());
        let said = [
            LimitNews::Begins(both).text(3, now, &wall),
            LimitNews::Begins(hold(30)).text(1, now, &wall),
            LimitNews::GoesOn(hold(5 * 3600 + 60)).text(0, now, &wall),
            LimitNews::Over(hold(60)).text(3, now + Duration::from_secs(61), &wall),
            too_long(&hold(20 * 3600), now, &wall),
        ];
        insta::assert_snapshot!(said.join("\n"), @r"
        aider and codex are limited until 14:05 (in 12 min): 429: \u{1b}[31mslow down; 3 jobs wait
        aider is limited until 13:53 (in 30 s): 429: \u{1b}[31mslow down; 1 job waits
        aider is still limited, until 18:54 (in 5 h 1 min): 429: \u{1b}[31mslow down
        the limit of aider is over, after 61 s
        aider is limited until Sun 22 Nov 09:53 (in 20 h): 429: \u{1b}[31mslow down; a run waits for 12 h at most: run what is left later, or use --on-limit fail
        ");
    }
}
