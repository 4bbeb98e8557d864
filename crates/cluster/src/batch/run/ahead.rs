//! How far ahead to feed a pool whose jobs are not all for everybody.
//!
//! A job that only some instances may take waits for these. If many of one kind counted like others, they would fill the
//! window, and the other instances would wait along: for hours, where those few are held by a usage limit.

use super::window;
use pool_core::message::{Needs, Offer};
use std::collections::HashMap;
use std::sync::Arc;

/// So many jobs are with the pool at most, unless its instances want more: jobs of one kind that many others of their kind
/// stand in front of are read past so far.
pub const AHEAD: usize = 512;

/// What is with the pool, and whether there is room for more.
#[derive(Debug)]
pub(super) struct Ahead {
    window: usize,
    /// What the instances of each tool are good for, and how many there are.
    offers: Vec<(Offer, usize)>,
    /// How many jobs of each kind are with the pool.
    kinds: HashMap<Kind, usize>,
    /// How many of all jobs count: no more of a kind than its own instances would have the window be.
    counted: usize,
    total: usize,
}

/// Which instances a job waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Needs(Needs),
    /// A conversation: it is on one instance.
    Session(Arc<str>),
}

impl Kind {
    pub(super) fn of(job: &crate::Job) -> Self {
        match job.wanted_session() {
            Some(session) => Self::Session(session.into()),
            None => Self::Needs(job.needed().clone()),
        }
    }
}

impl Ahead {
    /// Of a pool whose jobs are for everybody, for all that is known.
    pub(super) fn new(window: usize) -> Self {
        Self { window, offers: Vec::new(), kinds: HashMap::new(), counted: 0, total: 0 }
    }

    /// The same, where so many instances of each tool are.
    pub(super) fn over(self, offers: Vec<(Offer, usize)>) -> Self {
        Self { offers, ..self }
    }

    /// Whether one more job is wanted.
    pub(super) fn has_room(&self) -> bool {
        self.counted < self.window && self.total < AHEAD.max(self.window)
    }

    pub(super) fn begins(&mut self, kind: &Kind) {
        let share = self.share(kind);
        let count = self.kinds.entry(kind.clone()).or_default();
        *count += 1;
        self.counted += usize::from(*count <= share);
        self.total += 1;
    }

    pub(super) fn ends(&mut self, kind: &Kind) {
        let share = self.share(kind);
        let Some(count) = self.kinds.get_mut(kind) else { return };
        self.counted -= usize::from(*count <= share);
        self.total -= 1;
        *count -= 1;
        if *count == 0 {
            self.kinds.remove(kind);
        }
    }

    /// How many jobs of a kind keep its own instances busy.
    fn share(&self, kind: &Kind) -> usize {
        match kind {
            _ if self.offers.is_empty() => self.window,
            Kind::Needs(Needs::Anything) => self.window,
            Kind::Needs(needs) => {
                let able = self.offers.iter().filter(|(offer, _)| offer.meets(needs));
                window(able.map(|(_, instances)| instances).sum())
            }
            Kind::Session(_) => window(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str) -> Kind {
        Kind::Needs(Needs::Tool(name.into()))
    }

    #[test]
    fn jobs_of_one_kind_leave_room_for_the_others() {
        let anything = Kind::Needs(Needs::Anything);
        let session = Kind::Session("s".into());
        // A pool of three of `a` and one of `b`; all jobs of one kind, and how many are taken.
        for (kind, taken) in [(anything, 8), (tool("a"), AHEAD), (tool("b"), AHEAD), (session, AHEAD)] {
            let mut ahead = Ahead::new(8).over(vec![(Offer::of("a"), 3), (Offer::of("b"), 1)]);
            let begun = (0..).take_while(|_| ahead.has_room().then(|| ahead.begins(&kind)).is_some()).count();
            assert_eq!(begun, taken, "{kind:?}");
        }
        let mut ahead = Ahead::new(8).over(vec![(Offer::of("a"), 3), (Offer::of("b"), 1)]);
        (0..100).for_each(|_| ahead.begins(&tool("b")));
        let begun =
            (0..).take_while(|_| ahead.has_room().then(|| ahead.begins(&tool("a"))).is_some()).count();
        assert_eq!(begun, 6, "as if the others were not there");
        ahead.ends(&tool("b"));
        assert!(!ahead.has_room(), "those behind it take its place");
        (0..98).for_each(|_| ahead.ends(&tool("b")));
        assert!(ahead.has_room(), "only one of `b` is left");
    }

    #[test]
    fn what_began_and_ended_leaves_nothing() {
        let mut ahead = Ahead::new(2).over(vec![(Offer::of("a"), 1)]);
        for _ in 0..5 {
            ahead.begins(&tool("a"));
        }
        for _ in 0..5 {
            ahead.ends(&tool("a"));
        }
        assert_eq!((ahead.counted, ahead.total, ahead.kinds.len()), (0, 0, 0));
    }
}
