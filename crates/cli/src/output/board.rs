//! What each instance does, a row each, on a terminal.

use super::fit::{fit, pad};
use super::paint::Paint;
use super::sanitize;
use super::talk::WIDTH;
use pool_core::supervisor::{InstanceState, InstanceStatus};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// How much of a tool's name is shown.
const NAME: usize = 16;

/// Narrower than this, the tool's name is left out.
const NARROW: usize = 60;

/// What instances do, in the order of their slots.
pub(super) struct Board<'a> {
    instances: Vec<&'a InstanceStatus>,
    /// What the user calls the job of one. To find out may take a while: it is asked only for what is shown.
    job: &'a dyn Fn(&InstanceStatus) -> Option<String>,
}

#[derive(Debug)]
struct Seen {
    slot: u32,
    tool: String,
    state: InstanceState,
    lasting: Duration,
    /// Its job, or what the state rests on.
    what: String,
}

impl<'a> Board<'a> {
    /// What each does now.
    pub(super) fn new(
        instances: &'a [InstanceStatus],
        job: &'a dyn Fn(&InstanceStatus) -> Option<String>,
    ) -> Self {
        let mut instances: Vec<_> = instances.iter().collect();
        instances.sort_by_key(|status| status.index.0);
        Self { instances, job }
    }

    /// A row for each instance, `most` at most; each fits into so many columns. If there is no room for all, those that
    /// somebody should look at come first.
    pub(super) fn rows(&self, columns: usize, most: usize, paint: Paint) -> Vec<String> {
        let mut shown = self.instances.clone();
        let more = if shown.len() > most { shown.len() + 1 - most.max(1) } else { 0 };
        if more > 0 {
            shown.sort_by_key(|status| matters(status.state));
            shown.truncate(shown.len() - more);
            shown.sort_by_key(|status| status.index.0);
        }
        let shown: Vec<Seen> =
            shown.into_iter().map(|status| Seen::new(status, (self.job)(status))).collect();
        let number = shown.last().map_or(1, |seen| seen.slot.to_string().len());
        let name = shown.iter().map(|seen| seen.tool.width()).max().unwrap_or(0);
        let name = if columns < NARROW { None } else { Some(name) };
        let mut rows: Vec<String> = shown.iter().map(|seen| seen.row(columns, number, name, paint)).collect();
        if more > 0 {
            rows.push(paint.dim(&fit(&format!("  and {more} more"), columns)));
        }
        rows
    }
}

impl Seen {
    fn new(status: &InstanceStatus, job: Option<String>) -> Self {
        let evidence = || sanitize::line(&status.evidence, WIDTH);
        let what = match (job, tells(status.state)) {
            (Some(job), Tells::Job) => job,
            (Some(job), Tells::All) => format!("{job}: {}", evidence()),
            (None, Tells::All) => evidence(),
            (None, Tells::Job) | (_, Tells::Nothing) => String::new(),
        };
        let tool = fit(&sanitize::line(&status.tool_id, NAME), NAME);
        let lasting = Duration::from_millis(status.for_ms);
        Self { slot: status.index.0, tool, state: status.state, lasting, what }
    }

    /// With its number and its tool's name so wide, if that is shown.
    fn row(&self, columns: usize, number: usize, name: Option<usize>, paint: Paint) -> String {
        let tool = name.map(|name| pad(&self.tool, name + 1)).unwrap_or_default();
        let (state, lasting) = (word(self.state), clock(self.lasting));
        let row = format!("  {:>number$} {tool}{state:<11} {lasting:>5}  {}", self.slot, self.what);
        painted(&fit(row.trim_end(), columns), matters(self.state), paint)
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
        S::Starting | S::Warming | S::Working | S::Throttled | S::Limited | S::Attached => Matters::Normally,
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
