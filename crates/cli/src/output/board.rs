//! What each instance does, a row each, on a terminal.

use super::fit::{fit, pad};
use super::paint::Paint;
use super::sanitize;
use pool_core::supervisor::{InstanceState, InstanceStatus};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthStr;

/// How much of a tool's name is shown.
const NAME: usize = 16;

/// Narrower than this, the tool's name is left out.
const NARROW: usize = 60;

/// What instances were seen to do last.
#[derive(Debug, Default)]
pub(super) struct Board {
    instances: BTreeMap<u32, Seen>,
}

#[derive(Debug)]
struct Seen {
    state: InstanceState,
    since: Instant,
    tool: String,
    /// Its job, or what the state rests on.
    what: String,
}

impl Board {
    /// An instance has become something else; `job` is what the user calls its job.
    pub(super) fn changed(&mut self, status: &InstanceStatus, job: Option<&str>, now: Instant) {
        let what = match (job, tells(status.state)) {
            (Some(job), Tells::Job) => job.to_owned(),
            (Some(job), Tells::All) => format!("{job}: {}", sanitize::line(&status.evidence, 200)),
            (None, Tells::All) => sanitize::line(&status.evidence, 200),
            _ => String::new(),
        };
        let since = now.checked_sub(Duration::from_millis(status.for_ms)).unwrap_or(now);
        let tool = fit(&sanitize::line(&status.tool_id, NAME), NAME);
        let seen = Seen { state: status.state, since, tool, what };
        self.instances.insert(status.index.0, seen);
    }

    /// A row for each instance, `most` at most; each fits into so many columns. If there is no room for all, those that
    /// somebody should look at come first.
    pub(super) fn rows(&self, columns: usize, most: usize, paint: Paint, now: Instant) -> Vec<String> {
        let mut shown: Vec<(&u32, &Seen)> = self.instances.iter().collect();
        let more = if shown.len() > most { shown.len() + 1 - most.max(1) } else { 0 };
        if more > 0 {
            shown.sort_by_key(|(_, seen)| matters(seen.state));
            shown.truncate(shown.len() - more);
            shown.sort_by_key(|(slot, _)| **slot);
        }
        let number = self.instances.keys().last().map_or(1, |slot| slot.to_string().len());
        let name = self.instances.values().map(|seen| seen.tool.width()).max().unwrap_or(0);
        let row = |(slot, seen): (&u32, &Seen)| {
            let mut row = format!("  {slot:>number$} ");
            if columns >= NARROW {
                row += &pad(&seen.tool, name + 1);
            }
            let time = clock(now.saturating_duration_since(seen.since));
            row += &format!("{:<11} {time:>5}  {}", word(seen.state), seen.what);
            painted(&fit(row.trim_end(), columns), matters(seen.state), paint)
        };
        let mut rows: Vec<String> = shown.into_iter().map(row).collect();
        if more > 0 {
            rows.push(paint.dim(&fit(&format!("  and {more} more"), columns)));
        }
        rows
    }
}

/// How much somebody should look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Matters {
    /// It does not go on.
    Much,
    /// It works, or will.
    Normally,
    /// Nothing to see.
    Little,
}

const fn matters(state: InstanceState) -> Matters {
    use InstanceState as S;
    match state {
        S::NeedsInput | S::Stalled | S::Open | S::BackingOff | S::Failed => Matters::Much,
        S::Starting | S::Warming | S::Working | S::Throttled | S::Limited => Matters::Normally,
        S::Waiting | S::Ready | S::Draining | S::Gone => Matters::Little,
    }
}

/// What is worth telling of an instance in a state.
enum Tells {
    Job,
    /// Its job and what the state rests on.
    All,
    Nothing,
}

const fn tells(state: InstanceState) -> Tells {
    match state {
        InstanceState::Working => Tells::Job,
        InstanceState::Limited | InstanceState::Throttled => Tells::All,
        _ => match matters(state) {
            Matters::Much => Tells::All,
            Matters::Normally | Matters::Little => Tells::Nothing,
        },
    }
}

/// The state in words.
fn word(state: InstanceState) -> String {
    let word = serde_json::to_value(state).unwrap_or_default();
    word.as_str().unwrap_or_default().replace('_', " ")
}

fn painted(row: &str, matters: Matters, paint: Paint) -> String {
    match matters {
        Matters::Much => paint.bad(row),
        Matters::Normally => row.to_owned(),
        Matters::Little => paint.dim(row),
    }
}

/// `0:07`, `12:34`, `1:02:03`.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
