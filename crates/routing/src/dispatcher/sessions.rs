//! Which conversation lives where.

use super::lane::Lane;
use pool_core::message::{Generation, SessionKey, SlotId};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

/// How many ended sessions are remembered, so that the next job of one hears that its context is lost.
const REMEMBERED: usize = 65_536;

/// Names a session as long as it is in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sid(u32);

/// What is left of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Nothing has been said yet.
    Fresh,
    /// It lives in this life of its slot.
    Lives(Generation),
    /// It is gone.
    Lost,
}

impl Context {
    /// Whether a job in this life of the slot misses what was said before.
    pub(super) fn is_lost_in(self, generation: Generation) -> bool {
        match self {
            Self::Fresh => false,
            Self::Lives(in_generation) => in_generation != generation,
            Self::Lost => true,
        }
    }
}

/// A conversation that is kept.
#[derive(Debug)]
pub(super) struct Session<J> {
    pub(super) key: SessionKey,
    /// Where it lives; nowhere until its first job, the *opener*, which waits among the jobs without a session, is
    /// placed. Until then the others wait here.
    pub(super) slot: Option<SlotId>,
    pub(super) waiting: Lane<J>,
    pub(super) context: Context,
    /// How many of its jobs wait or run.
    jobs: u32,
    /// Since when there are none.
    idle: Option<Instant>,
}

/// All sessions. Those with a slot but without a job are also in `idle`, longest idle first.
#[derive(Debug)]
pub(super) struct Sessions<J> {
    table: Vec<Option<Session<J>>>,
    free: Vec<Sid>,
    by_key: HashMap<SessionKey, Sid>,
    idle: BTreeSet<(Instant, Sid)>,
    ended: Ended,
}

impl<J> Default for Sessions<J> {
    fn default() -> Self {
        Self {
            table: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            idle: BTreeSet::new(),
            ended: Ended::default(),
        }
    }
}

impl<J> Sessions<J> {
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn find(&self, key: &SessionKey) -> Option<Sid> {
        self.by_key.get(key).copied()
    }

    pub(super) fn get(&self, sid: Sid) -> Option<&Session<J>> {
        self.table.get(sid.0 as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, sid: Sid) -> Option<&mut Session<J>> {
        self.table.get_mut(sid.0 as usize)?.as_mut()
    }

    /// A new session, which remembers whether one of its name has ended.
    pub(super) fn open(&mut self, key: &SessionKey, slot: Option<SlotId>) -> Sid {
        let context = if self.ended.forget(key) { Context::Lost } else { Context::Fresh };
        let session =
            Session { key: key.clone(), slot, waiting: Lane::default(), context, jobs: 0, idle: None };
        let sid = self.free.pop().unwrap_or_else(|| {
            self.table.push(None);
            Sid(u32::try_from(self.table.len() - 1).unwrap_or(u32::MAX))
        });
        self.table[sid.0 as usize] = Some(session);
        self.by_key.insert(key.clone(), sid);
        sid
    }

    /// One more of its jobs waits or runs.
    pub(super) fn engage(&mut self, sid: Sid) {
        let Some(session) = self.table.get_mut(sid.0 as usize).and_then(Option::as_mut) else { return };
        session.jobs += 1;
        if let Some(since) = session.idle.take() {
            self.idle.remove(&(since, sid));
        }
    }

    /// One of its jobs less waits or runs. Without any, a session that lives somewhere is idle from `now` on, and one
    /// that never came to live is dropped.
    pub(super) fn release(&mut self, sid: Sid, now: Instant) {
        let Some(session) = self.table.get_mut(sid.0 as usize).and_then(Option::as_mut) else { return };
        session.jobs = session.jobs.saturating_sub(1);
        if session.jobs > 0 {
            return;
        }
        if session.slot.is_some() {
            session.idle = Some(now);
            self.idle.insert((now, sid));
        } else {
            self.end(sid);
        }
    }

    /// Takes a session out of the table. If its conversation had begun, its name is remembered.
    pub(super) fn end(&mut self, sid: Sid) -> Option<Session<J>> {
        let session = self.table.get_mut(sid.0 as usize)?.take()?;
        self.by_key.remove(&session.key);
        self.free.push(sid);
        if let Some(since) = session.idle {
            self.idle.remove(&(since, sid));
        }
        if session.context != Context::Fresh {
            self.ended.remember(session.key.clone());
        }
        Some(session)
    }

    /// The next job of this name begins afresh, and knows it.
    pub(super) fn forget(&mut self, key: &SessionKey) {
        self.ended.forget(key);
    }

    /// The session that has been idle longest, and since when.
    pub(super) fn longest_idle(&self) -> Option<(Instant, Sid)> {
        self.idle.first().copied()
    }

    /// The idle sessions, longest idle first.
    pub(super) fn idle(&self) -> impl Iterator<Item = (Sid, SlotId)> + '_ {
        self.idle.iter().filter_map(|&(_, sid)| Some((sid, self.get(sid)?.slot?)))
    }

    /// All there are. For rare occasions.
    pub(super) fn all(&self) -> Vec<Sid> {
        let mut sids: Vec<_> = self.by_key.values().copied().collect();
        sids.sort_unstable();
        sids
    }
}

/// Names of sessions that have ended, the newest [`REMEMBERED`] of them.
#[derive(Debug, Default)]
struct Ended {
    stamps: HashMap<SessionKey, u64>,
    order: VecDeque<(SessionKey, u64)>,
    next: u64,
}

impl Ended {
    fn remember(&mut self, key: SessionKey) {
        self.next += 1;
        self.stamps.insert(key.clone(), self.next);
        self.order.push_back((key, self.next));
        if self.order.len() > REMEMBERED
            && let Some((oldest, stamp)) = self.order.pop_front()
            // It may have been forgotten and remembered again since.
            && self.stamps.get(&oldest) == Some(&stamp)
        {
            self.stamps.remove(&oldest);
        }
    }

    fn forget(&mut self, key: &SessionKey) -> bool {
        !self.stamps.is_empty() && self.stamps.remove(key).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> SessionKey {
        SessionKey::Named(format!("session {number}").into())
    }

    #[test]
    fn ended_sessions_are_remembered_once_and_within_bounds() {
        let mut ended = Ended::default();
        ended.remember(key(0));
        assert!(ended.forget(&key(0)));
        assert!(!ended.forget(&key(0)));
        ended.remember(key(0));
        (1..REMEMBERED).for_each(|number| ended.remember(key(number)));
        assert!(ended.stamps.contains_key(&key(0)), "the older stamp was pushed out, not the newer one");
        ended.remember(key(REMEMBERED));
        assert!(!ended.forget(&key(0)));
        assert_eq!((ended.order.len(), ended.stamps.len()), (REMEMBERED, REMEMBERED));
    }
}
