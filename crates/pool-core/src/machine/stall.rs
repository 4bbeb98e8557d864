//! Is a silent tool at work? The watch over a turn.
//!
//! A slow model and a hang look alike, so neither is killed by default; but they can be told from a tool that works
//! hard without a word. A tool is *stalled* when for a whole limit there was no output, and no processor time was used
//! by it and everything below it. A tool that a signal has stopped is told to go on, once.
//!
//! A look at processes costs something, so it is taken only in silence: at the tool alone first, and at the whole
//! tree only when the tool has been idle for a tenth of the limit. While output comes, a turn costs one assignment.

use super::later;
use crate::process::look::{Depth, Vitals};
use std::time::{Duration, Instant};

/// How long a silence is before the first look, and how far looks are apart.
pub const LOOK: Duration = Duration::from_secs(5);

/// The watch over one turn.
#[derive(Debug)]
pub struct Vigil {
    limit: Duration,
    /// Since when neither output nor processor time has been seen.
    idle_since: Instant,
    next: Next,
    /// Processor time of the tool at the last look.
    tool: Option<u64>,
    /// Processor time of all at the last look at the whole tree.
    all: Option<u64>,
    found: Found,
    /// It has been told to go on.
    continued: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A look is due then.
    At(Instant),
    /// A look is under way.
    Looking(Depth),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Working,
    Stalled,
    Stopped,
}

/// What a look means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Nothing,
    /// It works after all.
    Working,
    /// Neither output nor processor time for this long.
    Stalled(Duration),
    /// A signal has stopped it: tell it to go on.
    Stopped,
    /// It was told to go on, and has been stopped again, or still is.
    StaysStopped,
}

impl Vigil {
    /// The watch over a turn that begins `now`.
    #[must_use]
    pub fn new(limit: Duration, now: Instant) -> Self {
        Self {
            limit,
            idle_since: now,
            next: Next::At(now + Self::first(limit)),
            tool: None,
            all: None,
            found: Found::Working,
            continued: false,
        }
    }

    fn first(limit: Duration) -> Duration {
        LOOK.min(limit / 10)
    }

    /// Output has come.
    pub fn output(&mut self, now: Instant) {
        *self = Self { continued: self.continued, ..Self::new(self.limit, now) };
    }

    /// When [`Vigil::handle_timeout`] is to be called; `None` while a look is under way.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match self.next {
            Next::At(at) => Some(at),
            Next::Looking(_) => None,
        }
    }

    /// When it will count as stalled if nothing happens.
    #[must_use]
    pub fn stalled_at(&self) -> Option<Instant> {
        (self.found != Found::Stalled).then(|| later(self.idle_since, self.limit))
    }

    /// The time is at or past [`Vigil::poll_timeout`]: which look to take. Its answer goes to [`Vigil::looked`].
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Depth> {
        if !matches!(self.next, Next::At(at) if at <= now) {
            return None;
        }
        let idle = now.saturating_duration_since(self.idle_since);
        let wants_tree = self.found == Found::Stalled
            || idle >= self.limit
            || (self.all.is_none() && idle >= self.limit / 10);
        let depth = if wants_tree { Depth::Tree } else { Depth::Tool };
        self.next = Next::Looking(depth);
        Some(depth)
    }

    /// What the look has seen; `None` if nothing could be seen, and silence alone decides.
    pub fn looked(&mut self, vitals: Option<Vitals>, now: Instant) -> Verdict {
        let Next::Looking(depth) = self.next else { return Verdict::Nothing };
        // A first look at the tree has nothing to be compared with.
        let is_whole = depth == Depth::Tree && (vitals.is_none() || self.all.is_some());
        let verdict = match vitals {
            Some(Vitals { stopped: true, .. }) => self.stopped(),
            Some(vitals) if self.has_worked(depth, vitals) => {
                self.idle_since = now;
                self.works()
            }
            _ => self.idle(is_whole, now),
        };
        let next = now + LOOK.min(self.limit.max(Duration::from_millis(1)));
        let due = self.stalled_at().filter(|at| *at > now);
        self.next = Next::At(due.map_or(next, |at| at.min(next)));
        verdict
    }

    /// We were stopped ourselves for so long: it does not count.
    pub fn shift(&mut self, by: Duration) {
        self.idle_since += by;
        if let Next::At(at) = &mut self.next {
            *at += by;
        }
    }

    fn has_worked(&mut self, depth: Depth, vitals: Vitals) -> bool {
        let changed = |was: &mut Option<u64>, is| was.replace(is).is_some_and(|was| was != is);
        let tool = changed(&mut self.tool, vitals.tool);
        // Less than before counts too: a child that nobody waited for takes its time along.
        let all = depth == Depth::Tree && changed(&mut self.all, vitals.all);
        tool || all
    }

    fn works(&mut self) -> Verdict {
        match std::mem::replace(&mut self.found, Found::Working) {
            Found::Working => Verdict::Nothing,
            Found::Stalled | Found::Stopped => Verdict::Working,
        }
    }

    fn idle(&mut self, is_whole: bool, now: Instant) -> Verdict {
        let idle = now.saturating_duration_since(self.idle_since);
        match self.found {
            Found::Working | Found::Stopped if idle >= self.limit && is_whole => {
                self.found = Found::Stalled;
                Verdict::Stalled(idle)
            }
            Found::Stopped => self.works(),
            Found::Working | Found::Stalled => Verdict::Nothing,
        }
    }

    const fn stopped(&mut self) -> Verdict {
        if self.continued {
            return Verdict::StaysStopped;
        }
        self.continued = true;
        self.found = Found::Stopped;
        Verdict::Stopped
    }
}

#[cfg(test)]
mod tests;
